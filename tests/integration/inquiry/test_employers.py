"""An organisation asks, the person agrees, the organisation reads: the whole way, and back."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.inquiry.employers import Employer, answer_of, outcome
from tests.integration.inquiry.talk import Service
from verification.selectors import said_by

pytestmark = pytest.mark.django_db(transaction=True)

Subscriber = Callable[..., str]


@pytest.fixture
def employer(service: Service) -> Employer:
    return Employer(service)


def asked(
    service: Service, employer: Employer, number: str, **changes: Any
) -> tuple[uuid.UUID, str]:
    request = employer.ask(number, **changes)
    service.work()
    notice = service.arrived(number)
    assert len(notice) == 1, outcome(service, request)
    return request, notice[0]


def test_a_question_by_number_from_the_notice_to_the_answer(
    service: Service, employer: Employer, subscriber: Subscriber
) -> None:
    """The person never texted before: no key, no language, no tenure but the feed's."""
    number = subscriber("330100")
    request, notice = asked(service, employer, number)
    assert "River Works Ltd asks" in notice
    assert "Hangzhou" in notice
    assert employer.sees(request) == "open"
    receipt = service.reply(number, f"OK {service.last_code}")
    assert "The answer was YES" in receipt
    assert employer.sees(request) == "answered"
    answer = answer_of(request)
    assert answer is not None
    said = said_by(answer)
    assert said is not None
    assert (said.answer, said.last_two) == ("YES", number[-2:])
    assert employer.reads(request).count(".") == 2
