"""What an organisation cannot get by asking on, and how its questions end when it may not ask."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from pytest_django import Settings

from consent.models import Consent
from tests.factories import people
from tests.integration.inquiry.cases import says
from tests.integration.inquiry.conftest import stay
from tests.integration.inquiry.employers import Employer, answer_of, outcome
from tests.integration.inquiry.talk import Service
from verification.models import StatusList
from verification.reading import Standing, check, read_keys
from verification.selectors import key_set, said_by
from verification.services.issuing import publish_lists

pytestmark = pytest.mark.django_db(transaction=True)

Subscriber = Callable[..., str]
CITIES = [f"4201{n:02d}" for n in range(16)]
ALL_HOURS = (1 << 24) - 1


def a_day_passes(service: Service) -> None:
    service.world.superuser.execute(
        "UPDATE consent_request SET asked_at = asked_at - interval '25 hours',"
        " closes_at = closes_at - interval '25 hours',"
        " considered_at = considered_at - interval '25 hours'"
    )


def agrees(service: Service, employer: Employer, number: str, **question: object) -> uuid.UUID:
    """The person agrees to whatever reaches them."""
    request = employer.ask("" if "code" in question else number, **question)
    service.work()
    if service.arrived(number):
        service.say(number, f"OK {service.last_code}")
    return request


def test_halving_is_stopped_though_the_person_agrees_to_each_question(
    service: Service, employer: Employer, subscriber: Subscriber, today: date
) -> None:
    """Sixteen cities, and a question about half of what is left each day: the fourth would find the
    one. By number or by code, to shorter periods or to parts of an old list: nobody is asked."""
    with service.world.superuser.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO signaling_city (code, name, name_zh, country, admin1)"
            " VALUES (%s, 'City', '市', 'CN', '')",
            [[code] for code in CITIES],
        )
    number = subscriber()
    service.world.superuser.execute("UPDATE signaling_coverage SET hours = %s", [ALL_HOURS])
    tenure = service.world.value("SELECT id FROM subscribers_tenure")
    stay(service.world, tenure, today - timedelta(days=3), CITIES[11])
    left, answers = list(CITIES), []
    for _ in range(4):
        half = left[: len(left) // 2]
        request = agrees(service, employer, number, cities=half)
        a_day_passes(service)
        answer = answer_of(request)
        said = said_by(answer) if answer else None
        if said is None:
            break
        answers.append(said.answer)
        left = half if said.answer == "YES" else left[len(half) :]
    assert answers == ["NO", "YES", "NO"]
    assert left == [CITIES[10], CITIES[11]]
    assert outcome(service, request) == "over_budget"
    assert employer.sees(request) == "not_released"
    told = service.reply(number, "SHARE")
    code = next(word.strip(",") for word in told.split() if "-" in word and len(word) >= 11)
    for more in (
        {"cities": [CITIES[11]], "days": 1},
        {"cities": [CITIES[10]], "code": code},
        {"cities": [CITIES[11], CITIES[0]], "question": "stayed_only_in"},
    ):
        request = agrees(service, employer, number, **more)
        a_day_passes(service)
        assert outcome(service, request) == "over_budget"
        assert answer_of(request) is None
    assert "over_budget" not in service.reply(number, "LOG")


def test_suspended_on_the_operators_page_its_open_questions_end_silently(
    service: Service, employer: Employer, subscriber: Subscriber, settings: Settings
) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    asked, agreed = subscriber("330100"), subscriber("310000")
    waits, made = employer.ask(asked), employer.ask(agreed)
    service.work()
    notice = service.arrived(asked)[0]
    assert len(service.arrived(agreed)) == 1
    service.receive(agreed, f"OK {service.last_code}")
    service.run_only("handle", "answer")
    with service.as_role("owner"):
        operator = people.operator()
    with service.as_role("web"):
        staff = people.enter(operator)
        page = f"/operations/organisations/{employer.id}/suspend/"
        assert staff.post(page).status_code == 302
    service.work()
    assert answer_of(made) is None, "it was signed, and nobody gets it"
    assert "gets no answer" in service.arrived(agreed)[-1]
    (reply,) = service.say(asked, f"OK {notice[-6:]}")
    assert says(reply, "grant.expired") or says(reply, "grant.none_open"), reply
    ended = Consent.objects.values_list("state", "end_reason")
    assert sorted(ended) == [
        ("expired", "organisation_suspended"),
        ("invalidated", "organisation_suspended"),
    ]
    later = timedelta(days=2)
    for request in (waits, made):
        assert employer.sees(request) == "open", "as it would if nobody had answered"
        assert employer.sees(request, after=later) == "not_released"


def test_check_of_an_answer_that_stands(
    service: Service, employer: Employer, subscriber: Subscriber
) -> None:
    number, other = subscriber("330100"), subscriber("310000")
    agrees(service, employer, number)
    consent = Consent.objects.get()
    named = consent.id.hex[:8]
    who, said = service.reply(number, f"CHECK {named}").splitlines()
    assert says(who, "check.asker")
    assert "River Works Ltd" in who
    assert says(said, "check.said_yes")
    assert says(service.reply(other, f"CHECK {named}"), "check.none")


def test_stop_takes_back_what_was_given_before_a_new_sim(
    service: Service, employer: Employer, subscriber: Subscriber
) -> None:
    """Our list cannot tell a new SIM from a new holder: see docs/consent.md."""
    number = subscriber("330100")
    request = agrees(service, employer, number)
    token = employer.reads(request)
    service.world.end_tenure(service.world.value("SELECT id FROM subscribers_tenure"))
    service.world.subscribe(number, since=service.now())
    assert says(service.reply(number, "LIST"), "list.none")
    service.say(number, "STOP")
    assert employer.sees(request) == "withdrawn"
    publish_lists()
    keys, now = read_keys(json.dumps(key_set())), service.now()
    said = check(token, keys, now=now).statement
    assert said is not None
    listed = StatusList.objects.get(day=said.issued_at.date()).token
    assert check(token, keys, now=now, status=listed).standing is Standing.WITHDRAWN
