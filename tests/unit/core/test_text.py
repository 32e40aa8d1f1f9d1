"""Hygiene of texts that come in and go out."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import text
from core.segments import Encoding, encoding_of


@pytest.mark.parametrize(
    ("written", "cleaned"),
    [
        ("  TRIP \r\n", "TRIP"),
        ("TR\u200bIP", "TRIP"),
        ("\u202eTRIP\u202c", "TRIP"),
        ("OK\u3000４８２", "OK ４８２"),
        ("a\tb\n\nc", "a b c"),
        ("\ud83d", ""),
        ("\ue000x", "x"),
        ("👍", "👍"),
        ("\x00\x07", ""),
    ],
)
def test_clean(written: str, cleaned: str) -> None:
    assert text.clean(written) == cleaned


@given(st.text())
def test_clean_is_idempotent_and_leaves_nothing_unseen(written: str) -> None:
    cleaned = text.clean(written)
    assert text.clean(cleaned) == cleaned
    assert len(cleaned) <= text.MAX_LENGTH
    assert not any(unicodedata.category(c) in text.UNSEEN for c in cleaned)


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("ｏｋ ４８２９１３", "OK 482913"),
        ("٤٨٢", "482"),
        ("ﬁn", "FIN"),
        ("①", "1"),
        ("行程", "行程"),
    ],
)
def test_fold(written: str, folded: str) -> None:
    assert text.fold(written) == folded


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("Xi’an", "Xi'an"),
        ("9–14 Nov…", "9-14 Nov..."),
        ("Ürümqi", "Ürümqi"),
        ("Łódź", "Lodz"),
        ("São Tomé", "Sao Tomé"),
        ("Ōsaka", "Osaka"),
        ("a\u00a0b", "a b"),
        ("杭州", "杭州"),
    ],
)
def test_gsm7_keeps_names_readable(written: str, sent: str) -> None:
    assert text.gsm7(written) == sent


@given(st.text(st.sampled_from("abcÄéñŁőşģ’“”–—…\u00a0'\"-")))
def test_latin_text_never_costs_ucs2(written: str) -> None:
    assert encoding_of(text.gsm7(written)) is Encoding.GSM7


@pytest.mark.parametrize(
    ("written", "script"),
    [
        ("hello", "LATIN"),
        ("你好", "CJK"),
        ("hi 你好", "CJK"),
        ("привет", "CYRILLIC"),
        ("12 👍", None),
    ],
)
def test_script(written: str, script: str | None) -> None:
    assert text.script(written) == script


def test_words_end_where_the_script_changes() -> None:
    assert text.words("STOP谢谢 2X") == ["STOP", "谢谢", "2", "X"]
