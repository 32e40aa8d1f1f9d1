"""Many at once, on connections of their own."""

import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from psycopg import errors

from consent import codes
from tests.integration.consent.world import JOURNEY, World

pytestmark = pytest.mark.django_db(transaction=True)

Connect = Callable[[str], psycopg.Connection]
MANY = 16


@pytest.fixture
def all_at_once(connect_as: Connect) -> Callable[..., list[tuple[Any, ...]]]:
    """`all_at_once(query, *arguments)`: on 16 connections of the worker, started together."""

    def run(query: str, *arguments: object) -> list[tuple[Any, ...]]:
        connections = [connect_as("worker") for _ in range(MANY)]
        start = threading.Barrier(MANY)

        def one(connection: psycopg.Connection) -> tuple[Any, ...]:
            start.wait(timeout=30)
            with connection.transaction():
                row = connection.execute(query, arguments).fetchone()
            assert row is not None
            return row

        with ThreadPoolExecutor(MANY) as pool:
            return list(pool.map(one, connections))

    return run


Together = Callable[..., list[tuple[Any, ...]]]


def test_one_text_claims_once(world: World, all_at_once: Together) -> None:
    person = world.agreed()
    cause = f"inbound:{world.text(person.number).id}"
    claims = all_at_once("SELECT outcome, release FROM gate.claim(%s, %s)", person.consent, cause)
    assert len(set(claims)) == 1
    assert claims[0][0] == "claimed"
    assert world.uses(person.consent) == 1
    assert world.events(person).count("access.claimed") == 1


def test_one_text_agrees_once(world: World, all_at_once: Together) -> None:
    person = world.person()
    world.ask(person)
    inbound = world.text(person.number, f"OK {person.code}")
    outcomes = all_at_once("SELECT outcome FROM gate.grant(%s)", inbound.id)
    assert sorted(row[0] for row in outcomes) == ["already"] * (MANY - 1) + ["granted"]
    assert world.events(person).count("consent.granted") == 1


def test_one_wrong_text_counts_once(world: World, all_at_once: Together) -> None:
    person = world.person()
    world.ask(person)
    inbound = world.text(person.number, f"OK {(int(person.code) + 1) % 1_000_000:06d}")
    outcomes = all_at_once("SELECT outcome FROM gate.grant(%s)", inbound.id)
    assert {row[0] for row in outcomes} == {"wrong_code"}
    assert world.state(person.consent) == "disclosed"


def test_a_number_gets_one_tenure(world: World, all_at_once: Together) -> None:
    number = world.number()
    inbound = world.text(number)
    assert len(set(all_at_once("SELECT gate.identify(%s)", inbound.id))) == 1


def test_one_release_leaves_once(world: World, all_at_once: Together) -> None:
    person = world.agreed()
    release = world.claimed(person)
    world.sequence()
    left = all_at_once(
        "SELECT count(*), CASE WHEN count(*) > 0 THEN gate.release(%s, sha256('x')) END"
        " FROM gate.fetch(%s)",
        release,
        release,
    )
    assert sorted(row[0] for row in left) == [0] * (MANY - 1) + [JOURNEY]
    assert world.events(person).count("access.released") == 1


def test_single_use_is_single_whatever_the_number_of_texts(
    world: World, connect_as: Connect
) -> None:
    person = world.person()
    person.consent = world.ask_for_organisation(person, code="111111")
    world.ok(person, "111111")
    causes = [f"inbound:{world.text(person.number).id}" for _ in range(MANY)]
    start = threading.Barrier(MANY)

    def one(cause: str) -> str:
        connection = connect_as("worker")
        start.wait(timeout=30)
        with connection.transaction():
            row = connection.execute(
                "SELECT outcome FROM gate.claim(%s, %s)", [person.consent, cause]
            ).fetchone()
        assert row is not None
        return str(row[0])

    with ThreadPoolExecutor(MANY) as pool:
        outcomes = list(pool.map(one, causes))
    assert sorted(outcomes) == ["claimed"] + ["denied:used_up"] * (MANY - 1)
    assert world.uses(person.consent) == 1
    assert len(world.bodies("access.denied")) == MANY - 1


@contextmanager
def in_background(work: Callable[[], object]) -> Iterator[Callable[[], object]]:
    """Start `work`; yields a function that waits for its result (or raises its error)."""
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(work)
        yield lambda: future.result(timeout=30)


