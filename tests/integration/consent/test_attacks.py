"""What a compromised process could try, on connections with its real credentials.

Each attack yields no row of a journey. Where it was a claim, the log says that it was denied.
"""

import uuid

import psycopg
import pytest
from psycopg import errors

from consent import codes
from core import clock
from tests.integration.consent.attack import FETCH, Connect, claim
from tests.integration.consent.world import DAYS_BACK, Person, World

pytestmark = pytest.mark.django_db(transaction=True)

ROLES = ["web", "worker", "sequencer", "ingest", "auditor"]
FOR_THE_WORKER = {
    *("identify", "request", "notice_sent", "notice_delivered", "grant", "refuse"),
    *("whom", "ask_for", "turn_down", "end_request", "found_nothing"),
    *("withdraw", "withdraw_all", "withdraw_by_operator", "expire_due", "erase"),
    *("erasures_due", "erase_kept", "forget_requests"),
    *("claim", "settle", "fetch", "release", "delivered", "hold"),
    *("dispute_ask", "dispute_open", "dispute_purge", "overrides"),
}


# ---------------------------------------------------------------------- reading past the gate


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("table", ["signaling_staypoint", "signaling_coverage"])
def test_select_stay_points(victim: Person, connect_as: Connect, role: str, table: str) -> None:
    connection = connect_as(role)
    for statement in (f"SELECT * FROM {table}", f"SELECT count(*) FROM public.{table}"):
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute(statement)
        connection.rollback()
    with pytest.raises(errors.InsufficientPrivilege):
        connection.execute(f"COPY {table} TO STDOUT")


@pytest.mark.parametrize("role", ROLES)
def test_select_partitions(victim: Person, world: World, connect_as: Connect, role: str) -> None:
    connection = connect_as(role)
    connection.autocommit = True
    parts = world.superuser.execute(
        "SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'"
    ).fetchall()
    assert len(parts) >= 2 * len(DAYS_BACK)
    for (part,) in parts:
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute(f"SELECT * FROM {part}")


@pytest.mark.parametrize("role", ["web", "worker", "sequencer", "auditor"])
def test_whose_stay_points_are_whose_is_not_for_sale(
    victim: Person, connect_as: Connect, role: str
) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        connect_as(role).execute("SELECT subscriber_ref, imsi_index FROM subscribers_tenure")


@pytest.mark.parametrize("role", [role for role in ROLES if role != "worker"])
def test_only_the_worker_calls_the_gate(victim: Person, connect_as: Connect, role: str) -> None:
    connection = connect_as(role)
    for call in (
        f"gate.claim('{victim.consent}', 'inbound:1')",
        f"gate.fetch('{victim.consent}')",
        f"gate.hold('{victim.consent}')",
        f"gate.overrides('{victim.consent}')",
        "gate.grant(1)",
        "gate.withdraw_all(1)",
    ):
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute(f"SELECT * FROM {call}")
        connection.rollback()


def test_the_inner_functions_are_for_nobody(
    victim: Person, worker: psycopg.Connection, superuser: psycopg.Connection
) -> None:
    open_ones = superuser.execute(
        """SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
           WHERE n.nspname = 'gate' AND has_function_privilege('tc_test_worker', p.oid, 'EXECUTE')
           ORDER BY 1"""
    ).fetchall()
    assert {name for (name,) in open_ones} == FOR_THE_WORKER
    for call in (
        f"gate.move('{victim.consent}', 'granted', 'consent.granted')",
        f"gate.note('access.claimed', '{victim.consent}', '{{}}')",
        f"gate.stop('{victim.consent}', 'stop')",
        f"gate.lapse('{victim.consent}', false)",
        "audit.append('access.claimed', '{}')",
    ):
        with pytest.raises(errors.InsufficientPrivilege):
            worker.execute(f"SELECT {call}")


