"""Providers behind one small interface. A provider is a package with a class of the shape of
`Provider`; its webhooks parse what comes in and hand it to `sms_gateway.services`.

Adding one: a package here, its name in `PROVIDERS`, among the choices of SMS_PROVIDER, and among
the log's providers. Texts find theirs by `routes`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Protocol, cast

from django.utils.module_loading import import_string

from sms_gateway.messages import OutboundText

PROVIDERS = {
    "sandbox": "sms_gateway.providers.sandbox.provider.SandboxProvider",
    "twilio": "sms_gateway.providers.twilio.provider.TwilioProvider",
    "smpp": "sms_gateway.providers.smpp.provider.SmppProvider",
}
# A second account, or a second carrier, of the same kind.
PROVIDERS |= {f"{name}_b": path for name, path in PROVIDERS.items()}


@dataclass(frozen=True, slots=True)
class Capabilities:
    """`handles_keywords`: the provider itself answers STOP, START and HELP. `stuck_after`: when a
    send that has not returned is in doubt; longer than its longest time-out. `keeps_words`: it
    stores what texts say until it is told to forget (`redact`)."""

    handles_keywords: bool
    stuck_after: timedelta
    keeps_words: bool = False


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has taken the text and will send it. `other_ids`: where it names each part of a
    long one, those of the parts after the first."""

    provider_message_id: str
    other_ids: tuple[str, ...] = ()


class FailureKind(StrEnum):
    PERMANENT = "permanent"  # this text will never reach this number
    TEMPORARY = "temporary"  # try again
    TECHNICAL = "technical"  # our account or configuration; try again, and somebody must look
    UNKNOWN = "unknown"  # it may have been accepted: ask before sending again


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a send failed. `code` is the provider's, without personal data. `opted_out`: the provider
    knows that the person said STOP."""

    kind: FailureKind
    code: str = ""
    opted_out: bool = False


class Receipt(StrEnum):
    """What a delivery report says, in our words."""

    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"


DID_NOT_ARRIVE = (Receipt.UNDELIVERED, Receipt.FAILED)


class Provider(Protocol):
    """What the gateway asks of a provider. All calls are made outside transactions."""

    name: str

    @property
    def capabilities(self) -> Capabilities: ...

    def send(self, text: OutboundText) -> Accepted:
        """Hand over a text once. Raises; `classify` says what the exception means."""

    def find(self, text: OutboundText, is_taken: Callable[[str], bool]) -> Accepted | None:
        """A text it may have accepted, or None when it has not, as far as can ever be known.

        `is_taken(id)` says that an id belongs to another text. Raises when it cannot tell now.
        """

    def redact(self, provider_message_id: str, *, has_media: bool = False) -> None:
        """Have it forget what a text said that went its way or came from there, and pictures that
        came with it. Only of one that `keeps_words`."""

    def classify(self, error: Exception) -> Failure: ...

    def receipt(self, status: str) -> Receipt | None:
        """What a status of a delivery report means; None for one that changes nothing."""

    def failure(self, error_code: str) -> Failure:
        """What a report's error code means: why a text that was accepted did not arrive."""


@lru_cache(maxsize=8)
def get(name: str) -> Provider:
    """The provider of that name. Raises KeyError for one that does not exist."""
    return cast(Provider, import_string(PROVIDERS[name])(name))


def family(name: str) -> list[str]:
    """The provider of that name and the other of its kind, whose webhooks may be the same."""
    kind = name.removesuffix("_b")
    return [kind, f"{kind}_b"]
