"""Where invented people are, and what the network notes of them.

Each has a home and mostly work, goes on trips, visits and errands, all between addresses; on the
way the phone is near one address after the other. The truth is the city that an address stands in;
what is noted is one of the cells that are heard there.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from bench.signaling.world import EARTH_KM, Floats, Integers, World, on_sphere

MINUTE: Final = 60_000
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
EVENTS_PER_DAY: Final = 100
STOPS: Final = 5  # addresses that are passed on a way
#: Trips, day visits and errands: how many in 14 days, hours there, kilometres, km/h, hours lost.
EXCURSIONS: Final = (
    (0.50, (5.0, 90.0), (0.0, 0.0), 180.0, 1.0),  # anywhere, by the cities' weights
    (0.60, (3.0, 10.0), (25.0, 90.0), 60.0, 0.2),
    (0.80, (0.3, 3.0), (15.0, 50.0), 45.0, 0.1),
)
BY_HOUR: Final = np.array(
    [2, 1, 1, 1, 1, 2, 4, 6, 6, 5, 5, 6, 6, 5, 5, 5, 5, 6, 7, 7, 7, 6, 5, 3.5]
)
QUIET: Final = np.where(np.arange(24) < 7, 0.04, 1.0) * BY_HOUR
EARLIER: Final = 10 * DAY  # trips may have begun before the data; keeps times positive
ROOM: Final = 2**36  # milliseconds for each person on one line of time


@dataclass(frozen=True)
class Stays:
    """Rows (person, address, start, end), sorted; times in ms since the first midnight."""

    person: Integers
    address: Integers
    start: Integers
    end: Integers


@dataclass(frozen=True)
class Noted:
    """Events: person, ms since the first midnight, cell, and when they arrive."""

    person: Integers
    t: Integers
    cell: Integers
    arrival: Integers


def live(world: World, dice: np.random.Generator, people: int, days: int) -> Stays:
    """Where everybody is, without gaps, from before the first midnight to the last."""
    home = _anywhere(world, dice, people)
    away = _excursions(world, dice, home, days)
    work = _work(world, dice, home, days)
    last = np.searchsorted(_line(away.person, away.start), _line(work.person, work.end)) - 1
    last = np.maximum(last, 0)
    free = np.ones(len(work.person), dtype=bool)
    if len(away.person):
        free = (away.person[last] != work.person) | (away.end[last] <= work.start)
    out = [np.concatenate([a, b[free]]) for a, b in zip(_rows(away), _rows(work), strict=True)]
    person, address, start, end = out
    who = np.concatenate([np.arange(people), person, person])
    since = np.concatenate([np.full(people, -EARLIER), end, start])
    where = np.concatenate([home, home[person], address])
    # At one moment the beginning of the next stay wins over the way home: it comes last.
    order = np.argsort(_line(who, since), kind="stable")
    who, since, where = who[order], since[order], where[order]
    until = np.append(since[1:], days * DAY)
    until[np.append(who[1:] != who[:-1], True)] = days * DAY
    real = until > since
    return Stays(who[real], where[real], since[real], until[real])


def _rows(stays: Stays) -> tuple[Integers, Integers, Integers, Integers]:
    return stays.person, stays.address, stays.start, stays.end


def _line(person: Integers, t: Integers) -> Integers:
    """All persons' times one after the other, so that one search serves everybody."""
    return person * ROOM + t + EARLIER


def _anywhere(world: World, dice: np.random.Generator, many: int) -> Integers:
    city = dice.choice(len(world.places), size=many, p=world.weight)
    room = world.first[city + 1] - world.first[city]
    return np.asarray(world.first[city] + (dice.random(many) * room).astype(np.int64))


def _nearest(world: World, lon: Floats, lat: Floats) -> Integers:
    return np.asarray(world.near.query(on_sphere(lon, lat))[1], dtype=np.int64)


def _around(world: World, dice: np.random.Generator, address: Integers, km: Floats) -> Integers:
    """An address about so far from each of these, in any direction."""
    angle = dice.uniform(0, 2 * np.pi, len(address))
    lon, lat = world.lon[address], world.lat[address]
    degrees = km / 111.2
    return _nearest(
        world,
        lon + degrees * np.cos(angle) / np.cos(np.radians(lat)),
        lat + degrees * np.sin(angle),
    )


def _work(world: World, dice: np.random.Generator, home: Integers, days: int) -> Stays:
    """Five days of seven; most nearby, some far enough to be in another city."""
    works = np.flatnonzero(dice.random(len(home)) < 0.6)
    far = dice.random(len(works)) < 0.15
    km = np.where(far, dice.uniform(15, 60, len(works)), dice.uniform(1, 10, len(works)))
    office = _around(world, dice, home[works], km)
    days_at_work = np.flatnonzero(np.arange(days) % 7 < 5)
    person = np.repeat(works, len(days_at_work))
    midnight = np.tile(days_at_work, len(works)) * DAY
    start = midnight + (dice.normal(8.7, 0.6, len(person)) * HOUR).astype(np.int64)
    end = midnight + (dice.normal(17.8, 0.9, len(person)) * HOUR).astype(np.int64)
    return Stays(person, np.repeat(office, len(days_at_work)), start, end)


