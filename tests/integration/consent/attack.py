"""A victim, a worker's raw connection and its claim: what the attacks on the gate start from."""

import uuid
from collections.abc import Callable, Iterator

import psycopg
import pytest

from tests.integration.consent.world import Person, World

Connect = Callable[[str], psycopg.Connection]
FETCH = "SELECT * FROM gate.fetch(%s)"


@pytest.fixture
def victim(world: World) -> Iterator[Person]:
    """Somebody with a journey who agreed. Nothing may have been fetched when the test is over."""
    person = world.agreed()
    yield person
    assert "access.fetched" not in world.events(person)


@pytest.fixture
def worker(connect_as: Connect) -> psycopg.Connection:
    connection = connect_as("worker")
    connection.autocommit = True
    return connection


def claim(
    worker: psycopg.Connection, consent: uuid.UUID, inbound: int
) -> tuple[str, uuid.UUID | None]:
    row = worker.execute(
        "SELECT outcome, release FROM gate.claim(%s, %s)", [consent, f"inbound:{inbound}"]
    ).fetchone()
    assert row is not None
    return row[0], row[1]
