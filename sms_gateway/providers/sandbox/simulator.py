"""Numbers that behave as networks do. Reports come the way a real provider's do: a signed request
to the web process, from whoever sends, before or after the send returns, in this order or another.

    +8613800009001  delivered at once
    +8613800009002  never reached
    +8613800009003  said STOP to its network
    +8613800009004  slow to be taken
    +8613800009005  the report comes before the send returns
    +8613800009006  delivered is told before sent
    +8613800009007  every text it sends arrives twice
    +8613800009008  sends back every text that it gets
"""

import hashlib
import hmac
import json
import logging
import time
import uuid
from dataclasses import dataclass
from urllib.request import Request, urlopen

from django.conf import settings

from core.keys import derive

log = logging.getLogger(__name__)

SLOW_SECONDS = 2.0
PATH = "/sandbox/reports"
SIGNATURE = "X-Sandbox-Signature"


class BlockedError(Exception):
    """The person said STOP to their network."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """`before` and `after`: what is reported before and after the send returns."""

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    seconds: float = 0
    is_blocked: bool = False
    arrives_twice: bool = False
    sends_back: bool = False


NUMBERS = {
    "+8613800009001": Behaviour(after=("sent", "delivered")),
    "+8613800009002": Behaviour(after=("sent", "undelivered")),
    "+8613800009003": Behaviour(is_blocked=True),
    "+8613800009004": Behaviour(seconds=SLOW_SECONDS, after=("delivered",)),
    "+8613800009005": Behaviour(before=("delivered",)),
    "+8613800009006": Behaviour(after=("delivered", "sent", "delivered")),
    "+8613800009007": Behaviour(arrives_twice=True),
    "+8613800009008": Behaviour(sends_back=True, after=("delivered",)),
}


def behaviour(number: str) -> Behaviour:
    """How a number behaves; one that is not in the list is a phone of the page."""
    return NUMBERS.get(number, Behaviour())


def wait(number: str) -> None:
    """As long as this number's network takes. Raises BlockedError where it takes nothing."""
    found = behaviour(number)
    if found.is_blocked:
        raise BlockedError
    time.sleep(found.seconds)


def report(ref: uuid.UUID, *statuses: str) -> None:
    """Tell the web process. Where it does not listen, the report is lost, as they are."""
    for status in statuses:
        body = json.dumps({"ref": str(ref), "status": status}).encode()
        headers = {"Content-Type": "application/json", SIGNATURE: signature(body)}
        request = Request(settings.PUBLIC_BASE_URL + PATH, body, headers)  # noqa: S310 (our own)
        try:
            with urlopen(request, timeout=5):  # noqa: S310
                pass
        except OSError as error:
            log.info("a report of the sandbox is lost", extra={"error": type(error).__name__})


def send_back(number: str, body: str) -> None:
    """The phone texts what it got."""
    content = json.dumps({"number": number, "body": body}).encode()
    headers = {"Content-Type": "application/json"}
    request = Request(settings.PUBLIC_BASE_URL + "/sandbox/texts", content, headers)  # noqa: S310
    try:
        with urlopen(request, timeout=5):  # noqa: S310
            pass
    except OSError as error:
        log.info("a text of the sandbox is lost", extra={"error": type(error).__name__})


def signature(body: bytes) -> str:
    return hmac.new(derive("sandbox-reports"), body, hashlib.sha256).hexdigest()
