"""Objects of one's own that have the names of ours: none can be made, and none would matter."""

import psycopg
import pytest
from psycopg import errors

from tests.integration.consent.attack import FETCH, Connect, claim
from tests.integration.consent.world import Person, World

pytestmark = pytest.mark.django_db(transaction=True)

SHADOWS = (
    "CREATE TABLE {s}.consent (id uuid, state text)",
    "CREATE TABLE {s}.audit_leaf (entry_id bigint, seq bigint)",
    "CREATE FUNCTION {s}.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT clock_timestamp()'",
    "CREATE FUNCTION {s}.checkpointed(bigint) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
    "CREATE FUNCTION {s}.same(uuid, uuid) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
    "CREATE OPERATOR {s}.= (LEFTARG = uuid, RIGHTARG = uuid, FUNCTION = uuid_eq)",
)


@pytest.mark.parametrize("role", ["web", "worker"])
def test_no_role_makes_objects(victim: Person, connect_as: Connect, role: str) -> None:
    connection = connect_as(role)
    connection.autocommit = True
    attempts = [f.format(s=s) for f in SHADOWS for s in ("public", "gate", "audit", "core")]
    for attempt in (*attempts, "CREATE SCHEMA mine", "CREATE TEMP TABLE t (x int)"):
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute(attempt)


def test_shadows_change_nothing_even_where_they_can_be_made(
    victim: Person, world: World, worker: psycopg.Connection
) -> None:
    """The second line: with a schema of its own and temporary tables, worker still gets nothing."""
    name = world.value("SELECT current_database()")
    world.superuser.execute(f'GRANT CREATE, TEMPORARY ON DATABASE "{name}" TO tc_test_worker')
    worker.execute("CREATE SCHEMA mine")
    for schema in ("mine", "pg_temp"):
        for table, rows in {
            "consent_consent": "SELECT * FROM public.consent_consent",
            "consent_release": "SELECT * FROM public.consent_release",
            "audit_leaf": "SELECT g::bigint AS entry_id, 0::bigint AS seq"
            " FROM generate_series(1, 100) g",
            "audit_checkpoint": "SELECT 1000::bigint AS size",
            "core_feed": "SELECT 'subscriptions'::text AS name, now() AS refreshed_at",
        }.items():
            worker.execute(f"CREATE TABLE {schema}.{table} AS {rows}")
    for function in (
        "now() RETURNS timestamptz LANGUAGE sql AS $$ SELECT '2001-01-01'::timestamptz $$",
        "checkpointed(bigint) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
        "settle(uuid) RETURNS text LANGUAGE sql AS $$ SELECT 'ready' $$",
        "coalesce_text(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT false'",
        "any_uuid(uuid, uuid) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
        "gen_random_uuid() RETURNS uuid LANGUAGE sql AS $$ SELECT NULL::uuid $$",
    ):
        worker.execute(f"CREATE FUNCTION mine.{function}")
    worker.execute("CREATE OPERATOR mine.= (LEFTARG=uuid, RIGHTARG=uuid, FUNCTION=mine.any_uuid)")
    worker.execute(
        "CREATE OPERATOR mine.<> (LEFTARG=text, RIGHTARG=text, FUNCTION=mine.coalesce_text)"
    )
    worker.execute("SET search_path = mine, pg_temp, public, pg_catalog, core, audit, gate")

    _, release = claim(worker, victim.consent, world.text(victim.number).id)
    assert worker.execute(FETCH, [release]).fetchall() == [], "not sequenced"
    world.stop(victim)
    world.sequence()
    assert worker.execute(FETCH, [release]).fetchall() == [], "withdrawn"
    stranger = world.agreed()
    inbound = world.text(stranger.number)
    assert claim(worker, victim.consent, inbound.id) == ("denied:other_person", None)
