"""The days an answer speaks about."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from core import clock


@dataclass(frozen=True, slots=True)
class Window:
    """Full local days `first` to `last`, both included, in the service's time zone."""

    first: date
    last: date
    zone: ZoneInfo

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"a window must end after it begins: {self.first} to {self.last}")

    @classmethod
    def before(cls, moment: datetime, *, days: int, zone: ZoneInfo) -> "Window":
        """The `days` full local days that had ended at `moment`: the last is yesterday."""
        first, last = clock.full_days_before(moment, days=days, zone=zone)
        return cls(first, last, zone)

    @property
    def start(self) -> datetime:
        """The first moment of the first day, in UTC."""
        return clock.start_of_day(self.first, self.zone)

    @property
    def end(self) -> datetime:
        """The moment after the last day, in UTC; itself outside the window."""
        return clock.start_of_day(self.last + timedelta(days=1), self.zone)

    @property
    def days(self) -> tuple[date, ...]:
        count = (self.last - self.first).days + 1
        return tuple(self.first + timedelta(days=n) for n in range(count))

    def days_of(self, start: datetime, end: datetime) -> tuple[date, date]:
        """First and last local day that the half-open span `[start, end)` touches.

        A span that ends at midnight does not touch the day that begins there.
        """
        last_moment = end - timedelta(microseconds=1)
        return clock.local_day(start, self.zone), clock.local_day(last_moment, self.zone)
