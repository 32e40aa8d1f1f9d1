"""What each role, and even a superuser, cannot do to the log."""

import psycopg
import pytest
from psycopg import sql

from .conftest import Connect

TABLES = [
    "audit_entry", "audit_queue", "audit_leaf", "audit_node", "audit_checkpoint",
    "audit_cosignature", "audit_policy",
]  # fmt: skip
CHANGES = {
    "insert": {
        "audit_entry": "INSERT INTO audit_entry (entry_uuid, recorded_at, event, body)"
        " VALUES (gen_random_uuid(), now(), 'access.claimed', '{}')",
        "audit_queue": "INSERT INTO audit_queue VALUES (1)",
        "audit_leaf": "INSERT INTO audit_leaf VALUES (0, 1, sha256(''), 2026)",
        "audit_node": "INSERT INTO audit_node VALUES (1, 0, sha256(''), 2026)",
        "audit_checkpoint": "INSERT INTO audit_checkpoint VALUES (1, 'o', '', 'n', now(), 2026)",
        "audit_cosignature": "INSERT INTO audit_cosignature VALUES (2026, 1, 'w', '', now())",
        "audit_policy": "INSERT INTO audit_policy (quorum, witnesses, made_at)"
        " VALUES (0, '{}', now())",
    },
    "update": {
        "audit_entry": "UPDATE audit_entry SET body = '{}'",
        "audit_queue": "UPDATE audit_queue SET entry_id = entry_id + 1",
        "audit_leaf": "UPDATE audit_leaf SET leaf_hash = sha256('')",
        "audit_node": "UPDATE audit_node SET hash = sha256('')",
        "audit_checkpoint": "UPDATE audit_checkpoint SET note = ''",
        "audit_cosignature": "UPDATE audit_cosignature SET witness = ''",
        "audit_policy": "UPDATE audit_policy SET quorum = 0",
    },
    "delete": {table: f"DELETE FROM {table}" for table in TABLES},
    "truncate": {table: f"TRUNCATE {table} CASCADE" for table in TABLES},
}
MAY = {
    ("sequencer", "insert", "audit_leaf"),
    ("sequencer", "insert", "audit_node"),
    ("sequencer", "insert", "audit_checkpoint"),
    ("sequencer", "insert", "audit_cosignature"),
    ("sequencer", "delete", "audit_queue"),
}
ROLES = ["web", "worker", "ingest", "auditor", "sequencer"]


@pytest.fixture
def filled(connect_as: Connect, superuser: psycopg.Connection, sequence: object) -> None:
    """Rows in every table, so that a statement has something to work on."""
    superuser.execute("SELECT audit.set_policy(1::smallint, '{w}')")
    assert callable(sequence)
    with connect_as("web") as web:
        for _ in range(3):
            web.execute("SELECT audit.record('export.made', '{}')")
            web.commit()
            sequence()
        web.execute("SELECT audit.record('export.made', '{}')")
    superuser.execute(
        "INSERT INTO audit_cosignature SELECT log, size, 'w', decode(repeat('00', 72), 'hex'),"
        " now() FROM audit_checkpoint LIMIT 1"
    )
    # The last one stays in the queue.


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("role", ROLES)
def test_no_role_changes_the_log(role: str, connect_as: Connect) -> None:
    connection = connect_as(role)
    for change, statements in CHANGES.items():
        for table, statement in statements.items():
            if (role, change, table) in MAY:
                continue
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"):
                connection.execute(statement)
            connection.rollback()


ROUND_IT = [
    "ALTER TABLE audit_entry DISABLE TRIGGER ALL",
    "DROP TABLE audit_leaf",
    "CREATE TABLE audit_entry2 ()",
    "CREATE FUNCTION audit.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "SET session_replication_role = replica",
    "SELECT audit.append('access.claimed', '{}')",
    "SELECT audit.enqueue()",
    "SELECT audit.set_policy(0::smallint, '{}')",
]


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("role", ROLES)
def test_no_role_gets_round_it(role: str, connect_as: Connect) -> None:
    connection = connect_as(role)
    for statement in ROUND_IT:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)
        connection.rollback()


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("web", "SELECT body FROM audit_entry"),
        ("ingest", "SELECT id FROM audit_entry"),
        ("sequencer", "SELECT subject_ref FROM audit_entry"),
        ("sequencer", "SELECT audit.record('export.made', '{}')"),
        ("ingest", "SELECT audit.checkpointed(1)"),
    ],
)
def test_no_role_reads_or_writes_more_than_its_work(
    role: str, statement: str, connect_as: Connect
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"):
        connect_as(role).execute(statement)


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("replica", [False, True])
@pytest.mark.parametrize("change", ["update", "delete", "truncate"])
def test_the_triggers_stop_even_a_superuser(
    change: str, replica: bool, superuser: psycopg.Connection
) -> None:
    if replica:
        superuser.execute("SET session_replication_role = replica")
    for table in TABLES:
        if table == "audit_queue":
            continue
        with pytest.raises(psycopg.Error, match=f"{table} is append-only"):
            superuser.execute(CHANGES[change][table])
        count = superuser.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table)))
        assert count.fetchone() != (0,)


def test_an_entry_is_queued_in_replica_mode_too(superuser: psycopg.Connection) -> None:
    superuser.execute("SET session_replication_role = replica")
    superuser.execute("SELECT audit.record('export.made', '{}')")
    assert superuser.execute("SELECT count(*) FROM audit_queue").fetchone() == (1,)


@pytest.mark.parametrize("role", ROLES)
def test_names_are_not_looked_up_in_the_callers_schemas(role: str, connect_as: Connect) -> None:
    """A temporary table or a search path cannot stand in for a table of the log."""
    connection = connect_as(role)
    if role == "ingest":  # the one role that may make temporary tables
        connection.execute(
            "CREATE TEMPORARY TABLE audit_entry (id bigint, entry_uuid uuid, event text,"
            " recorded_at timestamptz, org_ref uuid, subject_ref uuid, consent_id uuid, body bytea)"
        )
        connection.execute("CREATE TEMPORARY TABLE audit_queue (entry_id bigint)")
        connection.execute("SET search_path = pg_temp")
        connection.execute("SELECT audit.record('export.made', '{}')")
        assert connection.execute("SELECT count(*) FROM pg_temp.audit_entry").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM pg_temp.audit_queue").fetchone() == (0,)
    else:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TEMPORARY TABLE audit_entry ()")


def test_functions_are_owned_and_pinned(superuser: psycopg.Connection) -> None:
    rows = superuser.execute(
        """SELECT p.proname, pg_get_userbyid(p.proowner), p.proconfig, p.prosqlbody IS NOT NULL
           FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
           WHERE n.nspname = 'audit'"""
    ).fetchall()
    assert len(rows) >= 9
    for name, owner, config, names_are_fixed in rows:
        assert owner.endswith("_gate"), name
        assert names_are_fixed or config == ["search_path=pg_catalog, pg_temp"], name
