"""The operators' page: what it shows, to whom, and what they can do there."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from disputes import views
from disputes.models import Dispute
from tests.factories import people
from tests.integration.consent.world import World
from tests.integration.disputes.cases import HERE, THERE, Case, Cases

pytestmark = pytest.mark.django_db(transaction=True)
Role = Callable[[str], AbstractContextManager[None]]
LISTED = "/operations/disputes/"


@pytest.fixture
def operator(as_role: Role, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[User]:
    """The test runs as the web process from here on."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.EMAIL_BACKEND = "accounts.mail.OutboxBackend"
    monkeypatch.setattr(views, "MOST_WAIT", 0.0)  # the sequencer runs when the test says so
    with as_role("owner"):
        found = people.operator()
    with as_role("web"):
        yield found


@pytest.fixture
def case(world: World, cases: Cases) -> Case:
    """Opened by the worker, before the test becomes the web process."""
    for code, name, name_zh in ((HERE, "Beijing", "北京"), (THERE, "Shanghai", "上海")):
        world.superuser.execute(
            "INSERT INTO signaling_city (code, name, name_zh, country, admin1)"
            " VALUES (%s, %s, %s, 'CN', '')",
            [code, name, name_zh],
        )
    person = world.person()
    return cases.open(person, cases.stays(person, back=5, days=2, place=f"{THERE}|{HERE}"))


def page(browser: Client, path: str) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    return answer.content.decode()


def test_from_the_queue_to_the_decision(
    case: Case, operator: User, world: World, cases: Cases
) -> None:
    browser = people.enter(operator)
    one = f"{LISTED}{case.id}/"
    assert one in page(browser, LISTED)
    before = page(browser, one)
    assert "Shanghai" not in before, "nothing before the look"
    assert browser.post(one + "look/").status_code == 302
    assert "Shanghai" not in page(browser, one), "nor before it is signed"
    world.sequence()
    shown = page(browser, one)
    assert "Shanghai (310000)" in shown
    assert "Beijing (110100)" in shown
    assert "08:00–24:00" in shown
    assert "00:00–20:00" in shown
    for secret in (case.person.number[3:], str(case.person.tenure.subject_ref), str(case.consent)):
        assert secret not in shown
    browser.cookies["django_language"] = "zh-hans"
    assert "上海 (310000)" in page(browser, one)
    del browser.cookies["django_language"]

    refused = browser.post(one, {"error": "1", "error-instead": "third", "error-reason": "x"})
    assert refused.status_code == 200
    assert "Shanghai" in refused.content.decode()
    form = {"error": "1", "error-instead": "first", "error-reason": "border_undecided"}
    assert browser.post(one, form).status_code == 302
    decided = Dispute.objects.only("state", "is_replaced").get(id=case.id)
    assert (decided.state, decided.is_replaced) == ("confirmed", True)
    after = page(browser, one)
    assert "Shanghai" not in after
    assert "cannot be decided" in after
    kept = world.value("SELECT instead_code FROM disputes_override")
    assert kept == HERE, "the first of the two by their codes, which the page called Beijing"
    assert browser.post(one, form).headers["Location"] == one, "over: nothing to decide"
    assert browser.post(one + "look/").status_code == 302
    assert world.events(case.person).count("dispute.viewed") == 1


def test_for_operators_alone(case: Case, operator: User, as_role: Role) -> None:
    member = people.enter(people.member(people.organisation(), "owner@ours.example").user)
    one = f"{LISTED}{case.id}/"
    for path in (LISTED, one):
        assert Client().get(path).headers["Location"].startswith("/account/login/")
        assert member.get(path).status_code == 404
    for path in (one, one + "look/"):
        assert member.post(path, {"none-reason": "phone_alone"}).status_code == 404
    staff = people.enter(operator)
    assert staff.get(f"{LISTED}{uuid.uuid4()}/").status_code == 404
    assert staff.post(f"{LISTED}{uuid.uuid4()}/look/").status_code == 404
    unseen = staff.post(one, {"none-reason": "phone_alone"})
    assert unseen.headers["Location"] == one
    assert Dispute.objects.only("state").get(id=case.id).state == "open"


def test_a_case_nobody_agreed_to_is_not_there(
    world: World, cases: Cases, as_role: Role, settings: Settings
) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    person = world.person()
    cases.asked(person, cases.stays(person, back=3))
    asked = Dispute.objects.only("id").get()
    with as_role("owner"):
        found = people.operator()
    with as_role("web"):
        browser = people.enter(found)
        assert browser.get(f"{LISTED}{asked.id}/").status_code == 404
        assert str(asked.id)[:8] not in page(browser, LISTED)
