"""What an organisation may be called: the name stands in a notice on somebody's phone."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from organisations.names import LONGEST, BadNameError, name_key, registered


@pytest.mark.parametrize(
    "name",
    [
        "Harbour Works Ltd.",
        "Müller & Söhne",
        "O'Brien (Asia) Co., Ltd.",
        "7-Eleven",
        "3M",
        "北京大学第一医院",
        "上海 IBM 中国（华东）",
        "Łódź Énergie S.A.",
    ],
)
def test_names_as_registers_have_them(name: str) -> None:
    assert registered(name) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("X", "length"),
        ("a" * 61, "length"),
        ("  ", "length"),
        ("Bank\u202egro", "unseen"),
        ("Ba\u200bnk", "unseen"),
        ("Line\nbreak", "unseen"),
        ("\u0000Bank", "unseen"),
        ("Вank", "characters"),  # Cyrillic В
        ("Βank", "characters"),  # Greek Β
        ("ꓐank", "characters"),  # Lisu
        ("Bɑnk", "characters"),  # phonetic alpha
        ("𝐁ank", "characters"),  # mathematical
        ("Ｂank", "characters"),  # full width
        ("二カ", "characters"),  # katakana beside the Chinese two
        ("Bank 🏦", "characters"),
        ("...", "characters"),
        ("Bank {code}", "characters"),
        ("Bank: reply OK", "characters"),
        ("evil.example", "link"),
        ("www evil", "link"),
        ("http//evil", "link"),
        ("58.com", "link"),
        ("Reply OK 482913", "digits"),
        ("Call +86 138-0000", "digits"),
        ("Call 1 3 8 0 0", "digits"),
    ],
)
def test_names_that_say_something_else(name: str, why: str) -> None:
    with pytest.raises(BadNameError) as refused:
        registered(name)
    assert refused.value.key == f"name.{why}"


@given(st.text(max_size=80))
def test_whatever_is_registered_is_short_visible_and_stays_itself(raw: str) -> None:
    try:
        name = registered(raw)
    except BadNameError:
        return
    assert 2 <= len(name) <= LONGEST
    assert registered(name) == name
    assert all(unicodedata.category(c)[0] != "C" and c not in ":{}@<>\\\n" for c in name)


def test_names_that_eyes_confuse_are_one() -> None:
    assert name_key("Harbour Works Ltd.") == name_key("HARBOUR-WORKS  (Ltd)")
    assert name_key("Müller") == name_key("MULLER")
    assert name_key("Harbour Works") != name_key("Harbor Works")
