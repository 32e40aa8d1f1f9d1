"""From an answer about a journey to what the token says."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings

from travel.days import by_place
from travel.itinerary import Visit
from travel.questions import Answer, ItineraryQuestion, Question, StayedOnlyIn, VisitedAny
from verification.claims import Listed, Statement
from verification.models import IssuedAnswer

KIND: Mapping[type[Question], str] = {
    VisitedAny: "visited_any",
    StayedOnlyIn: "stayed_only_in",
    ItineraryQuestion: "itinerary",
}


@dataclass(frozen=True, slots=True)
class Asker:
    """Whom the answer is for: id and name of the organisation as registered, and the nonce of its
    request, which comes back in the answer: 8 to 22 characters of base64url."""

    id: UUID
    name: str
    nonce: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_-]{8,22}", self.nonce):
            raise ValueError("a nonce has 8 to 22 characters of base64url")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the answer rests on: the consent, the name (`entry_uuid`) of the entry `access.claimed`
    of its release (a leaf under a signed checkpoint by now), and the last two digits of the number.

    Not the entry's id or place: who has two answers would know how many entries came between, and
    so whether somebody else they asked meanwhile had agreed."""

    consent_id: UUID
    log_entry: UUID
    last_two: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[0-9]{2}", self.last_two):
            raise ValueError("the last two digits of a number, and no more of it")


def statement(
    answer: Answer,
    asker: Asker,
    evidence: Evidence,
    names: Mapping[str, str],
    issued: IssuedAnswer,
    *,
    is_test: bool = False,
) -> Statement:
    """All that the token says. A code without a name is shown as it is."""
    question = answer.question
    asked: frozenset[str] = frozenset()
    if not isinstance(question, ItineraryQuestion):
        asked = question.places.cities | question.places.countries
    listed = _listed(answer.visits)
    codes = sorted(asked.union(*(line.codes for line in listed)))
    return Statement(
        issuer=settings.PUBLIC_BASE_URL,
        audience=asker.id,
        audience_name=asker.name,
        id=issued.id,
        nonce=asker.nonce,
        issued_at=issued.issued_at,
        expires_at=issued.expires_at,
        question=KIND[type(question)],
        places=tuple(sorted(asked)),
        names={code: names[code] for code in codes if code in names},
        first_day=answer.window.first,
        days=len(answer.window.days),
        answer=answer.value.value,
        listed=listed,
        days_with_data=answer.observed.days_with_data,
        days_covered=answer.observed.days_covered,
        hours_observed=answer.observed.hours,
        data_through=answer.data_through,
        minimum_hours=int(answer.minimum_stay.total_seconds() // 3600),
        rule_version=answer.rule_version,
        consent=evidence.consent_id,
        log_entry=evidence.log_entry,
        last_two=evidence.last_two,
        status_index=issued.list_index,
        is_test=is_test,
    )


def _listed(visits: tuple[Visit, ...]) -> tuple[Listed, ...]:
    """Each place once with its days, the one left last first."""
    return tuple(
        Listed(
            visited.place.cities,
            tuple(
                days.first + timedelta(days=n)
                for days in visited.ranges
                for n in range((days.last - days.first).days + 1)
            ),
        )
        for visited in by_place(visits)
    )
