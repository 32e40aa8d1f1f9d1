"""The answer as texts: what they say, and that they are never longer than four segments."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from consent.references import reference
from core import catalogue
from core.segments import Encoding, count
from inquiry.pages import MOST_SEGMENTS, answer_pages
from inquiry.places import city_name, place_name
from travel.itinerary import Coverage, Itinerary, Place, StayPoint, compile_itinerary
from travel.window import Window

ZONE = ZoneInfo("Asia/Shanghai")
WINDOW = Window(date(2026, 11, 9), date(2026, 11, 22), ZONE)
FULL = [Coverage(day, 1) for day in WINDOW.days]


@dataclass(frozen=True)
class Town:
    code: str
    name: str
    name_zh: str
    country: str = "CN"


CITIES = {
    town.code: town
    for town in (
        Town("hz", "Hangzhou", "杭州"),
        Town("sh", "Shanghai", "上海"),
        Town("su", "Suzhou", "苏州"),
        Town("hk", "Hong Kong", "香港", "HK"),
        Town("bk", "Bangkok", "曼谷", "TH"),
        Town("TH", "Thailand", "泰国", "TH"),
        Town("rp", "Rivière-des-Prairies–Pointe-aux-Trembles", "", "CA"),
        Town("CA", "Canada", "加拿大", "CA"),
    )
}


def at(day: int, hour: int) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=ZONE)


def stay(first: tuple[int, int], last: tuple[int, int], *cities: str) -> StayPoint:
    return StayPoint(Place.of(*cities), at(*first), at(*last))


def story() -> Itinerary:
    points = [
        stay((9, 0), (14, 8), "bk"),
        stay((14, 20), (17, 9), "hz"),
        stay((17, 11), (17, 20), "sh", "su"),
        stay((17, 22), (23, 0), "hz"),
    ]
    coverage = [c for c in FULL if c.day != date(2026, 11, 12)]
    return compile_itinerary(points, coverage, WINDOW, fed_through=date(2026, 11, 22))


def test_the_answer_in_english() -> None:
    (page,) = answer_pages(story(), CITIES, locale="en", reference="7F3K2M9Q")
    assert page.splitlines() == [
        "travelcheck: cities of this phone, 9-22 Nov",
        "Hangzhou: 14-22 Nov",
        "Shanghai or Suzhou: 17 Nov",
        "Bangkok, Thailand: 9-14 Nov",
        "Data through 22 Nov; data on 13 of 14 days.",
        "No data: 12 Nov.",
        "Counts stays of 4 hours or more (rule 2). Ref 7F3K2M9Q",
    ]


def test_the_answer_in_chinese() -> None:
    (page,) = answer_pages(story(), CITIES, locale="zh", reference="7F3K2M9Q")
    assert page.splitlines() == [
        "【行程查询】本机到访城市，11月9日至22日",
        "杭州：11月14日至22日",
        "上海或苏州：11月17日",
        "泰国曼谷：11月9日至14日",
        "数据截至11月22日，14天中13天有数据。",
        "无数据：11月12日。",
        "只列停留满4小时的城市（规则2）。编号7F3K2M9Q",
    ]


@pytest.mark.parametrize("locale", catalogue.locales())
def test_the_answer_names_the_hours_that_count(locale: str, settings: Settings) -> None:
    settings.MINIMUM_STAY_HOURS = 6
    (page,) = answer_pages(story(), CITIES, locale=locale, reference="7F3K2M9Q")
    foot = catalogue.render(locale, "answer.foot", hours=6, version="2", reference="7F3K2M9Q")
    assert page.endswith(foot)


@pytest.mark.parametrize("locale", catalogue.locales())
def test_nothing_found_is_said_plainly(locale: str) -> None:
    (page,) = answer_pages(
        compile_itinerary([], FULL, WINDOW), CITIES, locale=locale, reference="7F3K2M9Q"
    )
    assert catalogue.render(locale, "answer.nothing", hours=4) in page


@pytest.mark.parametrize("locale", catalogue.locales())
def test_no_day_with_data_says_that_we_cannot_tell(locale: str) -> None:
    pages = answer_pages(
        compile_itinerary([], [], WINDOW), CITIES, locale=locale, reference="7F3K2M9Q"
    )
    assert pages == [catalogue.render(locale, "answer.no_data")]


def test_days_that_are_not_in_yet_are_not_called_days_without_data() -> None:
    itinerary = compile_itinerary([], FULL[:10], WINDOW, fed_through=date(2026, 11, 18))
    (page,) = answer_pages(itinerary, CITIES, locale="en", reference="7F3K2M9Q")
    assert "Data through 18 Nov; data on 10 of 14 days." in page
    assert "No data" not in page
    late = compile_itinerary([], FULL[:1], WINDOW, fed_through=date(2026, 11, 1))
    (page,) = answer_pages(late, CITIES, locale="en", reference="7F3K2M9Q")
    assert catalogue.render("en", "answer.not_yet") in page


@pytest.mark.parametrize(
    ("code", "english", "chinese"),
    [
        ("hz", "Hangzhou", "杭州"),
        ("hk", "Hong Kong", "香港"),
        ("bk", "Bangkok, Thailand", "泰国曼谷"),
        ("TH", "Thailand", "泰国"),
        ("gone", "gone", "gone"),
        (
            "rp",
            "Rivière-des-Prairies-Pointe-aux-Trembles, Canada",
            "加拿大Rivière-des-Prairies–Pointe-aux-Trembles",
        ),
    ],
)
def test_names(code: str, english: str, chinese: str) -> None:
    assert city_name(code, CITIES, "zh") == chinese
    assert city_name(code, CITIES, "en").replace("è", "e") == english.replace("è", "e")


def test_a_border_with_one_known_name() -> None:
    assert place_name(Place.of("sh", "gone"), CITIES, "en") == "gone or Shanghai"


def test_an_english_answer_is_gsm7_even_with_typographic_names() -> None:
    itinerary = compile_itinerary([stay((10, 0), (12, 0), "rp")], FULL, WINDOW)
    (page,) = answer_pages(itinerary, CITIES, locale="en", reference="7F3K2M9Q")
    assert count(page).encoding is Encoding.GSM7


def test_references_differ_in_one_bit_and_are_easy_to_read() -> None:
    assert reference(uuid.UUID(int=0)) == "00000000"
    assert reference(uuid.UUID(int=2**128 - 1)) == "ZZZZZZZZ"
    assert reference(uuid.UUID(int=1 << 88)) == "00000001"
    assert not set("ILOU") & set(reference(uuid.uuid4()))


@st.composite
def journeys(draw: st.DrawFn) -> tuple[Itinerary, dict[str, Town]]:
    """Up to sixty cities with names of any length, borders, and holes in the data."""
    names = draw(st.lists(st.text("abcdé–杭州 ", min_size=1, max_size=42), min_size=1, max_size=60))
    towns = {str(n): Town(str(n), name, name, "XX") for n, name in enumerate(names)}
    towns["XX"] = Town("XX", "X" * draw(st.integers(1, 38)), "外" * 10, "XX")
    points = []
    for n in range(len(names)):
        other = draw(st.sampled_from([str(n), str((n + 1) % len(names))]))
        start = WINDOW.start + timedelta(hours=draw(st.integers(0, 331)))
        points.append(StayPoint(Place.of(str(n), other), start, start + timedelta(hours=5)))
    coverage = draw(st.lists(st.sampled_from(FULL), min_size=1))
    return compile_itinerary(points, coverage, WINDOW), towns


@given(journeys(), st.sampled_from(catalogue.locales()))
def test_no_text_is_longer_than_four_segments_and_no_city_is_lost(
    journey: tuple[Itinerary, dict[str, Town]], locale: str
) -> None:
    itinerary, towns = journey
    pages = answer_pages(itinerary, towns, locale=locale, reference="7F3K2M9Q")
    assert all(count(page).count <= MOST_SEGMENTS for page in pages)
    more = catalogue.render(locale, "answer.more")
    assert [page.endswith(more) for page in pages] == [True] * (len(pages) - 1) + [False]
    text = "\n".join(pages)
    for place in {visit.place for visit in itinerary.visits}:
        line = catalogue.render(
            locale, "answer.line", place=place_name(place, towns, locale), days=""
        ).strip()
        assert line in text
