"""What the gateway and the rooms above it hand each other."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime

from core.numbers import Number, SenderKind, number_index


@dataclass(frozen=True, slots=True)
class Inbound:
    """A text that came in, as `settings.SMS_INBOUND_HANDLER` gets it.

    `problem` is "" or a value of `models.Problem`: then `text` is not to be read as a command.
    `cause`: what a reply to it answers; another than the text itself when an operator has read it
    after it was answered once.
    """

    id: int
    provider: str
    sender: Number
    number_index: bytes = field(repr=False)
    text: str = field(repr=False)
    problem: str
    received_at: datetime
    answered_by_provider: bool
    cause: str = ""

    def __post_init__(self) -> None:
        if not self.cause:
            object.__setattr__(self, "cause", f"inbound:{self.id}")


@dataclass(frozen=True, slots=True)
class Marks:
    """What stands beside the sealed words of a text, noted as it is stored: `settings.SMS_MARKS`.

    `is_stop` outlives the words: whoever said STOP and was erased before it was read is not texted.
    `agrees_to`, the keyed digest of a code, is out of reach for the process that reads the words:
    it can act on an OK, and cannot make one.
    """

    is_stop: bool = False
    agrees_to: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """Where a text goes: a number in E.164 and its blind index."""

    number: str
    number_index: bytes

    @classmethod
    def of(cls, number: Number) -> "Address":
        return cls(number.address, number_index(number.address))

    @classmethod
    def of_sender(cls, inbound: Inbound) -> "Address":
        return cls(inbound.sender.address, inbound.number_index)

    def is_reachable(self) -> bool:
        """A name or a broken number cannot be texted.

        Nor a number under another one's index: the web process stores both of who texts and of who
        is asked about, and whoever has taken it over would have one person's code go to another
        one's phone.
        """
        is_number = self.number.startswith("+") and self.number[1:].isdigit()
        return is_number and number_index(self.number) == self.number_index


@dataclass(frozen=True, slots=True)
class OutboundText:
    """A text as a provider gets it. `ref` is our opaque name for it; `since` when it was queued."""

    ref: uuid.UUID
    to: str = field(repr=False)
    body: str = field(repr=False)
    since: datetime


__all__ = ["Address", "Inbound", "Marks", "Number", "OutboundText", "SenderKind"]
