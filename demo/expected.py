"""What an answer must say, worked out from the journeys alone: no table, no event, no rule code."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from demo import fortnight
from demo.journeys import holds, place_at
from demo.people import Person
from demo.places import Place

MINIMUM_HOURS = 4
STEP = 0.5  # hours; every leg begins on a full or half hour


@dataclass(frozen=True, slots=True)
class Answer:
    """Where a phone was long enough, the place left last first, with the days of each place;
    places it only passed; days with data."""

    visits: tuple[tuple[Place, tuple[date, ...]], ...]
    passed: tuple[Place, ...]
    days_with_data: tuple[date, ...]


def answer(person: Person, current: date, first_start: date) -> Answer:
    """What `person` must be told on the day `current`."""
    stays = _stays(person, current, first_start)
    days: dict[Place, list[date]] = defaultdict(list)
    passed: dict[Place, None] = {}
    for place, moments in reversed(stays):
        if len(moments) * STEP >= MINIMUM_HOURS:
            days[place] += [day for day in dict.fromkeys(moments) if day not in days[place]]
        else:
            passed[place] = None
    seen = {day for _, moments in stays for day in moments}
    return Answer(
        visits=tuple((place, tuple(sorted(found))) for place, found in days.items()),
        passed=tuple(place for place in passed if place not in days),
        days_with_data=tuple(sorted(seen)),
    )


def without(current: Answer, place: Place, then: Answer) -> Answer:
    """`current`, after the visits to `place` that `then` tells of were found to be errors."""
    gone = {day for where, days in then.visits if where == place for day in days}
    kept = [
        (where, tuple(day for day in days if where != place or day not in gone))
        for where, days in current.visits
    ]
    return Answer(
        visits=tuple((where, days) for where, days in kept if days),
        passed=(*current.passed, *(where for where, days in kept if not days)),
        days_with_data=current.days_with_data,
    )


def _stays(person: Person, current: date, first_start: date) -> list[tuple[Place, list[date]]]:
    """Every presence in the window in order of time: the place, and the day of each half hour."""
    stays: list[tuple[Place, list[date]]] = []
    if not person.sims:
        return stays
    sim = person.sims[-1]
    previous: Place | None = None
    for day in fortnight.window(current):
        for step in range(int(24 / STEP)):
            number = fortnight.day_of_fortnight(day, first_start)
            in_use = holds(sim, day, first_start)
            place = place_at(sim, number, step * STEP) if in_use else None
            if place is not None:
                if place != previous:
                    stays.append((place, []))
                stays[-1][1].append(day)
            previous = place
    return stays
