import logging
from collections.abc import Callable
from datetime import timedelta

from core import clock
from sms_gateway.messages import OutboundText
from sms_gateway.providers import Accepted, Capabilities, Failure, FailureKind, Receipt
from sms_gateway.providers.smpp import errors, handover, receipts

log = logging.getLogger(__name__)


class SmppProvider:
    """A text has one id at the SMSC for each part. SMPP has no way to ask about a text by a name
    of ours: what the sending process remembers is all there is to ask."""

    capabilities = Capabilities(handles_keywords=False, stuck_after=timedelta(seconds=40))

    def __init__(self, name: str) -> None:
        self.name = name
        self.socket = handover.socket_of(name)

    def send(self, text: OutboundText) -> Accepted:
        first, *others = handover.submit(self.socket, text)
        return Accepted(first, tuple(others))

    def find(self, text: OutboundText, is_taken: Callable[[str], bool]) -> Accepted | None:
        age = (clock.now() - text.since).total_seconds()
        known, in_doubt = handover.look_up(self.socket, text.ref, age_seconds=age)
        if in_doubt:
            log.warning("the SMSC may have taken a text that is sent again")
        return Accepted(known[0], tuple(known[1:])) if known else None

    def redact(self, provider_message_id: str, *, has_media: bool = False) -> None:
        """It keeps no words."""

    def classify(self, error: Exception) -> Failure:
        if isinstance(error, handover.RefusedError):
            return errors.of_status(error.status)
        if isinstance(error, handover.SenderAwayError | handover.UnboundError):
            return Failure(FailureKind.TEMPORARY, "unbound")
        return Failure(FailureKind.UNKNOWN, type(error).__name__)

    def receipt(self, status: str) -> Receipt | None:
        return receipts.MEANINGS.get(status)

    def failure(self, error_code: str) -> Failure:
        """Codes are each carrier's own; what did not arrive today may arrive tomorrow."""
        return Failure(FailureKind.TEMPORARY, error_code)
