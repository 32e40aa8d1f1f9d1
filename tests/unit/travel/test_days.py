"""Each place once, with its days."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from travel.days import DayRange, by_place, day_ranges
from travel.itinerary import Place, Visit

DAYS = st.lists(st.dates(date(2026, 10, 20), date(2026, 11, 20)), max_size=20)


def visit(city: str, first: int, last: int) -> Visit:
    start = datetime(2026, 11, first, 8, tzinfo=UTC)
    end = datetime(2026, 11, last, 18, tzinfo=UTC)
    return Visit(Place.of(city), start, end, start.date(), end.date())


def test_a_city_visited_twice_is_named_once() -> None:
    home = [visit("home", 20, 22), visit("away", 17, 20), visit("home", 9, 17)]
    assert [(p.place.cities[0], p.ranges) for p in by_place(home)] == [
        (
            "home",
            (
                DayRange(date(2026, 11, 9), date(2026, 11, 17)),
                DayRange(date(2026, 11, 20), date(2026, 11, 22)),
            ),
        ),
        ("away", (DayRange(date(2026, 11, 17), date(2026, 11, 20)),)),
    ]


@given(DAYS)
def test_ranges_hold_exactly_the_days_and_never_touch(days: list[date]) -> None:
    ranges = day_ranges(days)
    unfolded = [
        r.first + timedelta(days=n) for r in ranges for n in range((r.last - r.first).days + 1)
    ]
    assert unfolded == sorted(set(days))
    pairs = pairwise(ranges)
    assert all((after.first - before.last).days > 1 for before, after in pairs)


def test_days_are_of_the_calendar_not_of_24_hours() -> None:
    """A range over the day the clocks change is still one range."""
    zone = ZoneInfo("Europe/Berlin")
    around = [datetime(2026, 10, day, tzinfo=zone).date() for day in (24, 25, 26)]
    assert day_ranges(around) == (DayRange(date(2026, 10, 24), date(2026, 10, 26)),)
