"""Codes that prove a notice arrived: six digits, alive for 30 minutes (`gate.code_life`)."""

import hmac
import secrets
from hashlib import sha256

from core.keys import derive

DIGITS = 6


def new_code() -> str:
    """Six random digits; leading zeros count."""
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"


def digest(number_index: bytes, code: str) -> bytes:
    """What is stored of a code (32 bytes): keyed, and bound to the number it was sent to."""
    return hmac.digest(derive("consent-code"), number_index + code.encode(), sha256)
