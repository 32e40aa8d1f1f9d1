"""The one clock. Everything that asks what time it is asks here, or `core.now()` in SQL."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


def now() -> datetime:
    """The current moment, aware, in UTC."""
    return datetime.now(UTC)


def local_day(moment: datetime, zone: ZoneInfo) -> date:
    """The calendar day of an aware `moment` in `zone`."""
    return moment.astimezone(zone).date()


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of a local `day`, in UTC; days may have 23 or 25 hours."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def full_days_before(moment: datetime, *, days: int, zone: ZoneInfo) -> tuple[date, date]:
    """First and last of the `days` full local days that ended before `moment`'s own day."""
    last = local_day(moment, zone) - timedelta(days=1)
    return last - timedelta(days=days - 1), last
