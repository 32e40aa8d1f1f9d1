"""The gate, with a real sequencer, seen from the worker's connection."""

import psycopg
import pytest

from tests.integration.audit.conftest import new_sequencer
from tests.integration.consent.attack import victim, worker
from tests.integration.consent.world import World

__all__ = ["victim", "worker", "world"]


@pytest.fixture
def world(superuser: psycopg.Connection) -> World:
    return World(superuser, lambda: new_sequencer().run(once=True))
