"""The last look at a text before the mark `sending`, under the lock of its row."""

from collections.abc import Callable
from datetime import timedelta
from enum import Enum, auto
from typing import Final, cast
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from core import rows
from sms_gateway import selectors
from sms_gateway.kinds import KEYWORD_REPLIES
from sms_gateway.models import OutboundMessage, Reason
from sms_gateway.services import opting


class NotYet(Enum):
    WAIT = auto()  # the log's checkpoint, or a change of the opt-out ledger under way
    BEHIND = auto()  # an earlier text of this number goes first, and starts this one when it has


WAIT: Final = NotYet.WAIT
BEHIND: Final = NotYet.BEHIND

# How long an earlier text may hold back later ones once its own sending has begun or it waits for
# the log: a confirmation of STOP must not wait for a log that cannot be written.
PATIENCE = timedelta(seconds=15)

#: Is its life over? And the texts of the same number before it that are on their way or due: the
#: entries that they wait for, and which of them are late. One that waits for its next attempt holds
#: nobody back.
STANDING = """
SELECT o.expires_at <= core.now(), array_agg(e.after_entry) FILTER (WHERE e.id IS NOT NULL),
       array_agg(e.created_at <= core.now() - %s) FILTER (WHERE e.id IS NOT NULL)
FROM sms_gateway_outboundmessage o LEFT JOIN sms_gateway_outboundmessage e
    ON e.number_index = o.number_index AND e.id < o.id
    AND (e.state = 'sending' AND e.sending_at > core.now() - %s
         OR e.state = 'queued' AND e.due_at <= core.now())
WHERE o.id = %s GROUP BY o.id
"""


def verdict(row: OutboundMessage) -> NotYet | Reason | None:
    """None when the text may go; else what to wait for, or why it never goes.

    What the hold guards is locked (by settings.SMS_HOLD) until the caller's transaction ends, so
    nothing is withdrawn between this look and the commit of `sending`. The opt-out ledger comes
    last: from there on nothing here waits for another transaction.
    """
    is_over, entries, late = rows.first(STANDING, [PATIENCE, PATIENCE, row.id]) or ()
    if is_over:
        return Reason(row.reason) if row.reason else Reason.EXPIRED
    if _is_behind(list(zip(entries or (), late or (), strict=True))):
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


def is_checkpointed(entry: int) -> bool:
    return bool(rows.value("SELECT audit.checkpointed(%s)", [entry]))


def _is_upheld(hold_ref: UUID) -> bool:
    return cast(Callable[[UUID], bool], import_string(settings.SMS_HOLD))(hold_ref)


def _is_behind(earlier: list[tuple[int | None, bool]]) -> bool:
    """Whether one of the earlier texts (its entry of the log, and is it late?) holds this one
    back."""
    return any(
        after_entry is None or not is_late or is_checkpointed(after_entry)
        for after_entry, is_late in earlier
    )
