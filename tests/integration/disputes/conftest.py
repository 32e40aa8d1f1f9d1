"""Cases, with a real sequencer, through the connections of those who act on them."""

import psycopg
import pytest

from tests.integration.audit.conftest import new_sequencer
from tests.integration.consent.world import World
from tests.integration.disputes.cases import Cases


@pytest.fixture
def world(superuser: psycopg.Connection) -> World:
    return World(superuser, lambda: new_sequencer().run(once=True))


@pytest.fixture
def cases(world: World) -> Cases:
    return Cases(world)