def waits_for_a_lock(world: World, role: str = "tc_test_worker") -> bool:
    """Whether some connection of the role waits for a lock; asks until it does."""
    for _ in range(3000):
        if world.value(
            "SELECT count(*) FROM pg_stat_activity WHERE usename = %s"
            " AND wait_event_type = 'Lock' AND datname = current_database()",
            role,
        ):
            return True
        world.superuser.execute("SELECT pg_sleep(0.01)")
    return False


def test_withdrawal_waits_for_a_sending_and_no_sending_follows(
    world: World, connect_as: Connect
) -> None:
    person = world.agreed()
    stop = world.text(person.number, "STOP")
    sender, other, withdrawer = (connect_as("worker") for _ in range(3))
    hold = "SELECT gate.hold(%s)"
    assert sender.execute(hold, [person.consent]).fetchone() == (True,)
    assert other.execute(hold, [person.consent]).fetchone() == (True,), "senders share"

    def withdraw() -> object:
        row = withdrawer.execute("SELECT gate.withdraw_all(%s)", [stop.id]).fetchone()
        withdrawer.commit()
        return row

    with in_background(withdraw) as result:
        assert waits_for_a_lock(world)
        assert world.state(person.consent) == "granted"
        sender.commit()
        other.commit()
        assert result() == (1,)
    assert sender.execute(hold, [person.consent]).fetchone() == (False,)


def test_a_sending_that_waited_for_a_withdrawal_does_not_leave(
    world: World, connect_as: Connect
) -> None:
    person = world.agreed()
    stop = world.text(person.number, "STOP")
    sender, withdrawer = connect_as("worker"), connect_as("worker")
    withdrawer.execute("SELECT gate.withdraw_all(%s)", [stop.id])
    hold = lambda: sender.execute("SELECT gate.hold(%s)", [person.consent]).fetchone()  # noqa: E731
    with in_background(hold) as result:
        assert waits_for_a_lock(world)
        withdrawer.commit()
        assert result() == (False,)


@pytest.mark.parametrize(
    "call", ["SELECT gate.hold(%(consent)s)", "SELECT gate.fetch(%(release)s)"]
)
def test_a_worker_that_hangs_is_cut_off_and_the_withdrawal_goes_through(
    world: World, connect_as: Connect, call: str
) -> None:
    """The role's own time-out, lowered for the test, ends the transaction that holds the lock."""
    person = world.agreed()
    release = world.claimed(person)
    world.sequence()
    stop = world.text(person.number, "STOP")
    database = world.value("SELECT current_database()")
    world.superuser.execute(
        f'ALTER ROLE tc_test_worker IN DATABASE "{database}"'
        " SET idle_in_transaction_session_timeout = 300"
    )
    hung, withdrawer = connect_as("worker"), connect_as("worker")
    hung.execute(call, {"consent": person.consent, "release": release})
    row = withdrawer.execute("SELECT gate.withdraw_all(%s)", [stop.id]).fetchone()
    withdrawer.commit()
    assert row == (1,)
    assert world.state(person.consent) == "withdrawn"
    with pytest.raises(errors.IdleInTransactionSessionTimeout):
        hung.execute("SELECT 1")


def test_the_role_has_its_time_outs(connect_as: Connect) -> None:
    worker = connect_as("worker")
    for setting, most in {
        "idle_in_transaction_session_timeout": "10s",
        "lock_timeout": "5s",
        "statement_timeout": "30s",
    }.items():
        assert worker.execute(f"SHOW {setting}").fetchone() == (most,)


def test_two_first_questions_at_once_leave_one_open(world: World, connect_as: Connect) -> None:
    person = world.person()
    start = threading.Barrier(MANY)
    texts = [world.text(person.number).id for _ in range(MANY)]
    query = (
        "SELECT consent FROM gate.request(%s, %s, %s, %s,"
        " jsonb_build_object('template', 't', 'version', '1', 'locale', 'en', 'segments', 1,"
        " 'sha256', repeat('00', 32), 'key_id', gen_random_uuid()), 'sealed')"
    )
    terms = (
        '{"purpose": "self_inquiry", "question": "itinerary", "window_days": 14, "valid_days": 30}'
    )

    def one(inbound: int) -> uuid.UUID:
        connection = connect_as("worker")
        start.wait(timeout=30)
        with connection.transaction():
            arguments = [person.tenure.id, inbound, terms, codes.digest(person.index, str(inbound))]
            row = connection.execute(query, arguments).fetchone()
        assert row is not None
        return uuid.UUID(str(row[0]))

    with ThreadPoolExecutor(MANY) as pool:
        asked = set(pool.map(one, texts))
    assert len(asked) == MANY
    states = [world.state(consent) for consent in asked]
    assert sorted(states) == ["expired"] * (MANY - 1) + ["requested"]
