"""Local days and hours as SQL over epoch milliseconds, also across changes of daylight saving."""

from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from core.clock import start_of_day

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
EPOCH = date(1970, 1, 1)


def epoch_ms(moment: datetime) -> int:
    return int(moment.timestamp()) * 1000 + moment.microsecond // 1000


def day_bounds(first: date, last: date, zone: ZoneInfo) -> list[tuple[date, int, int]]:
    """(day, from, to) in epoch milliseconds for each local day; a day may have 23 or 25 hours."""
    days = [first + timedelta(days=n) for n in range((last - first).days + 2)]
    starts = [epoch_ms(start_of_day(day, zone)) for day in days]
    return [(day, low, high) for day, (low, high) in zip(days, pairwise(starts), strict=False)]


def local_ms(column: str, first: date, last: date, zone: ZoneInfo) -> str:
    """SQL for the wall clock of `zone` as milliseconds, right from `first` to `last`."""
    low, high = (epoch_ms(start_of_day(day, zone)) for day in (first, last + timedelta(days=1)))
    changes: list[tuple[int, int]] = []  # (from, offset)
    for t in range(low, high, HOUR_MS // 4):
        offset = datetime.fromtimestamp(t // 1000, zone).utcoffset() or timedelta()
        milliseconds = int(offset.total_seconds()) * 1000
        if not changes or changes[-1][1] != milliseconds:
            changes.append((t, milliseconds))
    whens = " ".join(
        f"WHEN {column} < {start} THEN {offset}" for (_, offset), (start, _) in pairwise(changes)
    )
    shift = f"CASE {whens} ELSE {changes[-1][1]} END" if whens else str(changes[-1][1])
    return f"({column} + {shift})"


def day_sql(local: str) -> str:
    """SQL for the local date of a wall clock in milliseconds."""
    return f"(DATE '{EPOCH}' + CAST({local} // {DAY_MS} AS INTEGER))"


def hour_bit_sql(column: str, low: int) -> str:
    """SQL for a bitmask with the bit of the hour since `low`, the local midnight: a day of 25 hours
    has 25 of them, one of 23 hours 23."""
    return f"CAST(1 << CAST(({column} - {low}) // {HOUR_MS} AS INTEGER) AS INTEGER)"
