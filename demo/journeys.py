"""From journeys to what a network would have noted: cells, and events of one day.

About 100 events per phone and day, more by day than by night. The same person and day give the
same events, whenever they are made.
"""

import gzip
import json
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from random import Random

from shapely.geometry import shape

from demo.fortnight import day_of_fortnight, midnight
from demo.people import PEOPLE, Leg, Sim
from demo.places import PLACES, Place
from signaling.geography import BUNDLED

EVENTS_PER_DAY = 100
CELLS_PER_PLACE = 6
#: Relative activity of a phone by local hour.
ACTIVITY = (1, 1, 1, 1, 1, 2, 4, 6, 7, 7, 6, 7, 7, 7, 6, 6, 7, 8, 8, 8, 7, 6, 4, 3)
EVENT_TYPES = ("data", "data", "data", "periodic", "periodic", "call", "sms", "handover")
HOP_HOURS = 0.25  # how long a phone at a boundary stays with one side


@dataclass(frozen=True, slots=True)
class Cell:
    cgi: str
    lon: float
    lat: float
    range_m: int


@dataclass(frozen=True, slots=True)
class Event:
    """One signaling record; `at` is UTC."""

    imsi: str
    at: datetime
    cgi: str
    event_type: str


@cache
def cells_of(place: Place) -> tuple[Cell, ...]:
    """The invented cells of a place, always the same."""
    lon, lat = place.at or _inside(place.code)
    random = Random(f"{place.code} {place.at}")  # noqa: S311  invented data, no secret
    area = 5000 + PLACES.index(place) if place in PLACES else 6000
    spread, reach = (0.002, 2500) if place.at else (0.01, 1500)
    return tuple(
        Cell(
            cgi=f"{place.mcc}-00-{area}-{10_000_000 + area * 100 + number}",
            lon=round(lon + random.uniform(-spread, spread), 6),
            lat=round(lat + random.uniform(-spread, spread), 6),
            range_m=reach,
        )
        for number in range(CELLS_PER_PLACE)
    )


def all_cells() -> list[Cell]:
    """Every cell of the demo's network."""
    sides = [side for place in PLACES for side in (place, place.beyond) if side]
    return [cell for side in sides for cell in cells_of(side)]


def subscriptions(first_start: date) -> Iterator[tuple[str, str, str, str, str]]:
    """Rows of the subscriptions file: msisdn, imsi, id_last4, valid_from, valid_to."""
    for person in PEOPLE:
        for sim in person.sims:
            # Without a day of its own a SIM is a year old when the demo first starts.
            since = midnight(first_start + timedelta(days=_or(sim.first_day, -365)))
            until = midnight(first_start + timedelta(days=_or(sim.end_day, 0)))
            yield (
                person.number,
                sim.imsi,
                f"{Random(sim.imsi).randrange(10_000):04d}",  # noqa: S311  invented data
                f"{since:%Y-%m-%dT%H:%M:%SZ}",
                f"{until:%Y-%m-%dT%H:%M:%SZ}" if sim.end_day is not None else "",
            )


def events(day: date, first_start: date) -> list[Event]:
    """What the network noted of everybody on one local day, in order of time."""
    found = [
        event
        for person in PEOPLE
        for sim in person.sims
        if holds(sim, day, first_start)
        for event in _events_of(sim, day, first_start)
    ]
    return sorted(found, key=lambda event: (event.at, event.imsi))


def holds(sim: Sim, day: date, first_start: date) -> bool:
    """Whether the SIM was in use on that day."""
    number = (day - first_start).days
    return _or(sim.first_day, number) <= number < _or(sim.end_day, number + 1)


def place_at(sim: Sim, day: int, hour: float) -> Place | None:
    """Where the SIM is at a time of the fortnight; the last leg reaches into the next one."""
    starts = [(leg.day, leg.hour) for leg in sim.legs]
    leg: Leg = sim.legs[bisect(starts, (day, hour)) - 1]
    return leg.place


def _events_of(sim: Sim, day: date, first_start: date) -> Iterator[Event]:
    random = Random(f"{sim.imsi} {day.isoformat()}")  # noqa: S311  invented data, no secret
    begins, number = midnight(day), day_of_fortnight(day, first_start)
    hours = random.choices(range(24), weights=ACTIVITY, k=EVENTS_PER_DAY)
    moments = [(hour + random.random(), random.choice(EVENT_TYPES)) for hour in hours]
    # A phone that hops between two networks tells them each time.
    hops = [((hop + random.random()) * HOP_HOURS, "tau") for hop in range(int(24 / HOP_HOURS))]
    for hour, event_type in moments + hops:
        place = place_at(sim, number, hour)
        if place is None or (event_type == "tau" and place.beyond is None):
            continue
        yield Event(
            imsi=sim.imsi,
            at=begins + timedelta(hours=hour),
            cgi=random.choice(cells_of(_side(place, hour))).cgi,
            event_type=event_type,
        )


def _side(place: Place, hour: float) -> Place:
    """At a boundary a phone hops to and fro between the networks of both sides."""
    if place.beyond is None or int(hour / HOP_HOURS) % 2:
        return place
    return place.beyond


def _or(value: int | None, otherwise: int) -> int:
    return otherwise if value is None else value


@cache
def _gazetteer() -> dict[str, dict[str, object]]:
    with gzip.open(BUNDLED) as file:
        features = json.load(file)["features"]
    return {feature["properties"]["code"]: feature["geometry"] for feature in features}


def _inside(code: str) -> tuple[float, float]:
    """A point well inside a city."""
    geometry = shape(_gazetteer()[code])
    parts = getattr(geometry, "geoms", [geometry])
    largest = max(parts, key=lambda part: part.area)
    point = largest.representative_point()
    return round(point.x, 4), round(point.y, 4)
