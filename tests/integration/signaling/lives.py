"""Phones that live through some days: their events, and how these arrive."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.factories import signaling as made

UNKNOWN = "460-00-1-1"  # a good cell identity that no list has
ABROAD = "520-01-1-1"


def lives(dice: random.Random, phones: int, first: datetime, days: int) -> list[made.Event]:
    """Stays at home, trips, borders, cells that nobody knows, and phones that are switched off."""
    found: list[made.Event] = []
    end = first + timedelta(days=days)
    for phone in range(phones):
        legs, at = [], first + timedelta(hours=dice.uniform(0, 20))
        while at < end:
            until = min(at + timedelta(hours=dice.choice((3, 5, 9, 14, 30, 55))), end)
            city = dice.randrange(made.CITIES - 1)
            if dice.random() < 0.85:
                legs.append(made.Leg(city, at, until, border=dice.random() < 0.3))
            at = until
        events = made.events_of(phone, legs, seed=dice.randrange(10**6), minutes=75)
        for event in events:
            odd = dice.random()
            heard = UNKNOWN if odd < 0.03 else ABROAD if odd < 0.05 else event.cgi
            found.append(made.Event(event.imsi, event.at, heard))
    return found


@dataclass(frozen=True)
class Delivery:
    """One run of ingestion: when it is, and the files it is given."""

    at: datetime
    files: list[list[made.Event]]


def deliveries(
    dice: random.Random, events: Sequence[made.Event], runs: Sequence[datetime]
) -> list[Delivery]:
    """Each event arrives with one of the runs after it, at most 40 hours later where there is one,
    in any file; some arrive again, in other files and later runs."""
    arriving: dict[datetime, list[made.Event]] = {run: [] for run in runs}
    for event in events:
        later = [run for run in runs if run > event.at]
        soon = [run for run in later if run < event.at + timedelta(hours=40)] or later[:1]
        run = dice.choice(soon)
        arriving[run].append(event)
        if dice.random() < 0.15:
            arriving[dice.choice([r for r in soon if r >= run])].append(event)
    found = []
    for run, list_of in arriving.items():
        dice.shuffle(list_of)
        parts = dice.randint(1, 3)
        found.append(Delivery(run, [list_of[n::parts] for n in range(parts)]))
    return found
