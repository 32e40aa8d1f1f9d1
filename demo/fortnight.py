"""Which day of the repeating fortnight a date is, and where that day begins and ends."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
DAYS = 14


def today() -> date:
    """The date now in the demo's time zone."""
    return datetime.now(ZONE).date()


def midnight(day: date) -> datetime:
    """When the local day begins, in UTC."""
    return datetime.combine(day, time(), ZONE).astimezone(UTC)


def window(current: date) -> list[date]:
    """The 14 full days before `current`: what the service looks at on that day."""
    return [current - timedelta(days=n) for n in range(DAYS, 0, -1)]


def anchor(folder: Path) -> date:
    """The day of the demo's first start, remembered in `folder`."""
    path = folder / "first-start"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{today().isoformat()}\n")
    return date.fromisoformat(path.read_text().strip())


def day_of_fortnight(day: date, first_start: date) -> int:
    """0 to 13; the 14 days before the first start are 0 to 13."""
    return (day - first_start).days % DAYS
