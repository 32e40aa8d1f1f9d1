"""What became of our texts: the gateway tells (`settings.SMS_PROGRESS_LISTENER`)."""

from uuid import UUID

from consent import gate
from inquiry.turn import ANSWER, NOTICE
from sms_gateway.models import OutboundMessage


def text_progressed(*, outbound_id: int, kind: str, hold_ref: UUID | None, status: str) -> None:
    """A notice or an answer was sent or delivered: the log gets its entry in the same transaction.

    Further pages of an answer (MORE) belong to a release that the first page has delivered.
    """
    if hold_ref is None:
        return
    if kind == NOTICE and status == "sent":
        gate.notice_sent(hold_ref)
    elif kind == NOTICE and status == "delivered":
        gate.notice_delivered(hold_ref)
    elif kind == ANSWER and status == "delivered":
        cause = OutboundMessage.objects.values_list("cause", flat=True).get(id=outbound_id)
        if cause.startswith("release:"):
            gate.delivered(UUID(cause.removeprefix("release:")))
