"""What texts mean: every spelling of every word, and nothing that only looks like one."""

import random
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core import catalogue
from inquiry import intents
from inquiry.parse import CODE, parse, shown_locale

FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
FULL_WIDTH_LETTERS = {ord("A") + n: chr(ord("Ａ") + n) for n in range(26)}
BIDI = "\u202e\u200f\u2066\u200b\ufeff\u00ad"
KEYWORDS = sorted(
    {form for code in catalogue.locales() for g in catalogue.keywords(code).values() for form in g}
)
STOP_WORDS = [f for c in catalogue.locales() for f in catalogue.keywords(c)["stop"]]
OK_WORDS = [f for c in catalogue.locales() for f in catalogue.keywords(c)["ok"]]


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("TRIP", intents.Trip()),
        ("cxmyd", intents.Trip()),
        ("行程", intents.Trip()),
        ("查询漫游地", intents.Trip()),
        ("OK 482913", intents.Grant("482913")),
        ("Löschen", intents.Erase(None)),
        ("LÖSCHEN482913", intents.Erase("482913")),
        ("streichen 2", intents.Drop(2)),
        ("Nein danke", intents.Refuse(None)),
        ("JA", intents.Yes()),
        ("Hilfe bitte", intents.Help()),
        ("SPRACHE de", intents.ChooseLanguage("de")),
        ("Deutsch", intents.ChooseLanguage("de")),
        ("同意 482913", intents.Grant("482913")),
        ("NO 482913", intents.Refuse("482913")),
        ("不同意482913", intents.Refuse("482913")),
        ("no", intents.Refuse(None)),
        ("MORE", intents.More()),
        ("更多", intents.More()),
        ("LIST", intents.ListConsents()),
        ("DROP 2", intents.Drop(2)),
        ("撤销２", intents.Drop(2)),
        ("DROP", intents.Drop(None)),
        ("DROP 482913", intents.Drop(None)),
        ("LOG", intents.ShowLog()),
        ("LOG 3", intents.ShowLog(3)),
        ("记录２", intents.ShowLog(2)),
        ("LOG 482913", intents.Unknown("log")),
        ("TRIP 1234", intents.Trip("1234")),
        ("cxmyd#123x", intents.Trip("123X")),
        ("行程 123X", intents.Trip("123X")),
        ("TRIP 12345", intents.Unknown("trip")),
        ("LANG zh", intents.ChooseLanguage("zh")),
        ("语言 英文", intents.ChooseLanguage("en")),
        ("中文", intents.ChooseLanguage("zh")),
        ("LANG", intents.ChooseLanguage(None)),
        ("LANG tlh", intents.ChooseLanguage(None)),
        ("ERASE", intents.Erase(None)),
        ("删除 123456", intents.Erase("123456")),
        ("HELP", intents.Help()),
        ("help me please", intents.Help()),
        ("帮助", intents.Help()),
        ("START", intents.Start()),
        ("恢复", intents.Start()),
        ("YES", intents.Yes()),
        ("yes please", intents.Yes()),
        ("yes 12", intents.Yes()),
        ("482913", intents.BareCode()),
        ("<482 913>", intents.BareCode()),
        ("my code is 482913", intents.BareCode()),
        ("OK", intents.GrantWithoutCode()),
        ("OK 48291", intents.GrantWithoutCode()),
        ("OK 4829133", intents.GrantWithoutCode()),
        ("ok thanks", intents.GrantWithoutCode()),
        ("SHARE", intents.Share()),
        ("分享", intents.Share()),
        ("WRONG 2", intents.Wrong(2)),
        ("CHECK 3f2a 9c1o", intents.Check("3F2A9C10")),
        ("check: 12345678", intents.Check("12345678")),
        ("核对 ABCDEFGH", intents.Check("ABCDEFGH")),
        ("CHECK K7M2Q-X9TBR", intents.Check("K7M2QX9TBR")),
        ("CHECK 1234", intents.Check("")),
        ("CHECK", intents.Check("")),
        ("check this out please", intents.Check("")),
        ("checked", intents.Unknown("check")),
        ("BLOCK 1", intents.Block(1)),
        ("BLOCK", intents.Block(None)),
        ("UNBLOCK 1", intents.Unblock(1)),
        ("解除屏蔽1", intents.Unblock(1)),
        ("PAUSE", intents.Pause()),
        ("暂停", intents.Pause()),
        ("", intents.Empty()),
        (" \u200b\n", intents.Empty()),
        ("👍", intents.Unknown(None)),
        ("tirp", intents.Unknown("trip")),
        ("hlep", intents.Unknown("help")),
        ("trip?", intents.Unknown("trip")),
        ("trip please", intents.Unknown("trip")),
        ("行城", intents.Unknown("trip")),
        ("cxmyd#1234", intents.Trip("1234")),
        ("please do stop", intents.Unknown("stop")),
        ("no way", intents.Unknown(None)),
        ("good morning to all of you", intents.Unknown(None)),
    ],
)
def test_meaning(text: str, meaning: intents.Intent) -> None:
    assert parse(text) == meaning


