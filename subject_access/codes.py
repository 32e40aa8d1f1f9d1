"""Codes that open a page: eight digits, so that nobody takes one for the six that agree."""

import hmac
import secrets
from hashlib import sha256
from uuid import UUID

from core.keys import derive
from core.text import fold

DIGITS = 8


def new_code() -> str:
    """Eight random digits as they are told, `4829 1307`."""
    drawn = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    return f"{drawn[:4]} {drawn[4:]}"


def read(typed: str) -> str | None:
    """The digits of a code as somebody typed it; None when it is none."""
    digits = "".join(c for c in fold(typed) if c not in " -")
    return digits if len(digits) == DIGITS and digits.isascii() and digits.isdigit() else None


def digest(opening_id: UUID, digits: str) -> bytes:
    """What is stored of a code (32 bytes): keyed, and good for one opening alone."""
    return hmac.digest(derive("own-page-code"), opening_id.bytes + digits.encode(), sha256)
