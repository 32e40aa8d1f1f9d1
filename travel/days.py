"""An itinerary as a reader wants it: each place once, with the days it was visited."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from travel.itinerary import Place, Visit


@dataclass(frozen=True, slots=True)
class DayRange:
    """Local days `first` to `last`, both included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class PlaceDays:
    """A place and the days on which some of a visit there lay, in order of time."""

    place: Place
    ranges: tuple[DayRange, ...]


def day_ranges(days: Iterable[date]) -> tuple[DayRange, ...]:
    """Days as ranges of neighbours, in order of time."""
    ranges: list[DayRange] = []
    for day in sorted(set(days)):
        if ranges and day - ranges[-1].last == timedelta(days=1):
            ranges[-1] = DayRange(ranges[-1].first, day)
        else:
            ranges.append(DayRange(day, day))
    return tuple(ranges)


def by_place(visits: Iterable[Visit]) -> tuple[PlaceDays, ...]:
    """Each place once, the one that was left last first (visits come the latest first)."""
    days: dict[Place, set[date]] = {}
    for visit in visits:
        span = (visit.last_day - visit.first_day).days + 1
        touched = (visit.first_day + timedelta(days=n) for n in range(span))
        days.setdefault(visit.place, set()).update(touched)
    return tuple(PlaceDays(place, day_ranges(touched)) for place, touched in days.items())
