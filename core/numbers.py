"""Phone numbers: E.164, what kind of sender a string is, and the blind index.

Numbers are taken when they are *possible* E.164 numbers: operators know their ranges better than
any library does. Only a number that is surely a landline is called one.
"""

import hmac
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

import phonenumbers
from phonenumbers import PhoneNumberType

from core.keys import derive
from core.number_plans import e164_of_mobile


class SenderKind(StrEnum):
    MOBILE = "mobile"
    LANDLINE = "landline"
    ALPHANUMERIC = "alphanumeric"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Number:
    """A sender or recipient. `address` is E.164 for numbers, the cleaned string for others."""

    address: str
    kind: SenderKind

    def __repr__(self) -> str:  # a number must not reach a log line by way of a traceback
        return f"Number(…, kind={self.kind.value})"

    __str__ = __repr__


def parse(raw: str) -> Number:
    """Classify what a provider calls a sender or recipient. Never raises."""
    text = raw.strip()
    if mobile := e164_of_mobile(text):
        return Number(mobile, SenderKind.MOBILE)
    return _ask_the_library(text)


def _ask_the_library(text: str) -> Number:
    if any(c.isalpha() for c in text):
        return Number(text[:20], SenderKind.ALPHANUMERIC)
    try:
        parsed = phonenumbers.parse(text if text.startswith("+") else f"+{text}", None)
    except phonenumbers.NumberParseException:
        return Number(text[:20], SenderKind.INVALID)
    if not phonenumbers.is_possible_number(parsed):
        return Number(text[:20], SenderKind.INVALID)
    e164 = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    surely_fixed = phonenumbers.number_type(parsed) == PhoneNumberType.FIXED_LINE
    return Number(e164, SenderKind.LANDLINE if surely_fixed else SenderKind.MOBILE)


def number_index(address: str) -> bytes:
    """The keyed blind index (32 bytes) under which an address is found; never a bare hash."""
    return hmac.digest(derive("number-index"), address.encode(), sha256)
