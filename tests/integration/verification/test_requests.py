"""An organisation asks: what the web process stores, and that it looks nobody up."""

import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.db import ProgrammingError, connection
from django.test.utils import CaptureQueriesContext

from consent import sharing_codes
from consent.models import Request
from core import person_keys
from core.numbers import number_index
from organisations.models import Organisation
from tests.factories import askers
from verification.models import Answer
from verification.selectors import (
    NOT_FOR_ASKERS,
    RequestState,
    open_requests,
    requests_of,
    state_of,
)
from verification.services import requests
from verification.services.requests import Asker, Question

AsRole = Callable[[str], AbstractContextManager[None]]
QUESTION = Question(
    purpose="return_to_work",
    question="visited_any",
    days=14,
    kept_days=7,
    number="+8613900000001",
    cities=["420100"],
)
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)


@pytest.fixture
def asker(superuser: psycopg.Connection) -> Asker:
    superuser.execute(
        "INSERT INTO signaling_city (code, name, name_zh, country, admin1)"
        " VALUES ('420100', 'Wuhan', '武汉', 'CN', 'Hubei'), ('TH', 'Thailand', '泰国', 'TH', '')"
    )
    organisation = askers.organisation(superuser)
    return Asker(Organisation.objects.only("id", "name").get(id=organisation), uuid.uuid4())


def test_a_number_we_have_met_and_one_we_have_not_take_the_same_steps(
    asker: Asker, as_role: AsRole
) -> None:
    """Else the time that asking takes would tell which of them texts us."""
    person_keys.current(number_index("+8613900000001"))
    steps = []
    with as_role("web"):
        for number in ("+8613900000001", "+8613900000002"):
            with CaptureQueriesContext(connection) as seen:
                requests.ask(by=asker, question=replace(QUESTION, number=number))
            steps.append([query["sql"].split(" WHERE ")[0][:38] for query in seen])
    assert steps[0] == steps[1]


def test_a_number_is_stored_sealed_and_found_again_by_its_index(
    asker: Asker, as_role: AsRole, superuser: psycopg.Connection
) -> None:
    with as_role("web"):
        stored = requests.ask(by=asker, question=QUESTION)
        assert [r.id for r in requests_of(asker.organisation)] == [stored.id]
    row = superuser.execute(
        "SELECT number_index, number_sealed, code_digest, outcome FROM consent_request"
    ).fetchone()
    assert row is not None
    assert row[0] == number_index("+8613900000001")
    assert b"13900000001" not in row[1]
    assert row[2:] == (None, "")
    entry = superuser.execute(
        "SELECT convert_from(body, 'UTF8')::jsonb - 'occurred_at' - 'entry_uuid' FROM audit_entry"
    ).fetchone()
    assert entry == (
        {
            "v": 1,
            "event": "organisation.asked",
            "actor": {"type": "organisation", "role": "web", "ref": str(asker.by_ref)},
            "org_ref": str(asker.organisation.id),
            "request_id": str(stored.id),
            "purpose_code": "return_to_work",
            "question": "visited_any",
            "asked_by": "number",
            "window_days": 14,
        },
    )


def test_a_code_that_nobody_has_is_stored_like_any_other(asker: Asker, as_role: AsRole) -> None:
    code = sharing_codes.new_code()
    with as_role("web"):
        stored = requests.ask(by=asker, question=replace(QUESTION, number="", code=code.lower()))
    assert stored.code_digest == sharing_codes.digest(code)
    assert stored.number_index is None


@pytest.mark.parametrize(
    ("change", "field", "problem"),
    [
        ({"code": "K7M2Q-X9TBR"}, "number", "number_or_code"),
        ({"number": ""}, "number", "number_or_code"),
        ({"number": "12"}, "number", "not_a_mobile_number"),
        ({"number": "", "code": "K7M2Q-X9TB"}, "code", "not_a_code"),
        ({"days": 15}, "days", "days"),
        ({"kept_days": 0}, "kept_days", "kept_days"),
        ({"cities": []}, "places", "how_many_places"),
        ({"cities": ["999999"]}, "places", "unknown_place"),
        ({"question": "itinerary"}, "places", "no_places_for_an_itinerary"),
    ],
)
def test_what_is_wrong_with_a_question_is_named(
    asker: Asker, as_role: AsRole, change: dict[str, object], field: str, problem: str
) -> None:
    with as_role("web"):
        with pytest.raises(requests.QuestionError) as caught:
            requests.ask(by=asker, question=replace(QUESTION, **change))  # type: ignore[arg-type]
        assert caught.value.problems == {field: problem}
        assert not Request.objects.only("id").exists()


