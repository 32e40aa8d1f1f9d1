"""Sharing codes: what a person hands over so that one organisation can ask them, without a number.

Nine random characters and one that checks them, from an alphabet without look-alikes, written
`K7M2Q-X9TB9`. Thirty of the alphabet to the ninth is 2 x 10^13, and a guess gets no other answer
than a code nobody has. The check character finds slips of the pen before anybody is asked: each
single wrong one, and each two neighbours changed over but one pair.
"""

import hmac
import secrets
from hashlib import sha256

from core.keys import derive
from core.text import fold

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
RANDOM = 9
SEPARATORS = " -‐‑–—"


class SharingCodeError(ValueError):
    """This is no sharing code: a character too many, too few, or a wrong one."""


def new_code() -> str:
    """A code as it is told to its owner, `K7M2Q-X9TB9`."""
    drawn = "".join(secrets.choice(ALPHABET) for _ in range(RANDOM))
    whole = drawn + _check(drawn)
    return f"{whole[:5]}-{whole[5:]}"


def read(text: str) -> str:
    """The ten characters of a code as somebody typed it. Raises SharingCodeError."""
    code = "".join(c for c in fold(text).upper() if c not in SEPARATORS)
    if len(code) != RANDOM + 1 or not set(code) <= set(ALPHABET) or _check(code[:-1]) != code[-1]:
        raise SharingCodeError
    return code


def digest(code: str) -> bytes:
    """What is stored of a code (32 bytes), keyed. Takes it in any spelling."""
    return hmac.digest(derive("sharing-code"), read(code).encode(), sha256)


def _check(drawn: str) -> str:
    """Luhn's algorithm in base 30."""
    total = 0
    for place, character in enumerate(reversed(drawn)):
        value = ALPHABET.index(character) * (2 - place % 2)
        total += value // len(ALPHABET) + value % len(ALPHABET)
    return ALPHABET[-total % len(ALPHABET)]
