"""The last look at a text before the mark `sending`, under the lock of its row."""

from collections.abc import Callable
from datetime import timedelta
from enum import Enum, auto
from typing import Final, cast
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import BooleanField, ExpressionWrapper, Q
from django.utils.module_loading import import_string

from sms_gateway import clock, selectors
from sms_gateway.kinds import KEYWORD_REPLIES
from sms_gateway.models import OutboundMessage, Reason, State
from sms_gateway.services import opting


class NotYet(Enum):
    WAIT = auto()  # the log's checkpoint, or a change of the opt-out ledger under way
    BEHIND = auto()  # an earlier text of this number goes first, and starts this one when it has


WAIT: Final = NotYet.WAIT
BEHIND: Final = NotYet.BEHIND

# How long an earlier text may hold back later ones once its own sending has begun or it waits for
# the log: a confirmation of STOP must not wait for a log that cannot be written.
PATIENCE = timedelta(seconds=15)


def verdict(row: OutboundMessage) -> NotYet | Reason | None:
    """None when the text may go; else what to wait for, or why it never goes.

    What the hold guards is locked (by settings.SMS_HOLD) until the caller's transaction ends, so
    nothing is withdrawn between this look and the commit of `sending`. The opt-out ledger comes
    last: from there on nothing here waits for another transaction.
    """
    if _is_over(row):
        return Reason(row.reason) if row.reason else Reason.EXPIRED
    if _is_behind(row):
        return BEHIND
    if row.after_entry is not None and not is_checkpointed(row.after_entry):
        return WAIT
    if row.hold_ref is not None and not _is_upheld(row.hold_ref):
        return Reason.WITHDRAWN
    if row.kind in KEYWORD_REPLIES:
        return None
    if not opting.try_hold_still(bytes(row.number_index)):
        return WAIT
    if selectors.is_opted_out(number_index=bytes(row.number_index)):
        return Reason.OPTED_OUT
    return None


def _is_over(row: OutboundMessage) -> bool:
    return OutboundMessage.objects.filter(id=row.id, expires_at__lte=clock.now()).exists()


def is_checkpointed(entry: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit.checkpointed(%s)", [entry])
        answer = cursor.fetchone()
    return bool(answer and answer[0])


def _is_upheld(hold_ref: UUID) -> bool:
    return cast(Callable[[UUID], bool], import_string(settings.SMS_HOLD))(hold_ref)


def _is_behind(row: OutboundMessage) -> bool:
    """Whether an earlier text of the same number is on its way or due. One that waits for its next
    attempt holds nobody back."""
    patience = clock.after(-PATIENCE)
    earlier = OutboundMessage.objects.filter(number_index=row.number_index, id__lt=row.id).filter(
        Q(state=State.SENDING, sending_at__gt=patience)
        | Q(state=State.QUEUED, due_at__lte=clock.now())
    )
    late = earlier.annotate(is_late=ExpressionWrapper(Q(created_at__lte=patience), BooleanField()))
    for after_entry, is_late in late.values_list("after_entry", "is_late"):
        if after_entry is None or not is_late or is_checkpointed(after_entry):
            return True
    return False
