"""How far a text has come: forward only, under the lock of its row, and told to who asked."""

from typing import Any, Protocol, cast
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from core import rows
from sms_gateway import clock, dispatch, providers
from sms_gateway.models import OutboundMessage, Reason, State
from sms_gateway.providers import Receipt

# Delivery is proof and outranks a report of failure that came before it.
RANK = {
    State.QUEUED: 0,
    State.SENDING: 1,
    State.SUPPRESSED: 1,
    State.SENT: 2,
    State.UNDELIVERED: 3,
    State.FAILED: 3,
    State.DELIVERED: 4,
}


NEXT = """
SELECT id FROM sms_gateway_outboundmessage
WHERE number_index = %s AND id > %s AND state = 'queued' AND due_at <= core.now()
ORDER BY id LIMIT 1
"""


class Listener(Protocol):
    def __call__(
        self, *, outbound_id: int, kind: str, hold_ref: UUID | None, status: str
    ) -> None: ...


def advance(
    row: OutboundMessage,
    receipt: Receipt,
    *,
    error_code: str = "",
    reason: Reason | None = None,
    named: str | None = None,
) -> None:
    """Bring a locked row to what a receipt says, unless it is that far already. `reason`: of what
    kind the failure is that it tells of. `named`: the provider's id of it, which nobody knew yet.

    The listener hears `sent` before `delivered`, whichever report came first, and each once.
    """
    target, present = State(receipt.value), State(row.state)
    names: dict[str, Any] = {"provider_message_id": named} if named is not None else {}
    if RANK[target] <= RANK[present]:
        if names:
            OutboundMessage.objects.filter(id=row.id).update(**names)
        return
    changes: dict[str, Any] = names | {
        "state": target,
        "error_code": error_code[:40],
        "reason": reason or "",
    }
    if RANK[present] < RANK[State.SENT]:
        changes["sent_at"] = clock.now()
    if target is State.DELIVERED:
        changes |= {"delivered_at": clock.now(), "body_sealed": None}
    if RANK[target] > RANK[State.SENT] and providers.get(row.provider).capabilities.keeps_words:
        changes["redact_at"] = clock.now()
    OutboundMessage.objects.filter(id=row.id).update(**changes)
    if RANK[present] < RANK[State.SENT] and target in (State.SENT, State.DELIVERED):
        _tell(row, State.SENT)
    if target is State.DELIVERED:
        _tell(row, State.DELIVERED)
    row.state = target


def accept(row: OutboundMessage, provider_message_id: str) -> None:
    """The provider has taken a locked row's text, and knows it by this id."""
    advance(
        row,
        Receipt.SENT,
        named=provider_message_id if row.provider_message_id is None else None,
    )
    start_next(row)


def close(row: OutboundMessage, *, state: State, reason: Reason, error_code: str = "") -> None:
    """A locked row's text will not go: say why, and keep its body no longer."""
    OutboundMessage.objects.filter(id=row.id).update(
        state=state, reason=reason, error_code=error_code or row.error_code, body_sealed=None
    )
    start_next(row)


def start_next(row: OutboundMessage) -> None:
    """The number's next text has waited for this one."""
    following = rows.value(NEXT, [bytes(row.number_index), row.id])
    if following is not None:
        dispatch.on_commit("send", following)


def _tell(row: OutboundMessage, status: State) -> None:
    listener = cast(Listener, import_string(settings.SMS_PROGRESS_LISTENER))
    listener(outbound_id=row.id, kind=row.kind, hold_ref=row.hold_ref, status=status.value)
