"""Bringing the database to the matrix in `travelcheck/privileges.py` and `functions.py`."""

from django.db.backends.utils import CursorWrapper
from psycopg import sql

from core.migration_operations import role_prefix
from travelcheck import functions, privileges


def _run(cursor: CursorWrapper, statement: str, **parts: sql.Composable) -> None:
    cursor.execute(sql.SQL(statement).format(**parts))


def apply(cursor: CursorWrapper) -> None:
    """Bring the database's privileges to this matrix. Run as owner, in one transaction."""
    cursor.execute("SELECT current_user")
    prefix = role_prefix(cursor.fetchone()[0])
    names = {role: sql.Identifier(f"{prefix}_{role}") for role in privileges.ROLES}
    everyone = sql.SQL(", ").join([*names.values(), sql.SQL("PUBLIC")])
    logins = sql.SQL(", ").join(names[role] for role in privileges.ROLES if role != "gate")

    _run(cursor, "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {roles}", roles=everyone)
    cursor.execute(
        "SELECT nspname FROM pg_namespace WHERE nspname = ANY(%s)", [list(privileges.SCHEMAS)]
    )
    for (schema,) in cursor.fetchall():
        name = sql.Identifier(schema)
        for roles in (logins, sql.SQL("PUBLIC")):
            revoke = "REVOKE ALL ON ALL FUNCTIONS IN SCHEMA {schema} FROM {roles}"
            _run(cursor, revoke, schema=name, roles=roles)
        _run(cursor, "GRANT USAGE ON SCHEMA {schema} TO {roles}", schema=name, roles=everyone)

    cursor.execute(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p', 'v')"
        " AND relnamespace = 'public'::regnamespace"
    )
    existing = {table for (table,) in cursor.fetchall()}
    for role, tables in privileges.TABLES.items():
        for table, verbs in tables.items():
            # A room that is not migrated yet gets its grants when it is.
            if table in existing:
                grant = "GRANT {verbs} ON public.{table} TO {role}"
                parts = {"verbs": sql.SQL(", ".join(verbs)), "table": sql.Identifier(table)}
                _run(cursor, grant, role=names[role], **parts)
    for role, called in functions.FUNCTIONS.items():
        _grant_functions(cursor, called, names[role])
    _grant_functions(cursor, functions.FOR_ALL, sql.SQL("PUBLIC"))


def _grant_functions(cursor: CursorWrapper, called: list[str], role: sql.Composable) -> None:
    cursor.execute(
        """SELECT p.oid::regprocedure::text
           FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
           WHERE n.nspname || '.' || p.proname = ANY(%s)""",
        [called],
    )
    for (signature,) in cursor.fetchall():
        grant = "GRANT EXECUTE ON FUNCTION {signature} TO {role}"
        _run(cursor, grant, signature=sql.SQL(signature), role=role)
