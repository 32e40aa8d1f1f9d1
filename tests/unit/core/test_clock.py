from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from core import clock

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")


def test_now_is_aware_and_utc() -> None:
    with time_machine.travel(datetime(2026, 11, 23, 8, 0, tzinfo=UTC), tick=False):
        assert clock.now() == datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
        assert clock.now().utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("moment", "first", "last"),
    [
        # The example the carriers gave: on 15 September, 1 to 14 September.
        (datetime(2022, 9, 15, 0, 0, tzinfo=SHANGHAI), date(2022, 9, 1), date(2022, 9, 14)),
        (datetime(2022, 9, 15, 23, 59, 59, tzinfo=SHANGHAI), date(2022, 9, 1), date(2022, 9, 14)),
        (datetime(2022, 9, 16, 0, 0, tzinfo=SHANGHAI), date(2022, 9, 2), date(2022, 9, 15)),
        # Across the end of February of a leap year.
        (datetime(2020, 3, 5, 12, 0, tzinfo=SHANGHAI), date(2020, 2, 20), date(2020, 3, 4)),
    ],
)
def test_the_window_is_fourteen_full_days_ending_yesterday(
    moment: datetime, first: date, last: date
) -> None:
    assert clock.full_days_before(moment, days=14, zone=SHANGHAI) == (first, last)


def test_a_local_day_may_have_twenty_three_or_twenty_five_hours() -> None:
    def length(day: date) -> timedelta:
        return clock.start_of_day(day + timedelta(days=1), BERLIN) - clock.start_of_day(day, BERLIN)

    assert length(date(2026, 3, 29)) == timedelta(hours=23)
    assert length(date(2026, 10, 25)) == timedelta(hours=25)
    assert length(date(2026, 6, 1)) == timedelta(hours=24)


@given(st.integers(0, 3_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)))
def test_a_moment_lies_in_its_local_day(moment: datetime) -> None:
    for zone in (SHANGHAI, BERLIN):
        day = clock.local_day(moment, zone)
        assert clock.start_of_day(day, zone) <= moment
        assert moment < clock.start_of_day(day + timedelta(days=1), zone)
