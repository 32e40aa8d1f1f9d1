"""The cap that keeps a list from being rebuilt by asking around it.

Two limits for one organisation and one person, in words anybody can repeat:

* at most three questions about any one day;
* at most three different lists of places in ninety days.

The second stops halving: all that answers about three lists can ever tell apart is which of the
three a city stands on, so at least one in eight of the cities look the same, whatever was asked and
answered. The first stops finding out the day by asking about ever shorter periods. A list repeated,
such as a weekly check, costs the first limit alone. Asking counts, not being answered: a refusal,
silence and an answer leave the same budget.

An itinerary is not counted: it hands the list over, and the person agrees to that in so many words.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum

from travel.evidence import Places
from travel.window import Window


@dataclass(frozen=True, slots=True)
class Asked:
    """One question by one organisation about one person: when, about which days and places."""

    on: date
    window: Window
    places: Places


@dataclass(frozen=True, slots=True)
class Budget:
    questions_per_day: int = 3
    lists: int = 3
    lists_within_days: int = 90


class Excess(Enum):
    """Which limit another question would pass. For the operator; the asker is never told."""

    SAME_DAY = "same_day"
    LISTS = "lists"


def excess(new: Asked, before: Collection[Asked], budget: Budget) -> Excess | None:
    """None when `new` may be asked after everything in `before`, in any order."""
    if any(_questions(day, before) >= budget.questions_per_day for day in new.window.days):
        return Excess.SAME_DAY
    reach = timedelta(days=budget.lists_within_days)
    lists = {asked.places for asked in before if abs(new.on - asked.on) < reach}
    if len(lists | {new.places}) > budget.lists:
        return Excess.LISTS
    return None


def _questions(day: date, asked: Collection[Asked]) -> int:
    return sum(a.window.first <= day <= a.window.last for a in asked)
