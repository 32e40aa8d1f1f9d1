"""Segments, held to the octets that the standards leave room for."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.segments import GSM_BASIC, GSM_EXTENSION, Encoding, count, split, strays

gsm_texts = st.text(st.sampled_from(sorted(GSM_BASIC | GSM_EXTENSION)), max_size=700)
any_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=500)
texts = gsm_texts | any_texts

HEADER_OCTETS = 6
OCTETS = 140


def septets(text: str) -> int:
    return sum(2 if c in GSM_EXTENSION else 1 for c in text)


def octets(part: str, encoding: Encoding) -> int:
    """What a part takes on the air, computed from the encodings themselves."""
    if encoding is Encoding.UCS2:
        return len(part.encode("utf-16-be"))
    return -(-septets(part) * 7 // 8)


@given(texts)
@example("")
def test_parts_joined_are_the_text(text: str) -> None:
    assert "".join(split(text)) == text
    assert count(text).count == len(split(text))


@given(texts)
@example("a" * 160)
@example("a" * 161)
@example("a" * 152 + "€" + "b" * 20)
@example("中" * 66 + "😀" + "中" * 10)
def test_every_part_fits_its_message(text: str) -> None:
    encoding, parts = count(text).encoding, split(text)
    header = HEADER_OCTETS if len(parts) > 1 else 0
    # The header is filled up to a whole septet.
    if encoding is Encoding.GSM7 and header:
        assert all(septets(part) <= 153 for part in parts)
    assert all(octets(part, encoding) + header <= OCTETS for part in parts)


@given(texts)
def test_no_shorter_series_would_do(text: str) -> None:
    """Every part is filled so far that the next character would not fit, except the last."""
    encoding, parts = count(text).encoding, split(text)
    room = 153 if encoding is Encoding.GSM7 else 67
    for part, following in pairwise(parts):
        units = septets(part) if encoding is Encoding.GSM7 else len(part.encode("utf-16-be")) // 2
        first = following[0]
        wide = septets(first) if encoding is Encoding.GSM7 else len(first.encode("utf-16-be")) // 2
        assert units + wide > room


@given(any_texts)
def test_one_character_outside_gsm_changes_the_encoding(text: str) -> None:
    assert (count(text).encoding is Encoding.UCS2) == any(
        c not in GSM_BASIC and c not in GSM_EXTENSION for c in text
    )


@pytest.mark.parametrize(
    ("text", "encoding", "segments", "units"),
    [
        ("", "GSM-7", 1, 0),
        ("a" * 160, "GSM-7", 1, 160),
        ("a" * 161, "GSM-7", 2, 161),
        ("a" * 306, "GSM-7", 2, 306),
        ("a" * 307, "GSM-7", 3, 307),
        ("€" * 80, "GSM-7", 1, 160),
        ("€" * 81, "GSM-7", 2, 162),
        ("€" * 153, "GSM-7", 3, 306),  # 76 pairs to a part, the 153rd septet stays empty
        ("中" * 70, "UCS-2", 1, 70),
        ("中" * 71, "UCS-2", 2, 71),
        ("😀" * 35, "UCS-2", 1, 70),
        ("😀" * 67, "UCS-2", 3, 134),  # 33 pairs to a part
        ("ö" * 160, "GSM-7", 1, 160),
        ("ç", "UCS-2", 1, 1),  # the alphabet has only the capital one
        ("a\N{NO-BREAK SPACE}b", "UCS-2", 1, 3),
    ],
)
def test_known_texts(text: str, encoding: str, segments: int, units: int) -> None:
    size = count(text)
    assert (size.encoding, size.count, size.units) == (encoding, segments, units)


def test_the_alphabet_has_the_standards_size() -> None:
    """128 positions, one of which is the escape; 10 printable or page-break extensions."""
    assert len(GSM_BASIC) == 127
    assert len(GSM_EXTENSION) == 10
    assert not GSM_BASIC & GSM_EXTENSION


def test_strays_are_what_doubles_the_price() -> None:
    assert strays("Reply OK 482913 €{}") == 0
    assert strays("Caf\u0113 at 9") == 1
    assert strays("行程") == 2
