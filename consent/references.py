"""Eight characters that name an answer to a person, and what they are read back to.

The ten of a receipt code (`audit.proof`) have the same alphabet; both are what CHECK takes.
"""

import re
import string
from uuid import UUID

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: nothing looks like another
LENGTH = 8
BITS = 5 * LENGTH
RECEIPT_LENGTH = 10
WRITTEN = re.compile(rf"[{ALPHABET}]{{{LENGTH}}}(?:[{ALPHABET}]{{{RECEIPT_LENGTH - LENGTH}}})?")
#: What people take for one another when they copy a reference.
LOOK_ALIKE = str.maketrans("OILU", "011V")


def reference(of: UUID) -> str:
    """The name of an access: its first 40 random bits."""
    number = of.int >> (128 - BITS)
    return "".join(ALPHABET[number >> shift & 31] for shift in range(BITS - 5, -1, -5))


def read(text: str) -> str:
    """The reference, or receipt code, in upper case text as somebody copied it; empty when it is
    none."""
    found = text.translate(LOOK_ALIKE)
    return found if WRITTEN.fullmatch(found) else ""


def spans(named: str) -> list[tuple[UUID, UUID]]:
    """From the first to the last id that a reference can stand for: as we write it, or as the
    first part of an id that somebody read off a page. None for a receipt code."""
    if len(named) != LENGTH:
        return []
    found = [_span(sum(ALPHABET.index(c) << 5 * n for n, c in enumerate(reversed(named))), BITS)]
    if all(c in string.hexdigits for c in named):
        found.append(_span(int(named, 16), 4 * LENGTH))
    return found


def _span(number: int, bits: int) -> tuple[UUID, UUID]:
    rest = 128 - bits
    return UUID(int=number << rest), UUID(int=number << rest | (1 << rest) - 1)
