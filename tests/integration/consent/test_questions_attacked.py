"""What a compromised process could do with organisations' questions, with its real credentials."""

import json
import uuid
from typing import Any

import psycopg
import pytest
from psycopg import errors

from consent import codes
from tests.factories import askers
from tests.integration.consent.attack import Connect
from tests.integration.consent.world import Person, World

pytestmark = pytest.mark.django_db(transaction=True)

NOTICE = {
    "template": "test",
    "version": "1",
    "locale": "en",
    "sha256": "00" * 32,
    "segments": 1,
    "key_id": str(uuid.UUID(int=0)),
}
ASK = "SELECT outcome FROM gate.ask_for(%s, %s, %s, %s, %s, 'sealed')"


def ask(
    worker: psycopg.Connection, request: uuid.UUID, person: Person, terms: dict[str, Any]
) -> str:
    row = worker.execute(
        ASK,
        [
            request,
            person.tenure.id,
            json.dumps(terms),
            codes.digest(person.index, "482913"),
            json.dumps(NOTICE),
        ],
    ).fetchone()
    assert row is not None
    return str(row[0])


@pytest.fixture
def person(world: World) -> Person:
    return world.person()


@pytest.fixture
def request_id(world: World, person: Person) -> uuid.UUID:
    asker = askers.organisation(world.superuser)
    return askers.request(world.superuser, asker, number_index=person.index)


@pytest.mark.parametrize(
    "change",
    [
        {"asker": "Ministry of Health"},
        {"org_ref": str(uuid.uuid4())},
        {"purpose": "duty_of_care"},
        {"question": "itinerary"},
        {"places": {"cities": [], "countries": ["CN"]}},
        {"window_days": 1},
        {"kept_days": 30},
        {"max_uses": 9},
        {"max_uses": None},
    ],
)
def test_the_worker_asks_in_no_other_words_than_the_asker(
    world: World,
    worker: psycopg.Connection,
    person: Person,
    request_id: uuid.UUID,
    change: dict[str, Any],
) -> None:
    terms = askers.terms(world.superuser, request_id)
    with pytest.raises(errors.RaiseException, match="terms"):
        ask(worker, request_id, person, terms | change)
    assert ask(worker, request_id, person, terms) == "asked"


def test_the_worker_asks_nothing_that_nobody_asked(
    world: World, worker: psycopg.Connection, person: Person, request_id: uuid.UUID
) -> None:
    terms = askers.terms(world.superuser, request_id)
    with pytest.raises(errors.RaiseException, match="not about"):
        ask(worker, uuid.uuid4(), person, terms)
    with pytest.raises(errors.RaiseException, match="not about"):
        ask(worker, request_id, world.person(), terms)
    for statement in (
        "INSERT INTO consent_request (id) VALUES (gen_random_uuid())",
        "UPDATE consent_request SET kept_days = 30",
        "UPDATE consent_request SET is_test = false",
        "UPDATE consent_request SET outcome = '', considered_at = NULL",
        "UPDATE consent_request SET closes_at = now() + interval '1 year'",
        "DELETE FROM consent_request",
        "UPDATE organisations_organisation SET status = 'approved'",
    ):
        with pytest.raises(errors.InsufficientPrivilege):
            worker.execute(statement)


def test_a_test_reaches_nobody_whatever_number_is_in_it(
    world: World, worker: psycopg.Connection, person: Person, request_id: uuid.UUID
) -> None:
    terms = askers.terms(world.superuser, request_id)
    world.superuser.execute("UPDATE consent_request SET is_test = true")
    assert worker.execute("SELECT number, tenure FROM gate.whom(%s)", [request_id]).fetchone() == (
        None,
        None,
    )
    with pytest.raises(errors.RaiseException, match="not about"):
        ask(worker, request_id, person, terms)
    worker.execute("SELECT gate.turn_down(%s, 'unknown_number')", [request_id])
    assert "access.denied" not in world.events(person)


def test_what_was_turned_down_is_not_asked_and_once_asked_not_again(
    world: World, worker: psycopg.Connection, person: Person, request_id: uuid.UUID
) -> None:
    terms = askers.terms(world.superuser, request_id)
    worker.execute("SELECT gate.turn_down(%s, 'cooling_down')", [request_id])
    assert ask(worker, request_id, person, terms) == "cooling_down"
    assert world.value("SELECT count(*) FROM consent_consent WHERE org_ref IS NOT NULL") == 0
    assert world.events(person)[-1] == "access.denied"


@pytest.mark.parametrize("role", ["web", "sequencer", "ingest", "auditor"])
def test_nobody_else_sees_or_decides_what_becomes_of_a_question(
    connect_as: Connect, request_id: uuid.UUID, role: str
) -> None:
    connection = connect_as(role)
    for statement in (
        f"SELECT * FROM gate.whom('{request_id}')",
        f"SELECT gate.turn_down('{request_id}', 'blocked')",
        f"SELECT gate.number_of('{request_id}')",
        f"SELECT gate.found_nothing('{request_id}')",
        "SELECT outcome FROM consent_request",
        "SELECT target FROM consent_request",
        "SELECT considered_at FROM consent_request",
        "SELECT * FROM consent_consent",
        "SELECT * FROM consent_block",
        "SELECT * FROM consent_pause",
        "SELECT * FROM consent_sharingcode",
        "SELECT * FROM verification_issuedanswer",
        "SELECT * FROM sms_gateway_outboundmessage",
        "UPDATE verification_answer SET handed_over_at = now()",
        "UPDATE verification_answer SET withdrawn_at = NULL",
    ):
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute(statement)
        connection.rollback()


def test_nothing_is_called_empty_that_was_not_fetched_here(
    world: World, worker: psycopg.Connection
) -> None:
    release = world.claimed(world.agreed())
    world.sequence()
    with pytest.raises(errors.RaiseException, match="same transaction"):
        worker.execute("SELECT gate.found_nothing(%s)", [release])
