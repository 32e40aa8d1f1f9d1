"""An organisation's requests as its pages show them, a page at a time."""

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from consent.models import Request
from core import clock
from organisations.models import Organisation
from verification.models import Answer
from verification.selectors import RequestState, answers_to, requests_of, state_of

A_PAGE = 25


@dataclass(frozen=True, slots=True)
class Listed:
    """A request with the one thing that its asker is told of it."""

    request: Request
    state: RequestState
    answer: Answer | None


@dataclass(frozen=True, slots=True)
class Page:
    """`after`: where the next page begins; empty on the last one."""

    requests: list[Listed]
    after: str


def page(
    organisation: Organisation,
    *,
    reference: str = "",
    after: str = "",
    size: int = A_PAGE,
    is_test: bool = False,
) -> Page:
    """The latest requests first, from where another page ended; `reference`: a part of their own.

    A place to begin that is none is the beginning.
    """
    found = requests_of(organisation, is_test=is_test)
    if reference:
        found = found.filter(reference__icontains=reference)
    rows = list(_from(found, after)[: size + 1])
    shown = rows[:size]
    return Page(listed(shown), _mark(shown[-1]) if len(rows) > size else "")


def one(organisation: Organisation, request_id: UUID, *, is_test: bool = False) -> Listed:
    """Raises Request.DoesNotExist, also for a request of somebody else."""
    return listed([requests_of(organisation, is_test=is_test).get(id=request_id)])[0]


def listed(requests: Iterable[Request]) -> list[Listed]:
    """Each with its state, all as of the same moment."""
    rows = list(requests)
    answers, now = answers_to(rows), clock.now()
    return [
        Listed(row, state_of(row, answers.get(row.id), now), answers.get(row.id)) for row in rows
    ]


def _mark(request: Request) -> str:
    """A place in the list, for an address: when a request was asked, and its id."""
    mark = f"{request.asked_at.isoformat()}/{request.id}"
    return base64.urlsafe_b64encode(mark.encode()).decode().rstrip("=")


def _from(found: QuerySet[Request], after: str) -> QuerySet[Request]:
    try:
        padded = after + "=" * (-len(after) % 4)
        at, _, last = base64.urlsafe_b64decode(padded.encode()).decode().partition("/")
        moment, identifier = datetime.fromisoformat(at), UUID(last)
        if moment.tzinfo is None:
            return found
    except ValueError:  # none, cut off, or made up
        return found
    before = Q(asked_at__lt=moment) | Q(asked_at=moment, id__lt=identifier)
    return found.filter(before, asked_at__lte=moment)
