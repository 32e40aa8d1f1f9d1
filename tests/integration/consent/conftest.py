"""The gate, with a real sequencer, seen from the worker's connection."""

import psycopg
import pytest

from tests.integration.audit.conftest import new_sequencer
from tests.integration.consent.world import World


@pytest.fixture
def world(superuser: psycopg.Connection) -> World:
    if not superuser.execute("SELECT to_regclass('public.signaling_staypoint')").fetchone()[0]:
        superuser.execute("""
            CREATE TABLE signaling_staypoint (day date, subscriber_ref uuid, stay_id int, kind text,
              city_code text, alt_city_code text, started_at timestamptz, ended_at timestamptz);
            CREATE TABLE signaling_coverage (day date, subscriber_ref uuid, hours int);
            GRANT SELECT, DELETE ON signaling_staypoint, signaling_coverage TO tc_test_gate""")
    else:
        superuser.execute(
            "SELECT signaling.ensure_days(d - 20, d + 7) FROM core.service_day(core.now()) d"
        )
    return World(superuser, lambda: new_sequencer().run(once=True))
