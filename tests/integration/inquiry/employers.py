"""Organisations that ask, through the web process, the people of a conversation."""

from __future__ import annotations

import itertools
import uuid
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from consent.models import Request
from organisations.models import Organisation
from tests.factories import askers
from tests.integration.inquiry.talk import Service
from verification.models import Answer
from verification.selectors import NOT_FOR_ASKERS, answers_to, state_of
from verification.services import reading, requests
from verification.services.requests import Asker, Question

QUESTION = Question(
    purpose="return_to_work", question="visited_any", days=14, kept_days=7, cities=["330100"]
)


@dataclass
class Employer:
    """One organisation at its keyboard. What it does, it does as the web process."""

    service: Service
    name: str = "River Works Ltd"
    is_test: bool = False
    _nonces: itertools.count[int] = field(default_factory=lambda: itertools.count(10_000_000))

    def __post_init__(self) -> None:
        self.id = askers.organisation(self.service.world.superuser, self.name)

    def asker(self) -> Asker:
        return Asker(Organisation.objects.get(name=self.name), uuid.uuid4(), self.is_test)

    def ask(self, number: str = "", **changes: Any) -> uuid.UUID:
        """Ask about a number, or with `code`; nothing works on it yet."""
        question = replace(QUESTION, number=number, nonce=str(next(self._nonces)), **changes)
        with self.service.as_role("web"):
            return requests.ask(by=self.asker(), question=question).id

    def sees(self, request: uuid.UUID, *, after: timedelta = timedelta(0)) -> str:
        """What the asker is told of a request, now or in a while."""
        with self.service.as_role("web"):
            found = Request.objects.defer(*NOT_FOR_ASKERS).get(id=request)
            answer = answers_to([found]).get(request)
            return str(state_of(found, answer, self.service.now() + after))

    def reads(self, request: uuid.UUID) -> str:
        """The token. Raises Answer.DoesNotExist."""
        with self.service.as_role("web"):
            return reading.read(by=self.asker(), request_id=request)

    def cancels(self, request: uuid.UUID) -> None:
        with self.service.as_role("web"):
            requests.cancel(by=self.asker(), request_id=request)


def outcome(service: Service, request: uuid.UUID) -> str:
    """What the worker made of a request."""
    return str(service.world.value("SELECT outcome FROM consent_request WHERE id = %s", request))


def answer_of(request: uuid.UUID) -> Answer | None:
    return Answer.objects.filter(request_id=request).first()


def asked(
    service: Service, employer: Employer, number: str, *, code: str = ""
) -> tuple[uuid.UUID, str]:
    """A question about a number, or by the code that it made, and the notice that came."""
    request = employer.ask(code=code) if code else employer.ask(number)
    service.work()
    notice = service.arrived(number)
    assert len(notice) == 1, outcome(service, request)
    return request, notice[0]


def agreed(service: Service, employer: Employer, number: str) -> uuid.UUID:
    """A question that was agreed to and whose answer was made, and not handed over yet."""
    request, _ = asked(service, employer, number)
    service.receive(number, f"OK {service.last_code}")
    service.run_only("handle", "answer")
    made = answer_of(request)
    assert made is not None
    assert made.handed_over_at is None
    assert employer.sees(request) == "open"
    return request
