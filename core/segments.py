"""How many SMS segments a text takes, and where it is cut.

The GSM 7-bit default alphabet and its extension table are those of 3GPP TS 23.038 (6.2.1); the
room in one short message (140 octets) and what the concatenation header takes of it (6 octets) are
those of 3GPP TS 23.040 (9.2.3.24.1): 160 or 153 septets, 70 or 67 UTF-16 code units.
"""

from dataclasses import dataclass
from enum import StrEnum

GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Each of these is an escape and a second septet; the two stay in one segment.
GSM_EXTENSION = frozenset("\f^{}\\[~]|€")


class Encoding(StrEnum):
    GSM7 = "GSM-7"
    UCS2 = "UCS-2"


# Units in a text of one segment, and in each segment of a longer one.
ROOM = {Encoding.GSM7: (160, 153), Encoding.UCS2: (70, 67)}


@dataclass(frozen=True, slots=True)
class Segments:
    """`units` are septets (GSM-7) or UTF-16 code units (UCS-2) of the whole text."""

    encoding: Encoding
    count: int
    units: int


def encoding_of(text: str) -> Encoding:
    """GSM-7 when every character is in the default alphabet or its extension, else UCS-2."""
    in_gsm = all(c in GSM_BASIC or c in GSM_EXTENSION for c in text)
    return Encoding.GSM7 if in_gsm else Encoding.UCS2


def width(character: str, encoding: Encoding) -> int:
    """Units one character takes: 1, or 2 for an escape pair or a surrogate pair."""
    if encoding is Encoding.GSM7:
        return 2 if character in GSM_EXTENSION else 1
    return 2 if ord(character) > 0xFFFF else 1


def split(text: str) -> list[str]:
    """The text as the segments a handset receives; joined again they are the text.

    No escape pair and no surrogate pair is cut in two. An empty text is one empty segment.
    """
    encoding = encoding_of(text)
    single, each = ROOM[encoding]
    if sum(width(c, encoding) for c in text) <= single:
        return [text]
    parts, start, filled = [], 0, 0
    for position, character in enumerate(text):
        needed = width(character, encoding)
        if filled + needed > each:
            parts.append(text[start:position])
            start, filled = position, 0
        filled += needed
    parts.append(text[start:])
    return parts


def strays(text: str) -> int:
    """How many characters keep a text out of GSM-7."""
    return sum(c not in GSM_BASIC and c not in GSM_EXTENSION for c in text)


def count(text: str) -> Segments:
    """Encoding, number of segments and units of a text."""
    encoding = encoding_of(text)
    units = sum(width(c, encoding) for c in text)
    return Segments(encoding, len(split(text)), units)
