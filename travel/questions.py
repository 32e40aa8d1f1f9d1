"""Questions about a journey, and answers that say no more than was asked.

| question         | YES                              | NO                               |
| ---------------- | -------------------------------- | -------------------------------- |
| `VisitedAny`     | a visit to one of the places     | no visit there, enough was seen  |
| `StayedOnlyIn`   | no visit elsewhere, enough seen  | a visit to any other place       |

Everything else is CANNOT_TELL: a stay that fits two cities and decides, or too little data for a
statement about the whole period. One visit seen is enough for its own statement, however little
else was seen. `ItineraryQuestion` hands the list over.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum

from travel import RULE_VERSION
from travel.evidence import Places, Sight, sight
from travel.itinerary import (
    MINIMUM_STAY,
    Coverage,
    StayPoint,
    Visit,
    clipped,
    compile_itinerary,
)
from travel.window import Window

#: No question looks back further, whatever window a release has.
MOST_DAYS = 14
ALL_HOURS = (1 << 25) - 1  # a day on which the clocks go back has 25


class Value(Enum):
    YES = "YES"
    NO = "NO"
    CANNOT_TELL = "CANNOT_TELL"
    LISTED = "LISTED"  # of an itinerary alone


class Reason(Enum):
    """Why; for the person. The asker gets the value and the coverage."""

    SEEN = "seen"  # a visit decided
    NOT_SEEN = "not_seen"  # no visit, and enough was observed
    BORDER = "border"  # a stay that fits two places decides
    TOO_LITTLE_DATA = "too_little_data"
    NO_DATA = "no_data"
    LISTED = "listed"


@dataclass(frozen=True, slots=True)
class _Days:
    """`days`: how many of the last full days are asked about, 1 to 14."""

    days: int

    def __post_init__(self) -> None:
        if not 1 <= self.days <= MOST_DAYS:
            raise ValueError(f"a question is about 1 to {MOST_DAYS} days")


@dataclass(frozen=True, slots=True)
class VisitedAny(_Days):
    """Was there a visit to any of these places?"""

    places: Places


@dataclass(frozen=True, slots=True)
class StayedOnlyIn(_Days):
    """Was every visit to one of these places (the ones that the person declared)?"""

    places: Places


@dataclass(frozen=True, slots=True)
class ItineraryQuestion(_Days):
    """The whole list."""


Question = VisitedAny | StayedOnlyIn | ItineraryQuestion


@dataclass(frozen=True, slots=True)
class Terms:
    """How long a visit lasts, and what is enough data to speak about the whole period.

    A day is covered when the phone was observed in at least `hours` different hours of it;
    `days_percent` of the days asked about, rounded up, must be.
    """

    minimum_stay: timedelta = MINIMUM_STAY
    hours: int = 6
    days_percent: int = 90

    def days_needed(self, days: int) -> int:
        return math.ceil(days * self.days_percent / 100)


@dataclass(frozen=True, slots=True)
class Journey:
    """What a release gave out: its stay-points and coverage over `window`.

    `fed_through` is the last complete local day of the feed; None when nothing is known of it.
    """

    points: tuple[StayPoint, ...]
    coverage: tuple[Coverage, ...]
    window: Window
    fed_through: date | None = None


@dataclass(frozen=True, slots=True)
class Observed:
    """How much was seen: on how many of `days` there was data, how many were covered, and in how
    many hours altogether the phone was observed."""

    days: int
    days_with_data: int
    days_covered: int
    hours: int


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. `visits` (the latest first) are there for an itinerary alone."""

    question: Question
    value: Value
    reason: Reason
    window: Window
    observed: Observed
    data_through: date | None
    minimum_stay: timedelta
    visits: tuple[Visit, ...] = ()
    rule_version: str = RULE_VERSION


def answer(
    question: Question,
    journey: Journey,
    *,
    country_of: Mapping[str, str],
    terms: Terms,
) -> Answer:
    """The answer to one question about one person.

    `country_of`: country code of every known city (a country's own code is its country's).
    Raises ValueError when the journey was released for fewer days than are asked about.
    """
    window = _window(question, journey.window)
    points = clipped(journey.points, window)
    through = _through(window, journey.fed_through)
    observed = _observed(journey.coverage, window, through, terms)
    visits: tuple[Visit, ...] = ()
    if isinstance(question, ItineraryQuestion):
        value, reason = Value.LISTED, Reason.LISTED
        if not observed.days_with_data and not points:
            value, reason = Value.CANNOT_TELL, Reason.NO_DATA
        visits = compile_itinerary(points, (), window, minimum=terms.minimum_stay).visits
    else:
        value, reason = _weighed(question, points, observed, country_of, terms)
    return Answer(
        question=question,
        value=value,
        reason=reason,
        window=window,
        observed=observed,
        data_through=through,
        minimum_stay=terms.minimum_stay,
        visits=visits,
    )


def _weighed(
    question: VisitedAny | StayedOnlyIn,
    points: Iterable[StayPoint],
    observed: Observed,
    country_of: Mapping[str, str],
    terms: Terms,
) -> tuple[Value, Reason]:
    """A visit to what was asked for answers YES; a visit to anything else answers NO."""
    inside = isinstance(question, VisitedAny)
    seen = sight(points, question.places, country_of, inside=inside, minimum=terms.minimum_stay)
    match seen:
        case Sight.CERTAIN:
            return (Value.YES if inside else Value.NO), Reason.SEEN
        case Sight.POSSIBLE:
            return Value.CANNOT_TELL, Reason.BORDER
        case Sight.NONE if not observed.days_with_data:
            return Value.CANNOT_TELL, Reason.NO_DATA
        case Sight.NONE if observed.days_covered < terms.days_needed(observed.days):
            return Value.CANNOT_TELL, Reason.TOO_LITTLE_DATA
    return (Value.NO if inside else Value.YES), Reason.NOT_SEEN


def _window(question: Question, released: Window) -> Window:
    """The last days of what was released, as many as were asked about."""
    first = released.last - timedelta(days=question.days - 1)
    if first < released.first:
        raise ValueError(f"{question.days} days are asked about, {len(released.days)} released")
    return Window(first, released.last, released.zone)


def _through(window: Window, fed_through: date | None) -> date | None:
    if fed_through is None:
        return window.last
    return min(fed_through, window.last) if fed_through >= window.first else None


def _observed(
    coverage: Iterable[Coverage], window: Window, through: date | None, terms: Terms
) -> Observed:
    """A day that the feed has not completed is never covered, though it may have data."""
    hours: dict[date, int] = {}
    for known in coverage:
        if known.day in window.days:
            hours[known.day] = hours.get(known.day, 0) | (known.hours & ALL_HOURS)
    counts = {day: bits.bit_count() for day, bits in hours.items() if bits}
    covered = [
        day
        for day, count in counts.items()
        if count >= terms.hours and through is not None and day <= through
    ]
    return Observed(
        days=len(window.days),
        days_with_data=len(counts),
        days_covered=len(covered),
        hours=sum(counts.values()),
    )
