"""Stand-ins for the rooms above the gateway: what its settings point to in its own tests."""

import uuid
from dataclasses import dataclass, field

from sms_gateway import services
from sms_gateway.messages import Address, Inbound, Marks


@dataclass
class Seen:
    """What the stand-ins were called with, and what they answer. Reset before each test."""

    inbound: list[Inbound] = field(default_factory=list)
    progress: list[tuple[int, str]] = field(default_factory=list)
    withdrawn: set[uuid.UUID] = field(default_factory=set)
    fail_on: set[str] = field(default_factory=set)
    listener_fails: bool = False

    def reset(self) -> None:
        vars(self).update(vars(Seen()))


seen = Seen()


def marks(number_index: bytes, text: str) -> Marks:
    """`OK <anything>` agrees to just that."""
    agrees = text.startswith("OK ")
    return Marks(is_stop=text == "STOP", agrees_to=text.encode() if agrees else None)


def echo(inbound: Inbound) -> None:
    """Answer every text with what it said, once."""
    seen.inbound.append(inbound)
    services.queue(
        to=Address.of_sender(inbound),
        body=f"You said: {inbound.text}" if not inbound.problem else f"Problem: {inbound.problem}",
        kind="echo",
        cause=f"inbound:{inbound.id}",
        reply_to=inbound.id,
    )
    if inbound.text in seen.fail_on:
        raise RuntimeError(f"cannot handle {inbound.text}")


def hold(hold_ref: uuid.UUID) -> bool:
    return hold_ref not in seen.withdrawn


def progressed(*, outbound_id: int, kind: str, hold_ref: uuid.UUID | None, status: str) -> None:
    if seen.listener_fails:
        raise RuntimeError("the listener failed")
    seen.progress.append((outbound_id, status))