def _excursions(world: World, dice: np.random.Generator, home: Integers, days: int) -> Stays:
    """Trips and visits with the stops on the way there and back, none overlapping another."""
    person, target, hours, speed, lost = [], [], [], [], []
    for rate, (least, most), (near, far), kmh, more in EXCURSIONS:
        who = np.repeat(np.arange(len(home)), dice.poisson(rate * (days + 3) / 14, len(home)))
        person.append(who)
        at = _anywhere(world, dice, len(who))
        target.append(
            _around(world, dice, home[who], dice.uniform(near, far, len(who))) if far else at
        )
        hours.append(np.exp(dice.uniform(np.log(least), np.log(most), len(who))))
        speed.append(np.full(len(who), kmh))
        lost.append(np.full(len(who), more))
    who, to = np.concatenate(person), np.concatenate(target)
    day = dice.integers(-3, days, len(who))
    start = day * DAY + (dice.uniform(6, 20, len(who)) * HOUR).astype(np.int64)
    points = on_sphere(world.lon, world.lat)
    chord = np.linalg.norm(points[home[who]] - points[to], axis=1)
    km = 2 * EARTH_KM * np.arcsin(np.minimum(chord / (2 * EARTH_KM), 1))
    leg = ((km / np.concatenate(speed) + np.concatenate(lost)) * HOUR / STOPS).astype(np.int64)
    there = (np.concatenate(hours) * HOUR).astype(np.int64)
    order = np.argsort(_line(who, start), kind="stable")
    who, to, start, leg, there = who[order], to[order], start[order], leg[order], there[order]
    line, end = _line(who, start), _line(who, start + 2 * STOPS * leg + there)
    free = np.append(True, line[1:] > np.maximum.accumulate(end)[:-1]) if len(who) else line > 0
    return _with_stops(world, home, who[free], to[free], start[free], leg[free], there[free])


def _with_stops(
    world: World,
    home: Integers,
    who: Integers,
    to: Integers,
    start: Integers,
    leg: Integers,
    there: Integers,
) -> Stays:
    share = (np.arange(STOPS) + 0.5) / STOPS
    lon = world.lon[home[who]][:, None] * (1 - share) + world.lon[to][:, None] * share
    lat = world.lat[home[who]][:, None] * (1 - share) + world.lat[to][:, None] * share
    stops = _nearest(world, lon.ravel(), lat.ravel()).reshape(-1, STOPS)
    address = np.concatenate([stops, to[:, None], stops[:, ::-1]], axis=1)
    lengths = np.repeat(leg[:, None], 2 * STOPS + 1, axis=1)
    lengths[:, STOPS] = there
    end = start[:, None] + np.cumsum(lengths, axis=1)
    begin = np.concatenate([start[:, None], end[:, :-1]], axis=1)
    person = np.repeat(who, 2 * STOPS + 1)
    return Stays(person, address.ravel(), begin.ravel(), end.ravel())


def note(world: World, dice: np.random.Generator, stays: Stays, people: int, days: int) -> Noted:
    """About 100 events per person and day. Some nights are quiet, some phones off for long."""
    rate = EVENTS_PER_DAY * np.exp(dice.normal(-0.125, 0.5, people))
    many = dice.poisson(np.repeat(rate, days))
    person = np.repeat(np.repeat(np.arange(people), days), many)
    t = np.repeat(np.tile(np.arange(days) * DAY, people), many)
    t += _time_of_day(dice, (np.arange(people) % 2 == 0)[person])
    on = ~_off(dice, people, days, person, t)
    person, t = person[on], t[on]
    at = np.searchsorted(_line(stays.person, stays.start), _line(person, t), side="right") - 1
    address = stays.address[at]
    # A half-hour in which the network keeps changing its mind is one for all of its events.
    mixed = (person * 2_654_435_761 + t // (30 * MINUTE) * 40_503) % 1_000_003
    unsteady = (mixed * 7_919 % 1_009 < 250)[:, None]
    drawn = dice.random(len(t))[:, None]
    heard = np.where(unsteady, world.unsteady[address], world.calm[address])
    nth = np.minimum((drawn > heard).sum(axis=1), heard.shape[1] - 1)
    cell = world.cells[address, nth]
    cells = len(world.cell_lon)
    luck = dice.random(len(t))
    cell = np.where(luck < 0.0005, dice.integers(cells, size=len(t)), cell)
    cell = np.where(luck > 0.999, cells + dice.integers(500, size=len(t)), cell)
    delay = dice.exponential(20_000, len(t))
    delay += (dice.random(len(t)) < 0.02) * dice.exponential(HOUR, len(t))
    again = np.concatenate([np.arange(len(t)), np.flatnonzero(dice.random(len(t)) < 0.01)])
    arrival = t[again] + delay[again].astype(np.int64)
    arrival[len(t) :] += dice.integers(0, HOUR, len(again) - len(t))
    return Noted(person[again], t[again], cell[again], arrival)


def _time_of_day(dice: np.random.Generator, quiet: npt.NDArray[np.bool_]) -> Integers:
    drawn = dice.random(len(quiet))
    hours = np.empty(len(quiet))
    for profile, chosen in ((QUIET, quiet), (BY_HOUR, ~quiet)):
        shares = np.append(0, np.cumsum(profile)) / profile.sum()
        hours[chosen] = np.interp(drawn[chosen], shares, np.arange(25))
    return np.minimum((hours * HOUR).astype(np.int64), DAY - 1)


def _off(
    dice: np.random.Generator, people: int, days: int, person: Integers, t: Integers
) -> npt.NDArray[np.bool_]:
    """One in ten, in 14 days, is switched off once, for 8 to 40 hours."""
    start = (dice.uniform(0, days, people) * DAY).astype(np.int64)
    end = start + (dice.uniform(8, 40, people) * HOUR).astype(np.int64)
    end = np.where(dice.random(people) < days / 140, end, start)
    return np.asarray((t >= start[person]) & (t < end[person]))
