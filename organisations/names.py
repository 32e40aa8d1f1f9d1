"""Names of organisations: they stand in notices on phones, so they may not say anything else.

Letters are those of the two languages that notices are written in. A name in another script is
registered in one of them, as companies do abroad; so there are no letters that only look alike.
"""

import re
import unicodedata

from core.text import UNSEEN, clean

LONGEST = 60
SIGNS = frozenset(" &'().,-/+·（）、")
# Latin-1 and Latin Extended-A: the alphabets of Europe, without phonetic and mathematical letters.
LATIN = range(0x41, 0x180)
LINK = re.compile(r"[a-z0-9]\.[a-z]{2,}|www|https?|://|//", re.IGNORECASE)
# What a person may be told to text, or a number to call.
DIGITS = re.compile(r"\d(?:[ .,'()/+-]?\d){4,}")


class BadNameError(ValueError):
    """Why a name cannot be registered: `key` of the catalogue of pages."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def registered(raw: str) -> str:
    """The name as it is registered and shown. Raises BadNameError."""
    if any(unicodedata.category(c) in UNSEEN for c in raw):
        raise BadNameError("name.unseen")
    name = unicodedata.normalize("NFC", clean(raw))
    if not 2 <= len(name) <= LONGEST:
        raise BadNameError("name.length")
    if not all(_is_letter(c) or c in SIGNS or "0" <= c <= "9" for c in name):
        raise BadNameError("name.characters")
    if not any(_is_letter(c) for c in name):
        raise BadNameError("name.characters")
    if LINK.search(name):
        raise BadNameError("name.link")
    if DIGITS.search(name):
        raise BadNameError("name.digits")
    return name


def name_key(name: str) -> str:
    """Equal for names that people take for one another: case, accents, spaces and signs go."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    return "".join(c for c in plain if c.isalnum())


def _is_letter(character: str) -> bool:
    if not character.isalpha():
        return False
    if ord(character) in LATIN:
        return True
    return unicodedata.name(character, "").startswith("CJK UNIFIED IDEOGRAPH")
