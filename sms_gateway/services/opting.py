"""The ledger of numbers that said STOP."""

from django.db import connection

from sms_gateway.models import OptOut

# A lock per number, held to the end of the transaction: while somebody opts out or in, nothing of
# that number passes its last check, and the other way round. 0x534D53 keeps it apart from others.
LOCK_SPACE = 0x534D53


def _lock_key(number_index: bytes) -> int:
    return int.from_bytes(number_index[:4], "big", signed=True)


def _lock(number_index: bytes) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, %s)", [LOCK_SPACE, _lock_key(number_index)]
        )


def try_hold_still(number_index: bytes) -> bool:
    """Keep the ledger of this number as it is until the transaction ends. False when it is being
    changed this moment. Never waits: a withdrawal waits for nobody, and nobody deadlocks it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock_shared(%s, %s)",
            [LOCK_SPACE, _lock_key(number_index)],
        )
        row = cursor.fetchone()
    return bool(row and row[0])


def opt_out(*, number_index: bytes, word: str) -> None:
    """Nothing but answers to START and HELP goes to this number from now on."""
    _lock(number_index)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO sms_gateway_optout (number_index, since, word)"
            " VALUES (%s, core.now(), %s) ON CONFLICT (number_index) DO NOTHING",
            [number_index, word[:40]],
        )


def opt_in(*, number_index: bytes) -> None:
    """Texts go to this number again."""
    _lock(number_index)
    OptOut.objects.filter(number_index=number_index).delete()
