"""What was found wrong in a journey, applied to its stay-points before anything is made of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from travel.itinerary import Place, StayPoint


@dataclass(frozen=True, slots=True)
class Override:
    """In `[start, end)` the phone was not at `place`, but at `instead`; None: nobody knows where.

    `instead` is one of the cities of a place that is two, never anything else.
    """

    place: Place
    start: datetime
    end: datetime
    instead: Place | None = None

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise ValueError("an override must end after it starts")
        if self.instead is not None and not (
            len(self.instead.cities) == 1 < len(self.place.cities)
            and self.instead.cities[0] in self.place.cities
        ):
            raise ValueError("what replaces a place is one of its two cities")


def corrected(points: Iterable[StayPoint], overrides: Iterable[Override]) -> list[StayPoint]:
    """The stay-points with every override applied; of two over the same hours the first counts.

    Nothing outside the hours and the place of an override changes, however the stay there is cut
    when the data is compiled again, and applying them twice is applying them once: a place of two
    cities is decided before single cities are looked at, and what is decided is a single city.
    """
    result = list(points)
    for override in sorted(overrides, key=lambda o: -len(o.place.cities)):
        result = [piece for point in result for piece in _applied(point, override)]
    return result


def _applied(point: StayPoint, override: Override) -> Iterable[StayPoint]:
    start, end = max(point.start, override.start), min(point.end, override.end)
    if point.place != override.place or start >= end:
        yield point
        return
    if point.start < start:
        yield StayPoint(point.place, point.start, start)
    if override.instead is not None:
        yield StayPoint(override.instead, start, end)
    if end < point.end:
        yield StayPoint(point.place, end, point.end)
