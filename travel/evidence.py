"""What stay-points show of some places: a visit there surely, possibly, or not at all.

Three values, and the middle one is exact. A stay that fits two cities is in one of them, nobody
knows which; a stay known by its country alone is in some city of it. Every way of deciding all
such stays is a possible world. A visit is certain when each world has one, impossible when none
has. A doubtful stay that makes no difference between the worlds therefore does not count.

In a country of which the question names no city, or which it names as a whole, cities are not told
apart: the whole country is one place. Elsewhere each city is one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from travel.itinerary import StayPoint, joined

#: More open possibilities than this at one moment are not followed: it then cannot be told.
MOST_WORLDS = 4096


class Sight(Enum):
    """Whether the data shows a visit, in every world, in some, or in none."""

    CERTAIN = "certain"
    POSSIBLE = "possible"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Places:
    """Codes of cities, and of countries with all that lies in them."""

    cities: frozenset[str] = frozenset()
    countries: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if not self.cities and not self.countries:
            raise ValueError("a question names at least one city or country")

    @classmethod
    def of(cls, codes: Iterable[str], country_of: Mapping[str, str]) -> "Places":
        """Sorts codes: what is its own country is one, and so is what cities lie in."""
        countries = set(country_of.values())
        chosen = frozenset(codes)
        return cls(chosen - countries, chosen & countries)


@dataclass(frozen=True, slots=True)
class Presence:
    """A presence in one of `units`; which, nobody knows when there are several."""

    units: frozenset[str]
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Map:
    """The units of one question: what in the journey is told apart, and what was asked for."""

    places: Places
    country_of: Mapping[str, str]
    seen: frozenset[str]

    def asked(self, unit: str) -> bool:
        return unit in self.places.cities or unit in self.places.countries

    def units(self, code: str) -> frozenset[str]:
        """What a code of the journey may be."""
        country = self.country_of.get(code)
        if country is None:
            # The gazetteer does not know it any more: a city, in any country.
            known = {self.country_of[c] for c in self.seen if c in self.country_of}
            whole = {c for c in known | self.places.countries if self._is_one(c)}
            return frozenset({code, *whole})
        if self._is_one(country):
            return frozenset({country})
        if code != country:
            return frozenset({code})
        # Known by its country alone: any city of it, or (its own code) one nobody named.
        cities = {c for c in self.seen | self.places.cities if self.country_of.get(c) == country}
        return frozenset({country, *cities})

    def _is_one(self, country: str) -> bool:
        named = (self.country_of.get(city) for city in self.places.cities)
        return country in self.places.countries or country not in named


def sight(
    points: Iterable[StayPoint],
    places: Places,
    country_of: Mapping[str, str],
    *,
    inside: bool,
    minimum: timedelta,
) -> Sight:
    """Whether there was a visit to one of `places` (`inside`), or to any other place.

    `points` are clipped to the period asked about. `country_of`: country of every known city.
    """
    stays = joined(points)
    seen = frozenset(code for stay in stays for code in stay.place.cities)
    here = Map(places, country_of, seen)
    presences = [
        Presence(
            frozenset(unit for code in stay.place.cities for unit in here.units(code)),
            stay.start,
            stay.end,
        )
        for stay in sorted(stays, key=lambda s: s.start)
    ]
    wanted = {u for p in presences for u in p.units if here.asked(u) is inside}
    if not any(_longest(presences, unit) >= minimum for unit in wanted):
        return Sight.NONE
    # Whoever wants to avoid a visit decides for another place wherever that is open.
    bound = [p for p in presences if p.units <= wanted]
    return Sight.POSSIBLE if _avoidable(bound, minimum) else Sight.CERTAIN


def _longest(presences: Iterable[Presence], unit: str) -> timedelta:
    """The longest presence in one unit, when all that may be there is. In order of their start."""
    longest = timedelta(0)
    start = end = None
    for presence in presences:
        if unit not in presence.units:
            continue
        if start is None or end is None or presence.start > end:
            start, end = presence.start, presence.end
        end = max(end, presence.end)
        longest = max(longest, end - start)
    return longest


Runs = frozenset[Presence]


def _avoidable(presences: Iterable[Presence], minimum: timedelta) -> bool:
    """Whether some way of deciding leaves every presence shorter than a visit.

    Follows all ways at once, in order of time; of the past only what a later stay could touch.
    """
    worlds: set[Runs] = {frozenset()}
    for presence in presences:
        worlds = {
            runs
            for world in worlds
            for unit in presence.units
            if (runs := _decided(world, presence, unit, minimum)) is not None
        }
        if len(worlds) > MOST_WORLDS:
            return True
    return bool(worlds)


def _decided(world: Runs, presence: Presence, unit: str, minimum: timedelta) -> Runs | None:
    """The world in which this presence was in `unit`; None when that makes a visit."""
    live = {run for run in world if run.end >= presence.start}
    same = {run for run in live if unit in run.units}
    start = min([presence.start, *(run.start for run in same)])
    end = max([presence.end, *(run.end for run in same)])
    if end - start >= minimum:
        return None
    return frozenset(live - same | {Presence(frozenset({unit}), start, end)})
