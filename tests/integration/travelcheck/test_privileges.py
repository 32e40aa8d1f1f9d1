"""What the database grants is what `travelcheck.privileges` says, no more and no less."""

import re

import psycopg

from core.roles import LOGIN_ROLES, OWNER
from tests import database
from travelcheck import functions, privileges

VERBS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
ROLES = (*[role for role in LOGIN_ROLES if role != OWNER], "gate")
NAMES = [f"{database.PREFIX}_{role}" for role in ROLES]
Held = set[tuple[str, str, str, str]]


def written() -> Held:
    """(role, table, verb, column or '') of the matrix."""
    held: Held = set()
    for role, tables in privileges.TABLES.items():
        for table, verbs in tables.items():
            for verb in verbs:
                match = re.fullmatch(r"([A-Z]+)(?: \((.+)\))?", verb)
                assert match, f"{role} on {table}: {verb!r} is no verb"
                columns = match[2].split(", ") if match[2] else [""]
                held |= {(role, table, match[1], column) for column in columns}
    return held


def test_tables_and_columns(superuser: psycopg.Connection) -> None:
    tables = superuser.execute(
        """SELECT r.role, c.relname, v.verb
           FROM unnest(%s::text[], %s::text[]) AS r (role, name)
           CROSS JOIN pg_class c CROSS JOIN unnest(%s::text[]) AS v (verb)
           WHERE c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition
             AND c.relnamespace = 'public'::regnamespace
             AND has_table_privilege(r.name, c.oid, v.verb)""",
        [list(ROLES), NAMES, list(VERBS)],
    ).fetchall()
    real: Held = {(role, table, verb, "") for role, table, verb in tables}
    columns = superuser.execute(
        """SELECT r.role, c.relname, v.verb, a.attname
           FROM unnest(%s::text[], %s::text[]) AS r (role, name)
           CROSS JOIN pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
           CROSS JOIN unnest(%s::text[]) AS v (verb)
           WHERE c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition
             AND NOT a.attisdropped AND c.relnamespace = 'public'::regnamespace
             AND has_column_privilege(r.name, c.oid, a.attnum, v.verb)
             AND NOT has_table_privilege(r.name, c.oid, v.verb)""",
        [list(ROLES), NAMES, ["SELECT", "INSERT", "UPDATE", "REFERENCES"]],
    ).fetchall()
    real |= {(role, table, verb, column) for role, table, verb, column in columns}
    assert real == written()


def test_nobody_but_gate_and_owner_reaches_a_partition(superuser: psycopg.Connection) -> None:
    superuser.execute("SELECT signaling.ensure_days(current_date - 1, current_date)")
    reachable = superuser.execute(
        """SELECT r.role, c.relname FROM unnest(%s::text[], %s::text[]) AS r (role, name)
           CROSS JOIN pg_class c
           WHERE c.relispartition AND c.relkind = 'r' AND r.role <> 'gate'
             AND has_table_privilege(r.name, c.oid, 'SELECT, INSERT, UPDATE, DELETE')""",
        [list(ROLES), NAMES],
    ).fetchall()
    partitions = superuser.execute("SELECT count(*) FROM pg_class WHERE relispartition").fetchone()
    assert partitions is not None
    assert partitions[0] >= 4
    assert reachable == []


def test_functions(superuser: psycopg.Connection) -> None:
    real = set(
        superuser.execute(
            """SELECT r.role, n.nspname || '.' || p.proname
               FROM unnest(%s::text[], %s::text[]) AS r (role, name)
               CROSS JOIN pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
               WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
                 AND has_function_privilege(r.name, p.oid, 'EXECUTE')
                 AND r.role <> 'gate'""",
            [list(ROLES), NAMES],
        ).fetchall()
    )
    named = {(role, name) for role, names in functions.FUNCTIONS.items() for name in names}
    for_all = {(role, name) for role in ROLES if role != "gate" for name in functions.FOR_ALL}
    assert real == named | for_all


def test_functions_that_act_for_others_cannot_be_led_astray(superuser: psycopg.Connection) -> None:
    """Every SECURITY DEFINER function looks for its objects where it was told to."""
    loose = superuser.execute(
        """SELECT p.oid::regprocedure::text FROM pg_proc p
           JOIN pg_namespace n ON n.oid = p.pronamespace
           WHERE p.prosecdef AND n.nspname <> 'pg_catalog'
             AND (p.proconfig IS NULL
                  OR NOT 'search_path=pg_catalog, pg_temp' = ANY (p.proconfig))"""
    ).fetchall()
    assert loose == []


def test_no_role_may_create_or_become_anything(superuser: psycopg.Connection) -> None:
    rows = superuser.execute(
        """SELECT r.rolname FROM pg_roles r
           WHERE r.rolname = ANY (%s)
             AND (r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolbypassrls
                  OR r.rolreplication
                  OR has_schema_privilege(r.rolname, 'public', 'CREATE')
                  OR EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid))""",
        [NAMES],
    ).fetchall()
    assert rows == []
