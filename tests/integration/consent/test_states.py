"""The state machine is the database's: no role writes a state past the gate, owner included."""

import itertools
import re
from collections.abc import Callable

import psycopg
import pytest
from django.conf import settings
from django.db import transaction
from psycopg import errors

from consent import gate, services
from consent.models import State
from tests.integration.consent.world import World

pytestmark = pytest.mark.django_db(transaction=True)

Connect = Callable[[str], psycopg.Connection]

TRANSITIONS = {
    ("requested", "disclosed"),
    ("requested", "expired"),
    ("disclosed", "granted"),
    ("disclosed", "refused"),
    ("disclosed", "expired"),
    ("granted", "consumed"),
    ("granted", "expired"),
    ("granted", "withdrawn"),
    ("granted", "invalidated"),
    ("granted", "superseded"),
}


def as_gate(superuser: psycopg.Connection, statement: str, **values: object) -> int:
    """As the role that owns the gate, to which no process can connect."""
    with superuser.transaction():
        superuser.execute("SET LOCAL ROLE tc_test_gate")
        return superuser.execute(statement, values).rowcount


def move(superuser: psycopg.Connection, consent: object, state: str) -> int:
    """All that belongs to a state, so that only the transition can be what is refused."""
    granted = ", granted_at = now(), valid_until = now() + interval '1 day',"
    granted += " grant_inbound = (random() * 1e15)::bigint"
    return as_gate(
        superuser,
        "UPDATE consent_consent SET state = %(state)s, state_seq = state_seq + 1,"
        " disclosed_at = coalesce(disclosed_at, now()),"
        " ended_at = CASE WHEN NOT %(live)s THEN now() END"
        f"{granted if state == 'granted' else ''} WHERE id = %(id)s",
        state=state,
        live=state in ("requested", "disclosed", "granted"),
        id=consent,
    )


def reach(superuser: psycopg.Connection, consent: object, state: str) -> None:
    """Bring a requested consent to a state, by listed transitions."""
    path = {
        "requested": [],
        "disclosed": ["disclosed"],
        "granted": ["disclosed", "granted"],
        "refused": ["disclosed", "refused"],
        "expired": ["expired"],
    }.get(state, ["disclosed", "granted", state])
    for step in path:
        assert move(superuser, consent, step) == 1


@pytest.mark.parametrize("before", State.values)
def test_only_listed_transitions(world: World, superuser: psycopg.Connection, before: str) -> None:
    for after in State.values:
        if before == after:
            continue
        person = world.person(subscribed=False)
        inbound = world.text(person.number)
        asked = services.ask(inbound=inbound, tenure=person.tenure, locale="en")
        reach(superuser, asked.consent_id, before)
        if (before, after) in TRANSITIONS:
            assert move(superuser, asked.consent_id, after) == 1
        else:
            with pytest.raises(errors.RaiseException, match="no transition"):
                move(superuser, asked.consent_id, after)


def test_the_drawing_in_the_docs_is_the_database(superuser: psycopg.Connection) -> None:
    text = (settings.BASE_DIR / "docs" / "consent.md").read_text()
    drawn = set(re.findall(r"^    (\w+) --> (\w+)", text, re.MULTILINE))
    pairs = itertools.product(State.values, repeat=2)
    listed = {
        pair
        for pair in pairs
        if superuser.execute("SELECT gate.may_follow(%s, %s)", pair).fetchone() == (True,)
    }
    assert drawn == listed == TRANSITIONS


@pytest.mark.parametrize(
    "change",
    [
        "window_days = 1",
        "valid_days = 365",
        "max_uses = 1000",
        "org_ref = gen_random_uuid()",
        "purpose = 'return_to_work'",
        "question = 'visited_any'",
        "terms = '{}'",
        "tenure_id = gen_random_uuid()",
        "subject_ref = gen_random_uuid()",
        "cause = 'inbound:1'",
        "requested_at = now()",
        "code_expires_at = now() + interval '1 year'",
        "number_index = sha256('x')",
        "code_digest = sha256('x')",
        "valid_until = valid_until + interval '1 day'",
        "granted_at = granted_at - interval '1 day'",
        "state_seq = state_seq + 1",
        "grant_inbound = 5",
    ],
)
def test_what_was_agreed_never_changes(
    world: World, superuser: psycopg.Connection, change: str
) -> None:
    person = world.agreed()
    with pytest.raises(errors.RaiseException):
        as_gate(
            superuser, f"UPDATE consent_consent SET {change} WHERE id = %(id)s", id=person.consent
        )


@pytest.mark.parametrize("role", ["web", "worker", "sequencer", "ingest", "auditor", "owner"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE consent_consent SET state = 'granted'",
        "UPDATE consent_consent SET uses = 0",
        "DELETE FROM consent_consent",
        "TRUNCATE consent_consent",
        "INSERT INTO consent_consent SELECT * FROM consent_consent",
    ],
)
def test_nobody_writes_consents_past_the_gate(
    world: World, connect_as: Connect, role: str, statement: str
) -> None:
    person = world.person()
    world.ask(person)
    with connect_as(role) as connection, pytest.raises(errors.InsufficientPrivilege):
        connection.execute(statement)
    assert world.state(person.consent) == "disclosed"


def test_replication_mode_does_not_get_past_the_trigger(
    world: World, superuser: psycopg.Connection
) -> None:
    person = world.agreed()
    superuser.execute("SET session_replication_role = replica")
    with pytest.raises(errors.InsufficientPrivilege):
        superuser.execute(
            "UPDATE consent_consent SET state = 'withdrawn' WHERE id = %s", [person.consent]
        )


def test_an_organisations_single_use_is_consumed_when_its_answer_arrived(world: World) -> None:
    person = world.person()
    person.consent = world.ask_for_organisation(person, code="111111")
    assert world.ok(person, "111111").outcome == "granted"
    release = world.claimed(person)
    assert world.claim(person).outcome == "denied:used_up"
    world.sequence()
    with transaction.atomic():
        gate.fetch(release)
        services.release(release_id=release, tenure=person.tenure, payload="YES")
    assert world.state(person.consent) == "granted", "a withdrawal must still be able to stop it"
    assert gate.hold(person.consent)
    gate.delivered(release)
    assert world.state(person.consent) == "consumed"
    assert world.claim(person).outcome == "denied:used_up"
    assert world.stop(person) == 0
