"""Every text in every language, with the longest values it can get, is held to its length."""

import re
from datetime import date, timedelta

import pytest

from core import catalogue
from core.segments import Encoding, count
from inquiry.words import languages

#: Segments; every other text: one. An organisation's name may have 60 characters.
BUDGET = {
    "notice.self": 3,
    "notice.visit": 3,
    # With eight places, all of which it names.
    "notice.visited_any": 6,
    "notice.stayed_only_in": 6,
    "notice.itinerary": 4,
    "receipt.asker": 4,
    "receipt.nobody": 2,
    "receipt.no_data": 2,
    "help.all": 3,
    "erase.ask": 2,
    "erase.kept": 2,
    "refuse.asker": 2,
    "refuse.recalled": 2,
    "drop.recalled": 2,
    "share.code": 2,
    "stop.by_phone": 2,
    "block.done": 2,
    "block.already": 2,
    "unblock.done": 2,
    "unblock.over": 2,
}
#: Parts of longer texts, which are held to their length as a whole elsewhere.
PARTS = (
    "answer.line",
    "answer.border",
    "answer.abroad",
    "list.line",
    "list.asked",
    "list.handed",
    "list.unshown",
    "log.line",
    "log.head",
    "log.look",
    "log.staff",
    "log.foot",
    "log.asked_for",
    "log.days",
    "log.receipt",
    "block.line",
    "check.asker",
    "check.receipt",
    "check.said_yes",
    "check.said_no",
    "check.said_cannot_tell",
    "check.said_listed",
    "check.deleted",
    "check.taken_back",
    "dispute.list_line",
)
NO_COMMANDS = frozenset({"SMS"})
YEAR = [date(2028, 1, 1) + timedelta(days=n) for n in range(366)]
VERDICTS = re.compile(
    r"risk|safe|danger|suspect|infect|healthy|violat|clean record|green|yellow|red code"
    r"|risiko|sicher|gefahr|verdacht|infiziert|gesund|versto(ß|ss)"
    r"|风险|安全|危险|可疑|感染|健康|违规|绿码|黄码|红码",
    re.IGNORECASE,
)
LINKS = re.compile(r"https?:|www\.|\w\.(com|cn|org|net|gov)\b", re.IGNORECASE)

#: By the script of a language: what is longest in it.
LIST_OF_PLACES = {
    "LATIN": "; ".join(["Riviere-des-Prairies-Pointe-aux-Trembles"] * 8),
    "CJK": "、".join(["西双版纳傣族自治州"] * 8),
}
LONGEST_NAMES = {"LATIN": "M" * 60, "CJK": "长" * 60}

EVERY_TEXT = [
    (locale, key) for locale in catalogue.locales() for key in catalogue.language(locale).texts
]


def longest_values(locale: str) -> dict[str, str | int]:
    texts, script = catalogue.language(locale).texts, catalogue.language(locale).script
    day = max((catalogue.format_day(locale, d) for d in YEAR), key=len)
    fortnights = (catalogue.format_days(locale, d, d + timedelta(days=13)) for d in YEAR)
    words = (catalogue.keywords(locale)[command][0] for command in catalogue.keywords(locale))
    return {
        "asker": LONGEST_NAMES[script],
        "city": "Riviere-des-Prairies-Pointe-aux-Trembles",
        "code": "482913",
        "country": "South Georgia & South Sandwich Islands",
        "day": day,
        "days": 14,
        "delete": day,
        "first": "Nakhon Si Thammarat",
        "hours": 4,
        "kept_days": 30,
        "languages": languages(locale),
        "look": catalogue.render(locale, "log.none"),
        "minutes": 30,
        "n": 99,
        "number": "+861012345678901",
        "period": max(fortnights, key=len),
        "question": catalogue.render(locale, "question.stayed_only_in"),
        "place": "Nakhon Si Thammarat",
        "places": LIST_OF_PLACES[script],
        "purpose": max(
            (text for key, text in texts.items() if key.startswith("purpose.")), key=len
        ),
        "reference": "ZZZZZZZZZZ",
        "result": "in progress",
        "said": catalogue.render(locale, "check.said_cannot_tell"),
        "second": "Nakhon Si Thammarat",
        "valid": f"{day} 23:59",
        "valid_days": 366,
        "version": "1",
        "visit": catalogue.render(
            locale, "answer.border", first="Nakhon Si Thammarat", second="Nakhon Si Thammarat"
        ),
        "reason": max(
            (text for key, text in texts.items() if key.startswith("dispute.reason.")), key=len
        ),
        "what": catalogue.render(locale, "list.self"),
        "when": f"{day} 23:59",
        "who": LONGEST_NAMES[script],
        "with_data": 14,
        "word": max(words, key=len),
        "year": 2028,
    }


def longest(locale: str, key: str) -> str:
    named = catalogue.placeholders(catalogue.language(locale).texts[key])
    values = longest_values(locale)
    return catalogue.render(locale, key, **{name: values[name] for name in named})


@pytest.mark.parametrize(("locale", "key"), EVERY_TEXT)
def test_length(locale: str, key: str) -> None:
    if key in PARTS:
        return
    counted = count(longest(locale, key))
    assert counted.count <= BUDGET.get(key, 1), f"{counted.units} units"


@pytest.mark.parametrize(("locale", "key"), EVERY_TEXT)
def test_a_language_in_gsm7_stays_in_it(locale: str, key: str) -> None:
    if catalogue.language(locale).is_gsm7:
        assert count(longest(locale, key)).encoding is Encoding.GSM7


@pytest.mark.parametrize(("locale", "key"), EVERY_TEXT)
def test_no_links_no_verdicts_and_nothing_loose(locale: str, key: str) -> None:
    text = catalogue.language(locale).texts[key]
    assert not LINKS.search(text)
    assert not VERDICTS.search(text)
    assert text == text.strip()
    assert "  " not in text


@pytest.mark.parametrize("locale", catalogue.locales())
def test_the_notice_says_what_it_must_and_ends_with_the_answer_to_give(locale: str) -> None:
    notice = longest(locale, "notice.self")
    assert notice.endswith("OK 482913")
    stop_words = catalogue.keywords(locale)["stop"]
    log_words = catalogue.keywords(locale)["log"]
    assert any(word in notice for word in stop_words)
    assert any(word in notice for word in log_words)
    for must in ("14", "366", "24"):  # which days, how long the consent and the answer last
        assert must in notice


@pytest.mark.parametrize("locale", catalogue.locales())
def test_every_word_that_a_text_tells_people_to_send_is_understood(locale: str) -> None:
    """In quotation marks where there are no capitals."""
    spoken = catalogue.language(locale)
    told = re.compile(r"“([^”{]+)”" if spoken.script == "CJK" else r"\b([A-ZÀ-ÖØ-Þ]{2,})\b")
    known = catalogue.commands()
    for key, text in spoken.texts.items():
        for word in told.findall(text):
            if word in NO_COMMANDS:
                continue
            command = re.sub(r"\d+$", "", catalogue.compact(word))
            assert command in known, f"{key}: {word}"


@pytest.mark.parametrize(
    ("locale", "told"),
    [
        ("en", "LANG en or de or zh"),
        ("de", "SPRACHE en oder de oder zh"),
        ("zh", "语言 en或de或zh"),
    ],
)
def test_one_language_is_to_be_chosen(locale: str, told: str) -> None:
    """A reader must not take the languages for a pair, or text them both."""
    assert languages(locale) == told


def test_ok_is_said_to_hold_until_it_ends_not_from_then_on() -> None:
    assert "lasts 366 days; until it ends, TRIP is answered at once" in longest("en", "notice.self")