def test_every_function_of_the_gate_is_pinned(superuser: psycopg.Connection) -> None:
    loose = superuser.execute(
        """SELECT p.oid::regprocedure::text FROM pg_proc p
           JOIN pg_namespace n ON n.oid = p.pronamespace
           WHERE n.nspname = 'gate' AND NOT (
             p.proowner = 'tc_test_gate'::regrole
             AND 'search_path=pg_catalog, pg_temp' = ANY (p.proconfig))"""
    ).fetchall()
    assert loose == []
    guarded = superuser.execute(
        """SELECT count(*) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
           WHERE n.nspname = 'gate' AND has_function_privilege('tc_test_worker', p.oid, 'EXECUTE')
             AND NOT p.prosecdef"""
    ).fetchone()
    assert guarded == (0,)


# ---------------------------------------------------------------------- order of claim and fetch


def test_claim_and_fetch_in_one_transaction(
    victim: Person, world: World, worker: psycopg.Connection
) -> None:
    inbound = world.text(victim.number)
    with worker.transaction():
        outcome, release = claim(worker, victim.consent, inbound.id)
        assert outcome == "claimed"
        world.sequence()  # even with the sequencer at work meanwhile
        assert worker.execute(FETCH, [release]).fetchall() == []


def test_claim_and_roll_back(victim: Person, world: World, worker: psycopg.Connection) -> None:
    inbound = world.text(victim.number)
    with worker.transaction(force_rollback=True):
        _, release = claim(worker, victim.consent, inbound.id)
        assert worker.execute(FETCH, [release]).fetchall() == []
    world.sequence()
    assert worker.execute(FETCH, [release]).fetchall() == []
    assert world.uses(victim.consent) == 0


def test_fetch_before_the_checkpoint(
    victim: Person, world: World, worker: psycopg.Connection
) -> None:
    _, release = claim(worker, victim.consent, world.text(victim.number).id)
    assert worker.execute(FETCH, [release]).fetchall() == []
    with pytest.raises(errors.RaiseException, match="same transaction"):
        worker.execute("SELECT gate.release(%s, sha256('x'))", [release])


def test_a_leaf_without_a_checkpoint_is_not_enough(
    victim: Person, world: World, worker: psycopg.Connection
) -> None:
    _, release = claim(worker, victim.consent, world.text(victim.number).id)
    world.superuser.execute(
        "INSERT INTO audit_leaf (log, seq, entry_id, leaf_hash)"
        " SELECT 2026, 0, claim_entry, sha256('x')"
        " FROM consent_release WHERE id = %s",
        [release],
    )
    assert worker.execute(FETCH, [release]).fetchall() == []


def test_nothing_is_read_before_the_witnesses_have_cosigned(
    world: World, worker: psycopg.Connection
) -> None:
    person = world.agreed()
    world.superuser.execute("SELECT audit.set_policy(2::smallint, '{one,other}')")
    _, release = claim(worker, person.consent, world.text(person.number).id)
    world.sequence()
    cosign = (
        "INSERT INTO audit_cosignature SELECT log, size, %s, decode(repeat('00', 72), 'hex'), now()"
        " FROM audit_checkpoint ORDER BY size DESC LIMIT 1"
    )
    for witness in ("one", "stranger"):
        assert worker.execute(FETCH, [release]).fetchall() == []
        worker.rollback()
        world.superuser.execute(cosign, [witness])
    assert worker.execute(FETCH, [release]).fetchall() == []
    worker.rollback()
    world.superuser.execute(cosign, ["other"])
    assert worker.execute(FETCH, [release]).fetchall() != []
    worker.rollback()
    # Withdrawal waits for no witness.
    world.superuser.execute("SELECT audit.set_policy(1::smallint, '{nobody}')")
    world.stop(person)
    assert world.state(person.consent) == "withdrawn"


def test_the_worker_makes_no_leaves(victim: Person, worker: psycopg.Connection) -> None:
    for statement in (
        "INSERT INTO audit_leaf (seq, entry_id, leaf_hash) VALUES (0, 1, 'x')",
        "INSERT INTO audit_checkpoint (size, origin, root, note, made_at)"
        " VALUES (9, 'x', 'x', 'x', now())",
    ):
        with pytest.raises(errors.InsufficientPrivilege):
            worker.execute(statement)


