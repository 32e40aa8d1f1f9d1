"""Local days and hours in SQL are those of the calendar, also when clocks change."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import start_of_day
from signaling import local_days

BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")
HOUR = local_days.HOUR_MS


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        (date(2026, 3, 29), BERLIN, 23),
        (date(2026, 10, 25), BERLIN, 25),
        (date(2026, 10, 24), BERLIN, 24),
        (date(2026, 10, 25), SHANGHAI, 24),
    ],
)
def test_a_day_has_the_hours_it_has(day: date, zone: ZoneInfo, hours: int) -> None:
    ((found, low, high),) = local_days.day_bounds(day, day, zone)
    assert (found, high - low) == (day, hours * HOUR)


@given(st.integers(-3 * 24 * 60, 3 * 24 * 60), st.sampled_from([BERLIN, SHANGHAI]))
def test_a_moment_has_its_local_day_and_the_hour_since_midnight(
    minutes: int, zone: ZoneInfo
) -> None:
    moment = datetime(2026, 10, 25, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    local = local_days.local_ms("t", date(2026, 10, 20), date(2026, 10, 30), zone)
    wall = moment.astimezone(zone)
    [(_, low, _)] = local_days.day_bounds(wall.date(), wall.date(), zone)
    row = duckdb.execute(
        f"SELECT {local_days.day_sql(local)}, {local_days.hour_bit_sql('t', low)}"
        f" FROM (SELECT {local_days.epoch_ms(moment)}::BIGINT AS t)"
    ).fetchone()
    elapsed = moment - start_of_day(wall.date(), zone)
    assert row == (wall.date(), 1 << int(elapsed / timedelta(hours=1)))


@given(st.integers(0, 400), st.integers(1, 9 * 24 * 60))
def test_pieces_cut_at_midnights_add_up(start: int, minutes: int) -> None:
    first = datetime(2026, 10, 22, tzinfo=UTC) + timedelta(hours=start % 96)
    low = local_days.epoch_ms(first)
    high = low + minutes * 60_000
    days = local_days.day_bounds(date(2026, 10, 21), date(2026, 11, 6), BERLIN)
    pieces = [(max(low, a), min(high, b)) for _, a, b in days if low < b and high > a]
    assert sum(b - a for a, b in pieces) == high - low
    assert all(one[1] == two[0] for one, two in pairwise(pieces))
