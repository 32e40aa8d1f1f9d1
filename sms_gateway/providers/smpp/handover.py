"""How the worker hands a text to the process that holds the bind: one line of JSON each way over a
unix socket that only our own user can open."""

import json
import socket
import uuid
from pathlib import Path
from typing import Any

from django.conf import settings

from sms_gateway.messages import OutboundText

# The sender answers within this, whatever the SMSC does: it has a time-out of its own.
ANSWER_SECONDS = 25.0
LONGEST_LINE = 64 * 1024

Line = dict[str, Any]


class SenderAwayError(Exception):
    """The process that holds the bind is not there: nothing was handed over."""


class NotToldError(Exception):
    """A text was handed over, and what became of it nobody said."""


class RefusedError(Exception):
    """The SMSC did not take the text. `status`: its reason; `submitted`: parts it had taken."""

    def __init__(self, status: int, submitted: int) -> None:
        super().__init__(f"0x{status:08x}")
        self.status, self.submitted = status, submitted


class UnboundError(Exception):
    """There is no bind at this moment: nothing was submitted."""


def socket_of(name: str) -> Path:
    """Where the process that holds this provider's bind listens."""
    return Path(settings.SMPP_SOCKETS) / f"{name}.sock"


def submit(path: Path, text: OutboundText) -> list[str]:
    """The SMSC's ids of the text's parts. Raises one of the errors above."""
    answer = _ask(path, {"ref": str(text.ref), "to": text.to, "body": text.body})
    return _ids(answer)


def look_up(path: Path, ref: uuid.UUID, *, age_seconds: float) -> tuple[list[str] | None, bool]:
    """The ids of a text that was handed over, or None; and whether it may have been taken all the
    same: nobody answered, or the sender was started after it. Raises while the sender is at it."""
    answer = _ask(path, {"find": str(ref), "age": age_seconds})
    if answer.get("error") == "unknown":
        return None, bool(answer.get("in_doubt"))
    return _ids(answer), False


def _ids(answer: Line) -> list[str]:
    if "status" in answer:
        raise RefusedError(int(answer["status"]), int(answer.get("submitted", 0)))
    match answer.get("error"):
        case None:
            return [str(given) for given in answer["ids"]]
        case "unbound":
            raise UnboundError
        case _:
            raise NotToldError


def _ask(path: Path, line: Line) -> Line:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(ANSWER_SECONDS)
        try:
            connection.connect(str(path))
        except OSError as error:
            raise SenderAwayError from error
        try:
            connection.sendall(json.dumps(line).encode() + b"\n")
            with connection.makefile("rb") as stream:
                answer = json.loads(stream.readline(LONGEST_LINE))
        except (OSError, ValueError) as error:
            raise NotToldError from error
    if not isinstance(answer, dict):
        raise NotToldError
    return answer
