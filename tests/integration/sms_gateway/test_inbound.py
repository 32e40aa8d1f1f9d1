"""A text that comes in has one effect, whatever happens to the processes in between."""

from sms_gateway.models import InboundMessage, OutboundMessage, State
from tests.fakes.conversation import Seen
from tests.integration.sms_gateway.conftest import Queue, Text


def bodies(seen: Seen) -> list[str]:
    return [inbound.text for inbound in seen.inbound]


def test_a_text_is_stored_handled_and_answered(text: Text, queue: Queue, stand_ins: Seen) -> None:
    text("TRIP")
    assert queue.waiting == [("handle", (InboundMessage.objects.get().id,))]
    queue.run()
    assert bodies(stand_ins) == ["TRIP"]
    assert stand_ins.inbound[0].sender.address == Text.number
    assert InboundMessage.objects.get().handled_at is not None
    assert OutboundMessage.objects.get().state == State.SENT
