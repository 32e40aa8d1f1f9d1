"""What a text looks like in a PDU: GSM 03.38 (an octet a septet) or UCS-2, whole or in parts."""

import uuid
from dataclasses import dataclass

from core import segments
from core.segments import Encoding

ESCAPE = "\x1b"
BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = {
    0x0A: "\f", 0x14: "^", 0x28: "{", 0x29: "}", 0x2F: "\\",
    0x3C: "[", 0x3D: "~", 0x3E: "]", 0x40: "|", 0x65: "€",
}  # fmt: skip
CODES = {character: bytes([code]) for code, character in enumerate(BASIC) if character != ESCAPE}
CODES |= {character: bytes([0x1B, code]) for code, character in EXTENSION.items()}

# data_coding, SMPP 3.4 section 5.2.19
DEFAULT, ASCII, LATIN_1, UCS2 = 0x00, 0x01, 0x03, 0x08

HAS_HEADER = 0x40  # esm_class: the text begins with a user data header (UDH)
CONCATENATED_8, CONCATENATED_16 = 0x00, 0x08  # information elements, 3GPP TS 23.040 9.2.3.24


@dataclass(frozen=True, slots=True, repr=False)
class Piece:
    """What goes into one submit_sm."""

    data: bytes
    data_coding: int
    esm_class: int = 0


@dataclass(frozen=True, slots=True)
class Concatenation:
    """Which part of which text: `reference` is the phone's, and comes again soon."""

    reference: int
    total: int
    number: int


def encode(text: str) -> tuple[bytes, int]:
    """The text's octets and their data_coding."""
    if segments.encoding_of(text) is Encoding.GSM7:
        return b"".join(CODES[character] for character in text), DEFAULT
    return text.encode("utf-16-be"), UCS2


def pieces(text: str, ref: uuid.UUID) -> list[Piece]:
    """A text as the parts a phone puts together. The same text sent again has the same reference,
    so that the phone knows the parts it has. (One of two octets would not leave room for 67
    characters of UCS-2.)"""
    parts = segments.split(text)
    if len(parts) == 1:
        return [Piece(*encode(text))]
    coding = encode(text)[1]
    header = bytes([5, CONCATENATED_8, 3, ref.bytes[0], len(parts)])
    return [
        Piece(header + bytes([number]) + _part(part, coding), coding, HAS_HEADER)
        for number, part in enumerate(parts, 1)
    ]


def _part(part: str, coding: int) -> bytes:
    return part.encode("utf-16-be") if coding == UCS2 else encode(part)[0]


def decode(data: bytes, data_coding: int) -> str:
    """A text that came in; what cannot be read is U+FFFD. Binary (4) and other alphabets are
    unreadable as a whole."""
    if data_coding == DEFAULT:
        return _from_gsm(data)
    if data_coding == UCS2:
        return data.decode("utf-16-be", "replace")
    if data_coding == ASCII:
        return data.decode("ascii", "replace")
    if data_coding == LATIN_1:
        return data.decode("latin-1")
    return "\N{REPLACEMENT CHARACTER}"


def _from_gsm(data: bytes) -> str:
    read, escaped = [], False
    for code in data:
        if code == 0x1B and not escaped:
            escaped = True
            continue
        # What the extension table does not have is shown as the basic character (23.038, 6.2.1.1).
        basic = BASIC[code] if code < 0x80 else "\N{REPLACEMENT CHARACTER}"
        read.append(EXTENSION.get(code, basic) if escaped else basic)
        escaped = False
    return "".join(read)


def without_header(data: bytes) -> tuple[bytes, Concatenation | None]:
    """User data behind its header, and what the header says of concatenation. A header that is
    broken is taken as none."""
    length = data[0] if data else 0
    header, rest = data[1 : length + 1], data[length + 1 :]
    if len(header) < length:
        return data, None
    position, found = 0, None
    while position + 2 <= len(header):
        kind, size = header[position], header[position + 1]
        value = header[position + 2 : position + 2 + size]
        if kind == CONCATENATED_8 and len(value) == 3:
            found = Concatenation(value[0], value[1], value[2])
        elif kind == CONCATENATED_16 and len(value) == 4:
            found = Concatenation(int.from_bytes(value[:2], "big"), value[2], value[3])
        position += 2 + size
    return rest, found if found and is_possible(found) else None


def is_possible(part: Concatenation) -> bool:
    return 1 <= part.number <= part.total and part.total > 1
