"""The rule for a visit: pieces of stays are joined, clipped to the window, and counted when long.

A stay-point is the piece of a stay that lies in one local day. Pieces of the same place that touch
are one presence, whatever stay they were cut from: a night in one city is one presence although
midnight cuts it in two. A hole between two pieces is never filled. What remains of a presence
inside the window counts as a visit when it lasts at least the minimum; what is shorter is transit
and is not listed. Where the evidence fits two cities, the place is both, and stays both.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from travel import RULE_VERSION
from travel.window import Window

MINIMUM_STAY = timedelta(hours=4)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Codes of one city, or of two (in their own order) when the evidence cannot decide."""

    cities: tuple[str, ...]

    @classmethod
    def of(cls, city: str, alternative: str | None = None) -> "Place":
        return cls(tuple(sorted({city, alternative or city})))


@dataclass(frozen=True, slots=True)
class StayPoint:
    """A presence at a place over the half-open span `[start, end)`; aware times."""

    place: Place
    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise ValueError("a stay-point must end after it starts")


@dataclass(frozen=True, slots=True)
class Coverage:
    """In which hours of a local day the phone was observed: bit n for the n-th hour since midnight.

    A day on which the clocks change has 23 or 25 of them.
    """

    day: date
    hours: int

    @property
    def hours_observed(self) -> int:
        return self.hours.bit_count()


@dataclass(frozen=True, slots=True)
class Visit:
    """A presence of at least the minimum inside the window, with the local days it touches."""

    place: Place
    start: datetime
    end: datetime
    first_day: date
    last_day: date


@dataclass(frozen=True, slots=True)
class Itinerary:
    """What the rule makes of a window: visits, the latest first, and how far the data reaches.

    `data_through` is the last day of the window that the data can speak about, or None when the
    data ends before the window begins. `days_without_data` are shown, never filled in.
    """

    window: Window
    visits: tuple[Visit, ...]
    days_with_data: tuple[date, ...]
    data_through: date | None
    rule_version: str = RULE_VERSION

    @property
    def days(self) -> int:
        """How many days the window has."""
        return len(self.window.days)

    @property
    def days_without_data(self) -> tuple[date, ...]:
        return tuple(day for day in self.window.days if day not in self.days_with_data)


def compile_itinerary(
    points: Iterable[StayPoint],
    coverage: Iterable[Coverage],
    window: Window,
    *,
    minimum: timedelta = MINIMUM_STAY,
    fed_through: date | None = None,
) -> Itinerary:
    """The itinerary of one person over `window`.

    `fed_through` is the last complete local day of the feed that the points came from; None means
    that nothing is known of the feed's end, and the window's last day is taken.
    """
    presences = joined(clipped(points, window))
    visits = (visit(p, window) for p in presences if p.end - p.start >= minimum)
    days = set(window.days)
    observed = {c.day for c in coverage if c.hours and c.day in days}
    return Itinerary(
        window=window,
        visits=tuple(sorted(visits, key=lambda v: (v.end, v.start, v.place), reverse=True)),
        days_with_data=tuple(sorted(observed)),
        data_through=_data_through(window, fed_through),
    )


def clipped(points: Iterable[StayPoint], window: Window) -> list[StayPoint]:
    """What of each piece lies inside the window."""
    spans = ((p.place, max(p.start, window.start), min(p.end, window.end)) for p in points)
    return [StayPoint(place, start, end) for place, start, end in spans if start < end]


def joined(points: Iterable[StayPoint]) -> list[StayPoint]:
    """Pieces of the same place that touch or overlap, as one; by place, then by time."""
    result: list[StayPoint] = []
    for piece in sorted(points, key=lambda p: (p.place, p.start, p.end)):
        last = result[-1] if result else None
        if last and last.place == piece.place and piece.start <= last.end:
            result[-1] = StayPoint(last.place, last.start, max(last.end, piece.end))
        else:
            result.append(piece)
    return result


def visit(presence: StayPoint, window: Window) -> Visit:
    first_day, last_day = window.days_of(presence.start, presence.end)
    return Visit(presence.place, presence.start, presence.end, first_day, last_day)


def _data_through(window: Window, fed_through: date | None) -> date | None:
    if fed_through is None:
        return window.last
    return min(fed_through, window.last) if fed_through >= window.first else None
