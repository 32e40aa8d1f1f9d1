"""The rule for a visit, held at its edges and by properties."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from travel import RULE_VERSION
from travel.itinerary import (
    MINIMUM_STAY,
    Coverage,
    Itinerary,
    Place,
    StayPoint,
    compile_itinerary,
)
from travel.window import Window

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
WINDOW = Window(date(2026, 11, 9), date(2026, 11, 22), SHANGHAI)
HOUR = timedelta(hours=1)
ZONES = st.sampled_from([SHANGHAI, BERLIN, ZoneInfo("America/St_Johns"), ZoneInfo("Asia/Kabul")])


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    """A local time as an aware moment."""
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=zone)


def stay(start: str, end: str, city: str = "hangzhou", other: str | None = None) -> StayPoint:
    return StayPoint(Place.of(city, other), at(start), at(end))


def compiled(*points: StayPoint) -> Itinerary:
    return compile_itinerary(points, [], WINDOW)


def test_pieces_cut_at_midnight_are_one_visit() -> None:
    itinerary = compiled(stay("11-11T21:00", "11-12T00:00"), stay("11-12T00:00", "11-12T02:00"))
    (visit,) = itinerary.visits
    assert (visit.end - visit.start, visit.first_day, visit.last_day) == (
        5 * HOUR,
        date(2026, 11, 11),
        date(2026, 11, 12),
    )


def test_a_hole_between_pieces_is_not_filled() -> None:
    later = stay("11-12T00:01", "11-12T03:00")
    assert compiled(stay("11-11T21:00", "11-12T00:00"), later).visits == ()


@pytest.mark.parametrize(("minutes", "visits"), [(239, 0), (240, 1), (241, 1)])
def test_four_hours_count_and_a_minute_less_does_not(minutes: int, visits: int) -> None:
    start = at("11-12T08:00")
    point = StayPoint(Place.of("hangzhou"), start, start + timedelta(minutes=minutes))
    assert len(compiled(point).visits) == visits


def test_what_lies_before_the_window_does_not_count() -> None:
    assert compiled(stay("11-08T12:00", "11-09T03:59")).visits == ()
    (visit,) = compiled(stay("11-08T12:00", "11-09T04:00")).visits
    assert (visit.start, visit.first_day) == (WINDOW.start, date(2026, 11, 9))


def test_what_lies_after_the_window_does_not_count() -> None:
    assert compiled(stay("11-22T20:01", "11-23T12:00")).visits == ()
    (visit,) = compiled(stay("11-22T20:00", "11-23T12:00")).visits
    assert (visit.end, visit.last_day) == (WINDOW.end, date(2026, 11, 22))


def test_a_visit_that_ends_at_midnight_does_not_touch_the_next_day() -> None:
    (visit,) = compiled(stay("11-12T10:00", "11-13T00:00")).visits
    assert visit.last_day == date(2026, 11, 12)


def test_border_evidence_stays_undecided_and_apart_from_either_city() -> None:
    either = stay("11-12T10:00", "11-12T15:00", "suzhou", "shanghai")
    certain = stay("11-12T15:00", "11-12T18:00", "shanghai")
    (visit,) = compiled(either, certain).visits
    assert visit.place == Place(("shanghai", "suzhou"))


def test_the_order_of_two_border_cities_says_nothing() -> None:
    first = stay("11-12T10:00", "11-12T12:00", "suzhou", "shanghai")
    second = stay("11-12T12:00", "11-12T14:00", "shanghai", "suzhou")
    assert len(compiled(first, second).visits) == 1


def test_latest_first() -> None:
    itinerary = compiled(
        stay("11-10T10:00", "11-10T20:00", "a"),
        stay("11-15T10:00", "11-15T20:00", "b"),
        stay("11-12T10:00", "11-12T20:00", "c"),
    )
    assert [v.place.cities for v in itinerary.visits] == [("b",), ("c",), ("a",)]


def test_days_with_data_are_those_of_the_window_with_an_observed_hour() -> None:
    coverage = [
        Coverage(date(2026, 11, 8), 1),
        Coverage(date(2026, 11, 9), 1 << 23),
        Coverage(date(2026, 11, 10), 0),
        Coverage(date(2026, 11, 23), 5),
    ]
    itinerary = compile_itinerary([], coverage, WINDOW)
    assert itinerary.days_with_data == (date(2026, 11, 9),)
    assert len(itinerary.days_without_data) == 13
    assert (itinerary.days, itinerary.rule_version) == (14, RULE_VERSION)


@pytest.mark.parametrize(
    ("fed", "through"),
    [
        (None, date(2026, 11, 22)),
        (date(2026, 11, 8), None),
        (date(2026, 11, 9), date(2026, 11, 9)),
        (date(2026, 11, 20), date(2026, 11, 20)),
        (date(2026, 11, 22), date(2026, 11, 22)),
        (date(2026, 11, 23), date(2026, 11, 22)),
    ],
)
def test_data_through_is_never_past_the_window_or_the_feed(
    fed: date | None, through: date | None
) -> None:
    assert compile_itinerary([], [], WINDOW, fed_through=fed).data_through == through


def test_the_night_the_clocks_change_has_its_real_length() -> None:
    """In Berlin the 25th of October 2026 has 25 hours: 01:00 to 04:00 lasts four of them."""
    window = Window(date(2026, 10, 20), date(2026, 11, 2), BERLIN)
    assert window.end - window.start == timedelta(days=14, hours=1)
    start, end = at("10-25T01:00", BERLIN), at("10-25T04:00", BERLIN)
    point = StayPoint(Place.of("berlin"), start.astimezone(UTC), end.astimezone(UTC))
    (visit,) = compile_itinerary([point], [], window).visits
    assert visit.end - visit.start == MINIMUM_STAY
    assert visit.first_day == visit.last_day == date(2026, 10, 25)


@pytest.mark.parametrize(
    ("moment", "last"),
    [("11-22T23:59:59", date(2026, 11, 21)), ("11-23T00:00:00", date(2026, 11, 22))],
)
def test_the_window_ends_with_yesterday_whatever_the_hour(moment: str, last: date) -> None:
    window = Window.before(at(moment).astimezone(UTC), days=14, zone=SHANGHAI)
    assert (window.last, len(window.days)) == (last, 14)


def test_a_window_or_a_point_that_ends_before_it_begins_is_an_error() -> None:
    with pytest.raises(ValueError, match="window"):
        Window(date(2026, 11, 9), date(2026, 11, 8), SHANGHAI)
    with pytest.raises(ValueError, match="stay-point"):
        stay("11-12T10:00", "11-12T10:00")


@st.composite
def windows(draw: st.DrawFn) -> Window:
    first = draw(st.dates(date(2020, 1, 1), date(2035, 1, 1)))
    return Window(first, first + timedelta(days=draw(st.integers(0, 13))), draw(ZONES))


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Window, list[StayPoint]]:
    """A window and stay-points around it that may overlap, touch, or lie outside."""
    window = draw(windows())
    base = window.start - timedelta(days=2)
    reach = int((window.end - base).total_seconds() // 60) + 2 * 24 * 60
    points = []
    for _ in range(draw(st.integers(0, 12))):
        start = draw(st.integers(0, reach))
        length = draw(st.integers(1, 36 * 60))
        cities = draw(st.lists(st.sampled_from("abc"), min_size=1, max_size=2))
        begin = base + timedelta(minutes=start)
        points.append(StayPoint(Place.of(*cities), begin, begin + timedelta(minutes=length)))
    return window, points


@given(worlds())
def test_every_visit_is_long_enough_inside_the_window_and_backed_by_points(
    world: tuple[Window, list[StayPoint]],
) -> None:
    window, points = world
    for visit in compile_itinerary(points, [], window).visits:
        assert visit.end - visit.start >= MINIMUM_STAY
        assert window.start <= visit.start < visit.end <= window.end
        assert window.first <= visit.first_day <= visit.last_day <= window.last
        backing = [p for p in points if p.place == visit.place and p.end > visit.start]
        covered = visit.start
        for point in sorted(backing, key=lambda p: p.start):
            if point.start <= covered:
                covered = max(covered, point.end)
        assert covered >= visit.end


@given(worlds(), st.randoms(use_true_random=False))
def test_order_repetition_and_cuts_at_midnight_change_nothing(
    world: tuple[Window, list[StayPoint]], random: Random
) -> None:
    window, points = world
    expected = compile_itinerary(points, [], window)
    pieces = [piece for point in points for piece in cut_by_day(point, window.zone)]
    random.shuffle(pieces)
    assert compile_itinerary([*pieces, *pieces[:3]], [], window) == expected


@given(worlds())
def test_visits_of_one_place_never_overlap_and_come_latest_first(
    world: tuple[Window, list[StayPoint]],
) -> None:
    window, points = world
    visits = compile_itinerary(points, [], window).visits
    assert [v.end for v in visits] == sorted((v.end for v in visits), reverse=True)
    for place in {v.place for v in visits}:
        spans = sorted((v.start, v.end) for v in visits if v.place == place)
        assert all(before[1] < after[0] for before, after in pairwise(spans))


def cut_by_day(point: StayPoint, zone: ZoneInfo) -> list[StayPoint]:
    """The pieces of a stay by local day, as the store holds them."""
    pieces, start = [], point.start
    while start < point.end:
        day = start.astimezone(zone).date() + timedelta(days=1)
        midnight = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
        end = min(point.end, midnight)
        pieces.append(StayPoint(point.place, start, end))
        start = end
    return pieces
