"""Withdrawing by phone: staff write down the number of who called, the worker acts on it."""

from datetime import timedelta
from uuid import UUID, uuid4

from django.db import transaction

from audit.services import record, record_purge
from consent import gate, selectors
from consent.models import WithdrawalByPhone
from consent.services.choices import withdraw_codes
from core import clock, dispatch, person_keys
from core.numbers import number_index

#: How long it is kept who called for which number: as long as there may be questions about it.
KEPT = timedelta(days=30)


@transaction.atomic
def tell(*, by_ref: UUID, number: str, reason: str) -> UUID:
    """Write down that the holder of a number (E.164) wants everything ended. The web process does
    this; it looks nobody up, so that nothing shows whether the number is known."""
    wish_id, index = uuid4(), number_index(number)
    key = person_keys.current(index)
    wish = WithdrawalByPhone(
        id=wish_id,
        number_index=index,
        number_sealed=key.seal(number, _context(wish_id)),
        key_id=key.id,
        by_ref=by_ref,
        reason=WithdrawalByPhone.Reason(reason),
        told_at=clock.now(),
    )
    wish.save(force_insert=True)
    record(
        event="staff.ended_consents",
        by="operator",
        by_ref=by_ref,
        fields={"account_ref": by_ref, "channel": "phone", "reason": reason},
    )
    dispatch.on_commit("inquiry.tasks.withdraw_by_phone", str(wish_id))
    return wish_id


@transaction.atomic
def act(*, wish_id: UUID) -> WithdrawalByPhone | None:
    """Do it. None when it was done before."""
    if not gate.withdraw_by_operator(wish_id):
        return None
    wish = selectors.withdrawal_by_phone(wish_id)
    withdraw_codes(number_index=bytes(wish.number_index))
    return wish


def address_of(wish: WithdrawalByPhone) -> str | None:
    """The number (E.164); None when its key is gone."""
    key = person_keys.get(wish.key_id)
    return key.unseal(bytes(wish.number_sealed), _context(wish.id)) if key else None


@transaction.atomic
def forget() -> int:
    """Delete who called long ago; how many."""
    gone = WithdrawalByPhone.objects.filter(done_at__lt=clock.now() - KEPT).delete()[0]
    return record_purge(kind="personal_data", rows=gone)


def _context(wish_id: UUID) -> str:
    return f"by-phone:{wish_id}"
