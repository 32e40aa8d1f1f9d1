"""API keys as text: `tc_live_1a2b3c4d_` and 64 hexadecimal digits.

The first part may be shown and finds the row; the second is the secret, 256 random bits. It is kept
as HMAC-SHA-256 under a key that the database does not hold, so that who can write the table cannot
make a key. Slow hashing would add nothing: nobody guesses 256 bits.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

from core.keys import derive

#: Scanners for leaked secrets know keys by this.
PATTERN = re.compile(r"(tc_(?:live|test)_[0-9a-f]{8})_([0-9a-f]{64})", re.ASCII)


@dataclass(frozen=True, slots=True, repr=False)
class Presented:
    """A key somebody showed us."""

    prefix: str
    secret: str


def make(*, is_test: bool) -> Presented:
    mode = "test" if is_test else "live"
    return Presented(f"tc_{mode}_{secrets.token_hex(4)}", secrets.token_hex(32))


def written(key: Presented) -> str:
    """The whole key, as it is shown once."""
    return f"{key.prefix}_{key.secret}"


def read(text: str) -> Presented | None:
    """The parts of what looks like a key."""
    match = PATTERN.fullmatch(text)
    return Presented(match[1], match[2]) if match else None


def digest(key: Presented) -> bytes:
    """The keyed hash of the secret, bound to its prefix."""
    return hmac.digest(derive("api-key"), f"{key.prefix}_{key.secret}".encode(), hashlib.sha256)


def matches(stored: bytes, key: Presented) -> bool:
    """In constant time."""
    return hmac.compare_digest(stored, digest(key))
