"""A sequencer on the test's own database, as its own role."""

import base64
import os
from collections.abc import Callable

import psycopg
import pytest

from audit.note import Signer
from audit.sequencer import Sequencer, origin
from core import clock
from tests import database

HOST = "log.example"
YEAR = clock.now().year
ORIGIN = origin(HOST, YEAR)
SEED = base64.b64decode(database.KEYS["AUDIT_SIGNING_KEY"])
VERIFIER = Signer(ORIGIN, SEED).verifier

Connect = Callable[[str], psycopg.Connection]


def new_sequencer() -> Sequencer:
    """As the process makes it: the role's own address and key."""
    return Sequencer(os.environ["DATABASE_SEQUENCER_URL"], HOST, SEED)


@pytest.fixture
def sequence(transactional_db: None) -> Callable[[], None]:
    """`sequence()`: one sequencer works off all that waits."""
    return lambda: new_sequencer().run(once=True)


@pytest.fixture
def web(connect_as: Connect) -> psycopg.Connection:
    return connect_as("web")