@pytest.mark.parametrize("isolation", ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"])
def test_fetch_after_withdrawal(
    victim: Person, world: World, worker: psycopg.Connection, isolation: str
) -> None:
    """An old snapshot does not help: what it locks has changed since."""
    _, release = claim(worker, victim.consent, world.text(victim.number).id)
    world.sequence()
    worker.execute(f"BEGIN ISOLATION LEVEL {isolation}")
    worker.execute("SELECT count(*) FROM consent_consent")
    world.stop(victim)
    try:
        assert worker.execute(FETCH, [release]).fetchall() == []
        assert worker.execute("SELECT gate.hold(%s)", [victim.consent]).fetchone() == (False,)
        worker.execute("COMMIT")
    except errors.SerializationFailure:
        assert isolation != "READ COMMITTED"
        worker.execute("ROLLBACK")
    assert worker.execute(FETCH, [release]).fetchall() == []
    assert "access.denied" in world.events(victim)


# ---------------------------------------------------------------------- forging


@pytest.mark.parametrize("role", [*ROLES, "owner"])
def test_grant_by_hand(world: World, connect_as: Connect, role: str) -> None:
    person = world.person()
    world.ask(person)
    with pytest.raises(errors.InsufficientPrivilege):
        connect_as(role).execute(
            "UPDATE consent_consent SET state = 'granted', state_seq = state_seq + 1,"
            " granted_at = now(), grant_inbound = 1, valid_until = now() + interval '1 day'"
        )
    assert world.state(person.consent) == "disclosed"


@pytest.mark.parametrize("role", [*ROLES, "owner"])
@pytest.mark.parametrize("event", ["access.claimed", "consent.granted", "erasure.done"])
def test_forge_an_entry(victim: Person, connect_as: Connect, role: str, event: str) -> None:
    connection = connect_as(role)
    fields = (
        f'{{"consent_id": "{victim.consent}", "subject_ref": "{victim.tenure.subject_ref}",'
        f' "release_id": "{uuid.uuid4()}"}}'
    )
    with pytest.raises(errors.InsufficientPrivilege):
        connection.execute("SELECT audit.record(%s, %s)", [event, fields])
    connection.rollback()
    if role != "owner":  # who owns the table may insert rows; the log's columns must match its body
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute(
                "INSERT INTO audit_entry (entry_uuid, recorded_at, event, body)"
                " VALUES (gen_random_uuid(), now(), %s, 'x')",
                [event],
            )


def test_the_worker_cannot_make_a_person_text(victim: Person, connect_as: Connect) -> None:
    """Texts are what consents and claims rest on: only the web process stores them."""
    for role in ("worker", "sequencer", "ingest", "auditor"):
        connection = connect_as(role)
        for statement in (
            "INSERT INTO sms_gateway_inboundmessage (provider) VALUES ('x')",
            "UPDATE sms_gateway_inboundmessage SET number_index = sha256('x')",
            "UPDATE sms_gateway_inboundmessage SET received_at = now()",
        ):
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(statement)
            connection.rollback()


def test_the_worker_cannot_tie_a_number_to_somebody_else(
    victim: Person, worker: psycopg.Connection
) -> None:
    for statement in (
        "INSERT INTO subscribers_tenure (id) VALUES (gen_random_uuid())",
        "UPDATE subscribers_tenure SET msisdn_index = sha256('x')",
        "UPDATE subscribers_tenure SET imsi_index = sha256('x')",
        "UPDATE subscribers_tenure SET subscriber_ref = gen_random_uuid()",
        "UPDATE subscribers_tenure SET valid_to = NULL",
        "UPDATE consent_release SET state = 'claimed'",
        "INSERT INTO core_feed (name, refreshed_at) VALUES ('subscriptions', now())",
        "UPDATE core_feed SET refreshed_at = now()",
    ):
        with pytest.raises(errors.InsufficientPrivilege):
            worker.execute(statement)


# ---------------------------------------------------------------------- consents that give nothing


@pytest.mark.parametrize("case", ["another", "used_up", "expired", "other_tenure", "replayed"])
def test_claims_under_what_is_no_consent(
    victim: Person, world: World, worker: psycopg.Connection, case: str
) -> None:
    texted = world.text(victim.number).id
    if case == "another":
        texted = world.text(world.agreed().number).id
    elif case == "used_up":
        victim.consent = world.ask_for_organisation(victim, code="111111")
        world.ok(victim, "111111")
        texted = world.text(victim.number).id
        assert claim(worker, victim.consent, texted)[0] == "claimed"
        texted = world.text(victim.number).id
    elif case == "expired":
        now = clock.now().isoformat()
        world.superuser.execute(
            "CREATE OR REPLACE FUNCTION core.now() RETURNS timestamptz LANGUAGE sql VOLATILE"
            f" AS $$ SELECT '{now}'::timestamptz + interval '30 days' $$"
        )
        texted = world.text(victim.number).id
    elif case == "other_tenure":
        world.end_tenure(victim.tenure.id)
        world.subscribe(victim.number, since=clock.now())
        texted = world.text(victim.number).id
    elif case == "replayed":
        assert claim(worker, victim.consent, texted)[0] == "claimed"
        world.agreed(victim)
    before = len(world.bodies("access.denied"))
    outcome, release = claim(worker, victim.consent, texted)
    world.sequence()
    assert outcome.startswith("denied:")
    assert release is None
    assert len(world.bodies("access.denied")) == before + 1


@pytest.mark.parametrize("said", ["NO {code}", "TRIP", "OK", "{code}", "OK {code}?", "YES {code}"])
def test_a_text_that_did_not_say_ok_with_the_code_agrees_to_nothing(
    world: World, worker: psycopg.Connection, said: str
) -> None:
    """The worker knows the code, for it made it. What it cannot make is a text that says OK."""
    person = world.person()
    world.ask(person)
    inbound = world.text(person.number, said.format(code=person.code))
    grant = "SELECT outcome FROM gate.grant(%s)"
    for _ in range(4):
        assert worker.execute(grant, [inbound.id]).fetchone() == ("wrong_code",)
    assert world.state(person.consent) == "disclosed"
    assert world.ok(person).outcome == "granted", "nor did it use up the tries at the code"


def test_the_worker_cannot_write_what_a_text_agrees_to(
    world: World, worker: psycopg.Connection
) -> None:
    person = world.person()
    world.ask(person)
    digest = codes.digest(person.index, person.code)
    inbound = world.text(person.number, f"NO {person.code}")
    with pytest.raises(errors.InsufficientPrivilege):
        worker.execute(
            "UPDATE sms_gateway_inboundmessage SET agrees_to = %s WHERE id = %s",
            [digest, inbound.id],
        )
    with pytest.raises(errors.UndefinedFunction):
        worker.execute("SELECT gate.grant(%s, %s, NULL, NULL, NULL)", [inbound.id, digest])


def test_an_agreement_to_one_question_agrees_to_no_other(
    world: World, worker: psycopg.Connection
) -> None:
    """Not to one with the same code either, that the worker asks once it has read the text."""
    person = world.agreed()
    granted = world.text(person.number, f"OK {person.code}")
    later = world.ask_for_organisation(person, code=person.code)
    assert worker.execute("SELECT outcome FROM gate.grant(%s)", [granted.id]).fetchone() != (
        "granted",
    )
    assert world.state(later) == "requested"


def test_guessing_codes_from_texts_that_said_something_else(
    world: World, worker: psycopg.Connection
) -> None:
    """Codes are keyed hashes; three wrong ones close the question, however they are tried."""
    person = world.person()
    world.ask(person)
    wrong = f"{(int(person.code) + 1) % 1_000_000:06d}"
    outcomes = [
        worker.execute(
            "SELECT outcome FROM gate.grant(%s)", [world.text(person.number, f"OK {wrong}").id]
        ).fetchone()
        for _ in range(5)
    ]
    assert [row[0] for row in outcomes if row] == [
        "wrong_code",
        "wrong_code",
        "too_many",
        "none_open",
        "none_open",
    ]