@pytest.mark.parametrize(
    ("terms", "why"),
    [
        ("status = 'suspended', suspended_at = core.now()", "suspended"),
        ("purposes = '{site_access}', itinerary_purposes = '{}'", "purpose"),
        ("may_ask_by_number = false", "by_number"),
    ],
)
def test_what_an_organisation_was_not_allowed(
    asker: Asker, as_role: AsRole, superuser: psycopg.Connection, terms: str, why: str
) -> None:
    superuser.execute(f"UPDATE organisations_organisation SET {terms}")
    with as_role("web"), pytest.raises(requests.NotAllowedError, match=why):
        requests.ask(by=asker, question=QUESTION)


@pytest.mark.parametrize(
    ("cap", "which"), [("requests_per_day", "per_day"), ("open_requests", "open")]
)
def test_the_caps_of_an_organisation_count_whoever_is_asked(
    asker: Asker, as_role: AsRole, superuser: psycopg.Connection, cap: str, which: str
) -> None:
    superuser.execute(f"UPDATE organisations_organisation SET {cap} = 2")
    with as_role("web"):
        for last in "12":
            requests.ask(by=asker, question=replace(QUESTION, number=f"+861390000000{last}"))
        with pytest.raises(requests.CapError, match=which):
            requests.ask(by=asker, question=replace(QUESTION, number="+8613900000003"))


def test_a_cancelled_request_is_cancelled_once_and_by_its_asker_alone(
    asker: Asker, as_role: AsRole, superuser: psycopg.Connection
) -> None:
    other = askers.organisation(superuser, "Hill Works Ltd")
    stranger = Asker(Organisation.objects.only("id", "name").get(id=other), uuid.uuid4())
    with as_role("web"):
        stored = requests.ask(by=asker, question=QUESTION)
        for unknown in (stored.id, uuid.uuid4()):
            with pytest.raises(Request.DoesNotExist):
                requests.cancel(by=stranger, request_id=unknown)
        assert requests.cancel(by=asker, request_id=stored.id)
        assert not requests.cancel(by=asker, request_id=stored.id)
        assert not open_requests(asker.organisation).exists()


@pytest.mark.parametrize("column", NOT_FOR_ASKERS)
def test_whom_a_request_is_about_and_what_became_of_it_the_web_process_cannot_read(
    asker: Asker, as_role: AsRole, column: str
) -> None:
    with as_role("web"), connection.cursor() as cursor, pytest.raises(ProgrammingError):
        cursor.execute(f"SELECT {column} FROM consent_request")


@pytest.mark.parametrize("column", ["target", "considered_at", "outcome", "cancelled_at"])
def test_the_web_process_stores_a_question_and_not_what_became_of_it(
    as_role: AsRole, column: str
) -> None:
    """Else it could have a number counted as asked, or a question passed by unseen."""
    with as_role("web"), connection.cursor() as cursor, pytest.raises(ProgrammingError):
        cursor.execute(f"INSERT INTO consent_request ({column}) VALUES (NULL)")


def test_an_answer_that_was_not_handed_over_is_not_there_for_the_web_process(
    asker: Asker, as_role: AsRole, superuser: psycopg.Connection
) -> None:
    superuser.execute(
        "INSERT INTO verification_answer (request_id, org_ref, answer_id, consent_id, release_id,"
        " release_entry, made_at) SELECT gen_random_uuid(), gen_random_uuid(), gen_random_uuid(),"
        " gen_random_uuid(), gen_random_uuid(), 1, core.now()"
    )
    with as_role("web"):
        assert not Answer.objects.exists()
    superuser.execute("UPDATE verification_answer SET handed_over_at = core.now()")
    with as_role("web"):
        assert Answer.objects.exists()


def test_the_one_thing_an_asker_is_told() -> None:
    request = Request(closes_at=NOW)
    before, moment = NOW - timedelta(microseconds=1), timedelta(hours=1)
    assert state_of(request, None, before) is RequestState.OPEN
    assert state_of(request, None, NOW) is RequestState.NOT_RELEASED
    assert state_of(request, Answer(), NOW + moment) is RequestState.ANSWERED
    assert state_of(request, Answer(withdrawn_at=NOW), NOW + moment) is RequestState.WITHDRAWN
    assert state_of(Request(closes_at=NOW, cancelled_at=NOW), None, NOW) is RequestState.CANCELLED
