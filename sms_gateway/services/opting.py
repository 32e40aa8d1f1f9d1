"""The ledger of numbers that said STOP, or START after it; and of senders that providers block for
a number, because it said STOP to those.

STOP is for everything, whichever sender it was said to. So the first that is heard of a block
counts as a STOP. A block that is known is no news: whoever said START to another sender meanwhile
gets texts from that one.
"""

from django.db import connection

from core import advisory
from sms_gateway.models import InboundMessage, OptOut, SenderOptOut

# A lock per number, held to the end of the transaction: while somebody opts out or in, nothing of
# that number passes its last check, and the other way round. 0x534D53 keeps it apart from others.
LOCK_SPACE = 0x534D53

UPSERT = """
INSERT INTO sms_gateway_optout (number_index, is_out, since, word, inbound_id)
VALUES (%s, %s, core.now(), %s, %s)
ON CONFLICT (number_index) DO UPDATE
SET is_out = excluded.is_out, word = excluded.word, inbound_id = excluded.inbound_id,
    since = CASE WHEN sms_gateway_optout.is_out = excluded.is_out
                 THEN sms_gateway_optout.since ELSE excluded.since END
"""


BLOCK = """
INSERT INTO sms_gateway_senderoptout (number_index, provider, since, code)
VALUES (%s, %s, core.now(), %s) ON CONFLICT DO NOTHING RETURNING id
"""


def try_hold_still(number_index: bytes) -> bool:
    """Keep the ledger of this number as it is until the transaction ends. False when it is being
    changed this moment. Never waits: a withdrawal waits for nobody, and nobody deadlocks it."""
    return advisory.try_share(LOCK_SPACE, number_index)


def opt_out(*, number_index: bytes, word: str, inbound_id: int | None = None) -> bool:
    """Nothing but answers to START and HELP goes to this number from now on.

    False when that is no news, or when a later text has said START. Without `inbound_id` it is the
    provider that says so, and it counts as said after everything that has come in.
    """
    if inbound_id is None:
        newest = InboundMessage.objects.filter(number_index=number_index).order_by("-id")
        inbound_id = newest.values_list("id", flat=True).first() or 0
    return _say(number_index, word, inbound_id, is_out=True)


def opt_in(*, number_index: bytes, inbound_id: int, provider: str = "") -> bool:
    """Texts go to this number again. False when they did, or when a later text has said STOP.

    `provider`: by which the START came; what it blocked, it does not any more.
    """
    changed = _say(number_index, "START", inbound_id, is_out=False)
    SenderOptOut.objects.filter(number_index=number_index, provider=provider).delete()
    return changed


def is_blocked_by(*, number_index: bytes, provider: str, code: str) -> bool:
    """The provider says that this number said STOP to our sender there. True when that is news:
    then the number is opted out of everything."""
    advisory.lock(LOCK_SPACE, number_index)
    with connection.cursor() as cursor:
        cursor.execute(BLOCK, [number_index, provider, code[:40]])
        is_news = cursor.fetchone() is not None
    if is_news:
        opt_out(number_index=number_index, word=code)
    return is_news


def _say(number_index: bytes, word: str, inbound_id: int, *, is_out: bool) -> bool:
    """Texts may be handled in any order; the one that came last has the last word."""
    advisory.lock(LOCK_SPACE, number_index)
    known = OptOut.objects.filter(number_index=number_index).first()
    if known is not None and known.inbound_id > inbound_id:
        return False
    with connection.cursor() as cursor:
        cursor.execute(UPSERT, [number_index, is_out, word[:40], inbound_id])
    return is_out != (known is not None and known.is_out)