@pytest.mark.parametrize(
    "doubtful",
    [
        "OK 482913?",
        "OK 482913 👎",
        "NOT OK 482913",
        "OK 482913 but only today",
        "不好482913",
        "OK 482913 OK 482913",
        "OKAY 482913",
        "YES 482913",
        "482913 OK",
        "OK 482913 STOP",
        "OK 48291三",
    ],
)
def test_doubt_never_grants(doubtful: str) -> None:
    assert not isinstance(parse(doubtful), intents.Grant)


@pytest.mark.parametrize("word", STOP_WORDS)
@pytest.mark.parametrize("after", ["", " 2", " TRIP", "！", " OK 482913", " 谢谢", "\nthanks"])
def test_stop_wins_whatever_follows(word: str, after: str) -> None:
    assert parse(word + after) == intents.Stop()
    assert parse(word.lower() + after) == intents.Stop()


@pytest.mark.parametrize("text", ["退订谢谢", "取消行程", "S T O P", "stop2", "stopall!"])
def test_stop_without_spaces_or_with_too_many(text: str) -> None:
    assert parse(text) == intents.Stop()


@given(st.sampled_from(KEYWORDS), st.randoms(use_true_random=False))
def test_case_spacing_width_and_invisible_characters_change_nothing(
    keyword: str, chance: random.Random
) -> None:
    def dress(character: str) -> str:
        drawn = chance.choice([character, character.lower(), character.upper()])
        wide = drawn.translate(FULL_WIDTH_LETTERS)
        return chance.choice(["", " ", "\u3000", chance.choice(BIDI)]) + chance.choice(
            [drawn, wide]
        )

    assert parse("".join(dress(c) for c in keyword)) == parse(keyword)


@given(st.sampled_from(OK_WORDS), st.from_regex(CODE, fullmatch=True), st.sampled_from(["", " "]))
def test_digits_of_any_script_are_digits(word: str, code: str, space: str) -> None:
    plain = "".join(str(unicodedata.decimal(digit)) for digit in code)
    assert parse(word + space + code.translate(FULL_WIDTH)) == intents.Grant(plain)


PIECES = st.lists(
    st.one_of(
        st.sampled_from([*KEYWORDS, " ", "?", "👍", "482913", "４８２９１３", "2", "谢谢"]),
        st.text(max_size=4),
    ),
    max_size=5,
).map("".join)


@given(st.one_of(st.text(), PIECES))
@example("\ud800")
@example("OK" + "9" * 5000)
@example("²²²²²²")
@example("ᴼᴷ 482913")
def test_never_raises_and_grants_only_with_ok_and_six_digits(body: str) -> None:
    meaning = parse(body)
    if isinstance(meaning, intents.Grant):
        assert CODE.fullmatch(meaning.code)
        assert meaning.code.isascii()
        assert catalogue.compact(body) in {catalogue.compact(w) + meaning.code for w in OK_WORDS}
    assert shown_locale(body) in (*catalogue.locales(), None)


@given(st.sampled_from(STOP_WORDS), st.text(max_size=40))
def test_nothing_after_stop_and_a_space_changes_it(word: str, rest: str) -> None:
    assert parse(f"{word} {rest}") == intents.Stop()


@pytest.mark.parametrize(
    ("text", "locale"),
    [
        ("TRIP", "en"),
        ("ＴＲＩＰ", "en"),
        ("行程", "zh"),
        ("CXMYD", "zh"),
        ("你好", "zh"),
        ("REISE", "de"),
        ("lösch en", "de"),
        ("hello", None),  # more than one language is written like it
        ("OK 482913", None),  # everybody's word
        ("hello 你好", None),
        ("", None),
        ("👍", None),
        ("482913", None),
        ("привет", None),
    ],
)
def test_a_text_shows_its_language(text: str, locale: str | None) -> None:
    assert shown_locale(text) == locale


def test_every_word_of_a_catalogue_is_understood() -> None:
    for keyword in KEYWORDS:
        assert not isinstance(parse(keyword), intents.Unknown | intents.Empty), keyword
