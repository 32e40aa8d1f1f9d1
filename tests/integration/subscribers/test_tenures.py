"""Tenures never overlap, never change hands, never reopen: for ingestion and for everyone."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import errors

from tests.integration.consent.world import World

pytestmark = pytest.mark.django_db(transaction=True)

Connect = Callable[[str], psycopg.Connection]
DAY = datetime(2026, 1, 1, tzinfo=UTC)

INSERT = (
    "INSERT INTO subscribers_tenure (id, msisdn_index, imsi_index, subscriber_ref, subject_ref,"
    " valid_from, valid_to, language) VALUES (gen_random_uuid(), %s, %s, gen_random_uuid(),"
    " gen_random_uuid(), %s, %s, '')"
)

periods = st.tuples(st.integers(0, 20), st.none() | st.integers(0, 20)).filter(
    lambda p: p[1] is None or p[1] >= p[0]
)
holders = st.tuples(st.sampled_from("ab"), st.sampled_from([None, "x", "y"]), periods)


def overlap(one: tuple[int, int | None], other: tuple[int, int | None]) -> bool:
    """Of half-open periods; an empty one overlaps nothing."""
    a, b = one[0], 99 if one[1] is None else one[1]
    c, d = other[0], 99 if other[1] is None else other[1]
    return a < d and c < b and a < b and c < d


@pytest.fixture
def ingest(world: World, connect_as: Connect) -> psycopg.Connection:
    connection = connect_as("ingest")
    connection.autocommit = True
    return connection


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(holders, max_size=8))
def test_the_database_takes_exactly_what_does_not_overlap(
    ingest: psycopg.Connection, wanted: list[tuple[str, str | None, tuple[int, int | None]]]
) -> None:
    taken: list[tuple[str, str | None, tuple[int, int | None]]] = []
    with ingest.transaction(force_rollback=True):
        for number, imsi, (start, end) in wanted:
            clash = any(
                (number == n or (imsi is not None and imsi == i)) and overlap((start, end), p)
                for n, i, p in taken
            )
            second_open = end is None and any(
                p[1] is None and (number == n or (imsi is not None and imsi == i))
                for n, i, p in taken
            )
            arguments = [
                number.encode() * 32,
                imsi.encode() * 32 if imsi else None,
                DAY + timedelta(days=start),
                None if end is None else DAY + timedelta(days=end),
            ]
            if clash or second_open:
                refused = (errors.ExclusionViolation, errors.UniqueViolation)
                with pytest.raises(refused), ingest.transaction():
                    ingest.execute(INSERT, arguments)
            else:
                ingest.execute(INSERT, arguments)
                taken.append((number, imsi, (start, end)))


def test_overlaps_are_refused_at_once_too(world: World, connect_as: Connect) -> None:
    """Closed periods, which no unique index can compare, inserted at the same moment."""
    start = threading.Barrier(8)

    def one(offset: int) -> bool:
        connection = connect_as("ingest")
        start.wait(timeout=30)
        try:
            with connection.transaction():
                since = DAY + timedelta(hours=offset)
                connection.execute(
                    INSERT, [b"n" * 32, bytes([offset]) * 32, since, since + timedelta(days=9)]
                )
        except errors.ExclusionViolation:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(one, range(8))) == 1


@pytest.mark.parametrize(
    "change",
    [
        "imsi_index = sha256('other')",
        "valid_from = valid_from - interval '1 day'",
        "valid_from = valid_from + interval '1 day'",
    ],
)
def test_what_a_tenure_is_never_changes(
    world: World, ingest: psycopg.Connection, change: str
) -> None:
    world.subscribe(world.number())
    with pytest.raises(errors.RaiseException):
        ingest.execute(f"UPDATE subscribers_tenure SET {change}")


def test_nobody_gives_a_tenure_another_number(world: World) -> None:
    world.subscribe(world.number())
    for column in ("msisdn_index = sha256('x')", "subscriber_ref = gen_random_uuid()"):
        with pytest.raises(errors.RaiseException, match="never change"):
            world.superuser.execute(f"UPDATE subscribers_tenure SET {column}")


def test_an_ended_tenure_is_not_reopened(world: World, ingest: psycopg.Connection) -> None:
    tenure = world.subscribe(world.number())
    ingest.execute("UPDATE subscribers_tenure SET valid_to = core.now() + interval '1 day'")
    ingest.execute("UPDATE subscribers_tenure SET valid_to = core.now() + interval '9 days'")
    world.end_tenure(tenure)
    for later in ("NULL", "core.now() + interval '1 day'"):
        with pytest.raises(errors.RaiseException, match="reopened"):
            ingest.execute(f"UPDATE subscribers_tenure SET valid_to = {later}")
    ingest.execute("UPDATE subscribers_tenure SET valid_to = valid_to - interval '1 hour'")


def test_a_placeholder_takes_its_first_subscription(
    world: World, ingest: psycopg.Connection
) -> None:
    """Somebody texted before their subscription was loaded: it is theirs from its beginning."""
    person = world.agreed(world.person(subscribed=False))
    ingest.execute("UPDATE subscribers_tenure SET imsi_index = sha256('i'), valid_from = %s", [DAY])
    assert world.claim(person).outcome == "claimed"


def test_many_rows_in_one_transaction(world: World, ingest: psycopg.Connection) -> None:
    """A bulk load takes a bounded number of locks."""
    ingest.execute(
        "INSERT INTO subscribers_tenure (id, msisdn_index, imsi_index, subscriber_ref,"
        " subject_ref, valid_from, language) SELECT gen_random_uuid(), sha256(g::text::bytea),"
        " sha256(('i' || g)::bytea), gen_random_uuid(), gen_random_uuid(), now(), ''"
        " FROM generate_series(1, 20000) g"
    )
    assert world.value("SELECT count(*) FROM subscribers_tenure") == 20_000
