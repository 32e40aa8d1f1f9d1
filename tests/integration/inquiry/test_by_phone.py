"""An operator ends everything for somebody who called: nothing is shown, the number gets a text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from consent import gate
from consent.models import Consent, SharingCode, WithdrawalByPhone
from core import dispatch
from inquiry import tasks
from tests.factories import people
from tests.integration.inquiry.cases import says
from tests.integration.inquiry.questions import Questions
from tests.integration.inquiry.talk import AsRole, Service
from verification.models import Answer

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "/operations/withdraw/"


@pytest.fixture
def operator(as_role: AsRole, settings: Settings) -> User:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with as_role("owner"):
        return people.operator()


@pytest.fixture
def call(
    as_role: AsRole, operator: User, service: Service, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Any]:
    """`call(number)`: an operator types the number in; the page that comes back."""

    def put(task: str, *args: Any, countdown: float = 0) -> None:
        service.queue.waiting.append((getattr(tasks, task.rsplit(".", 1)[1]), args))

    monkeypatch.setattr(dispatch, "enqueue", put)

    def typed(number: str) -> Any:
        with as_role("web"):
            form = {"number": number, "reason": "asked"}
            return people.enter(operator).post(PAGE, form, follow=True)

    return typed


def test_everything_ends_and_the_number_is_told(
    service: Service, subscriber: Callable[..., str], call: Callable[[str], Any], operator: User
) -> None:
    number, other = subscriber("330100"), subscriber("310000")
    questions = Questions(service)
    for one in (number, other):
        service.agree(one)
    handed = questions.hand_over(number)
    questions.ask(number, "Hill Farms")
    service.say(number, "SHARE")
    assert "Done." in call(number).content.decode()
    service.work()
    [told] = service.arrived(number)
    assert says(told, "stop.by_phone")
    left = Consent.objects.filter(state__in=["requested", "disclosed", "granted"])
    assert [one.tenure_id for one in left] == [questions.holder(other).tenure.id]
    handed.refresh_from_db()
    assert handed.recalled_at is not None
    assert Answer.objects.get().withdrawn_at is not None
    assert not SharingCode.objects.exists()
    [withdrawn] = service.world.bodies("consent.withdrawn")
    assert withdrawn["channel"] == "phone"
    assert withdrawn["actor"] == {"type": "operator", "role": "worker", "ref": str(operator.id)}
    service.sweep_later()
    assert service.arrived(number) == [], "once"
    assert says(service.reply(number, "TRIP"), "notice.self")


def test_the_page_says_the_same_of_a_number_that_nobody_has(
    service: Service, subscriber: Callable[..., str], call: Callable[[str], Any]
) -> None:
    known, unknown = subscriber("330100"), "+8613899999999"
    service.agree(known)
    pages = [call(number).content.decode() for number in (known, unknown)]
    assert known not in pages[0]
    assert without_tokens(pages[0]) == without_tokens(pages[1])
    service.work()
    assert service.arrived(unknown) == []
    assert len(service.world.bodies("staff.ended_consents")) == 2
    assert "This cannot be a phone number" in call("12").content.decode()


def without_tokens(page: str) -> list[str]:
    return [line for line in page.splitlines() if "csrf" not in line]


def test_a_lost_task_is_taken_up_by_the_sweep(
    service: Service, subscriber: Callable[..., str], call: Callable[[str], Any]
) -> None:
    number = subscriber("330100")
    service.agree(number)
    call(number)
    service.queue.waiting.clear()
    service.sweep()
    assert says(service.arrived(number)[0], "stop.by_phone")


def test_nobody_but_operators_and_the_web_cannot_end_or_read_anything(
    as_role: AsRole, operator: User, connect_as: Callable[[str], psycopg.Connection]
) -> None:
    with as_role("web"):
        stranger = people.person("asker@harbour.example")
        assert people.enter(stranger).get(PAGE).status_code == 404
        assert Client().get(PAGE).status_code == 302
    for role in ("web", "auditor", "ingest"):
        with connect_as(role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT gate.withdraw_by_operator(gen_random_uuid())")
    with connect_as("web") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SELECT number_index FROM consent_withdrawalbyphone")
    with pytest.raises(DatabaseError), transaction.atomic():
        # The worker cannot make up that somebody called.
        WithdrawalByPhone.objects.create(number_index=b"x")
    assert not gate.withdraw_by_operator(operator.id)
