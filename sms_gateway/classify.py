"""What is wrong with a text, found before anybody reads it as a command."""

from django.conf import settings

from core import segments
from core.numbers import Number, SenderKind
from sms_gateway.models import Problem

MAX_SEGMENTS = 10
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

OF_SENDER = {
    SenderKind.LANDLINE: Problem.LANDLINE,
    SenderKind.ALPHANUMERIC: Problem.ALPHANUMERIC,
    SenderKind.INVALID: Problem.NO_NUMBER,
}


def mended(text: str) -> str:
    """The text with halves of surrogate pairs, which nothing can store, marked as unreadable."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def problem_of(*, sender: Number, recipient: str, body: str) -> str:
    """The first problem of a text, or "". Who sent it, then where to, then what it says."""
    if sender.kind in OF_SENDER:
        return OF_SENDER[sender.kind]
    if not is_service_number(recipient):
        return Problem.WRONG_NUMBER
    if REPLACEMENT in body or "\0" in body:
        return Problem.UNREADABLE
    if segments.count(body).count > MAX_SEGMENTS:
        return Problem.TOO_LONG
    if not any(c.isprintable() and not c.isspace() for c in body):
        return Problem.EMPTY
    return ""


def is_service_number(recipient: str) -> bool:
    """Whether a text came to a number of ours, however the provider writes it."""
    ours = {_digits(settings.SMS_NUMBER), _digits(settings.SMS_NUMBER_B)} - {""}
    return _digits(recipient) in ours


def _digits(number: str) -> str:
    return "".join(c for c in number if c.isdigit() and c.isascii())
