import threading
from collections.abc import Callable
from datetime import timedelta

from sms_gateway.messages import OutboundText
from sms_gateway.providers import Accepted, Capabilities, Failure, FailureKind, Receipt
from sms_gateway.providers.sandbox import mailbox, simulator

AFTER_SECONDS = 0.2  # after the send has returned


class SandboxProvider:
    """Idempotent by our reference: the same text handed over twice reaches the phone once."""

    capabilities = Capabilities(handles_keywords=False, stuck_after=timedelta(seconds=5))

    def __init__(self, name: str) -> None:
        self.name = name

    def send(self, text: OutboundText) -> Accepted:
        found = simulator.behaviour(text.to)
        simulator.wait(text.to)
        mailbox.put(ref=text.ref, number=text.to, body=text.body)
        simulator.report(text.ref, *found.before)
        if found.after:
            after = threading.Timer(AFTER_SECONDS, simulator.report, (text.ref, *found.after))
            after.daemon = True
            after.start()
        if found.sends_back:
            simulator.send_back(text.to, text.body)
        return Accepted(str(text.ref))

    def find(self, text: OutboundText, is_taken: Callable[[str], bool]) -> Accepted | None:
        return Accepted(str(text.ref)) if mailbox.has(ref=text.ref) else None

    def redact(self, provider_message_id: str, *, has_media: bool = False) -> None:
        """It keeps no words."""

    def classify(self, error: Exception) -> Failure:
        if isinstance(error, simulator.BlockedError):
            return Failure(FailureKind.PERMANENT, "blocked", opted_out=True)
        return Failure(FailureKind.UNKNOWN, type(error).__name__)

    def receipt(self, status: str) -> Receipt | None:
        return Receipt(status)

    def failure(self, error_code: str) -> Failure:
        return Failure(FailureKind.TEMPORARY, error_code)
