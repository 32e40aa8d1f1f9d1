"""What an empty PostgreSQL server needs before the first migration: a database and its roles.

Idempotent. A second run sets the passwords of the addresses it is given, so it also rotates them.
Table privileges are not here but in `travelcheck.privileges`, applied after each migration.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import conninfo, sql

from core.roles import GATE, INGEST, LOGIN_ROLES, OWNER, ROLE_TIMEOUTS, database_variable
from travelcheck.stack.folders import StackError
from travelcheck.stack.local import stored, write_secret

ATTRIBUTES = sql.SQL("LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS")


@dataclass(frozen=True)
class Plan:
    """The roles of one database. `addresses`: short role → PostgreSQL URL."""

    prefix: str
    database: str
    addresses: Mapping[str, str]

    def role(self, short: str) -> str:
        """The full name of a role: role names are shared by all databases of a server."""
        return f"{self.prefix}_{short}"

    def password(self, short: str) -> str:
        """The password in the role's address."""
        return str(conninfo.conninfo_to_dict(self.addresses[short])["password"])


def keep_addresses(
    folder: Path, prefix: str, database: str, url: Callable[[str, str, str], str]
) -> Plan:
    """Addresses for the embedded server, stored under `folder`; passwords are made once."""
    known = stored(folder)
    addresses = {}
    for short in LOGIN_ROLES:
        variable = database_variable(short)
        password = secrets.token_urlsafe(24)
        if variable in known:
            password = str(conninfo.conninfo_to_dict(known[variable])["password"])
        addresses[short] = url(f"{prefix}_{short}", password, database)
        write_secret(folder, variable, addresses[short])
    return Plan(prefix, database, addresses)


def plan_from(addresses: Mapping[str, str]) -> Plan:
    """The plan that addresses from the environment describe.

    Raises StackError, naming the variable, unless every role has an address with a password, they
    all name one database, and each user is `<prefix>_<role>` with one prefix.
    """
    prefix = database = ""
    for short in (OWNER, *LOGIN_ROLES):
        variable = database_variable(short)
        if not addresses.get(short):
            raise StackError(f"{variable} is not set: it should be postgresql://user:password@…")
        try:
            parts = conninfo.conninfo_to_dict(addresses[short])
        except psycopg.ProgrammingError:
            raise StackError(f"{variable} is no PostgreSQL address") from None
        user, name = str(parts.get("user") or ""), str(parts.get("dbname") or "")
        if short == OWNER and not prefix:
            prefix, database = user.removesuffix(f"_{OWNER}"), name
        if user != f"{prefix}_{short}" or not prefix:
            raise StackError(f"{variable}: its user should be {prefix or '<prefix>'}_{short}")
        if name != database or not name:
            raise StackError(f"{variable}: its database should be {database or 'named'}")
        if not parts.get("password"):
            raise StackError(f"{variable} holds no password")
    return Plan(prefix, database, addresses)


def create_roles(admin_url: str, plan: Plan) -> None:
    """Create or update the roles and the database.

    `admin_url` belongs to a superuser, or to a role with CREATEROLE and CREATEDB.
    """
    with psycopg.connect(admin_url, autocommit=True) as admin:
        for short in LOGIN_ROLES:
            _login_role(admin, plan.role(short), plan.password(short))
            for setting, value in ROLE_TIMEOUTS.get(short, {}).items():
                _run(admin, "ALTER ROLE {} SET {} = {}", plan.role(short), setting, literal=value)
        if not _exists(admin, "pg_roles", "rolname", plan.role(GATE)):
            _run(admin, "CREATE ROLE {} NOLOGIN", plan.role(GATE))
        _run(admin, "GRANT {} TO {}", plan.role(GATE), plan.role(OWNER))
        create_database(admin, plan)
    secure_database(plan)


def _login_role(admin: psycopg.Connection, name: str, password: str) -> None:
    """Only the password's SCRAM verifier travels, so that no server log can hold the password."""
    if not _exists(admin, "pg_roles", "rolname", name):
        admin.execute(sql.SQL("CREATE ROLE {} {}").format(sql.Identifier(name), ATTRIBUTES))
    row = admin.execute(
        "SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls"
        " OR NOT rolcanlogin FROM pg_roles WHERE rolname = %s",
        [name],
    ).fetchone()
    if row and row[0]:
        admin.execute(sql.SQL("ALTER ROLE {} {}").format(sql.Identifier(name), ATTRIBUTES))
    verifier = admin.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256")
    _run(admin, "ALTER ROLE {} PASSWORD {}", name, literal=verifier.decode())


def create_database(
    admin: psycopg.Connection, plan: Plan, template: str = "template0", name: str | None = None
) -> None:
    """Create the database, owned by the owner role, unless it exists."""
    database, owner = name or plan.database, plan.role(OWNER)
    row = admin.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    if not (row and row[0]):
        # Only a member may give a database to a role.
        _run(admin, "GRANT {} TO CURRENT_USER", owner)
    if not _exists(admin, "pg_database", "datname", database):
        options = " ENCODING 'UTF8'" if template == "template0" else " STRATEGY FILE_COPY"
        _run(admin, "CREATE DATABASE {} OWNER {} TEMPLATE {}" + options, database, owner, template)


def secure_database(plan: Plan, name: str | None = None) -> None:
    """As its owner: nobody but our roles may connect, and none of them creates objects.

    Temporary tables are for loading files alone. They could shadow tables in careless SQL.
    """
    database = name or plan.database
    statements = [
        _quoted("REVOKE ALL ON DATABASE {} FROM PUBLIC", database),
        sql.SQL("REVOKE ALL ON SCHEMA public FROM PUBLIC"),
        _quoted("GRANT USAGE ON SCHEMA public TO {}", plan.role(GATE)),
    ]
    for role in (plan.role(short) for short in LOGIN_ROLES if short != OWNER):
        statements += [
            _quoted("REVOKE ALL ON DATABASE {} FROM {}", database, role),
            _quoted("GRANT CONNECT ON DATABASE {} TO {}", database, role),
            _quoted("GRANT USAGE ON SCHEMA public TO {}", role),
        ]
    statements.append(_quoted("GRANT TEMPORARY ON DATABASE {} TO {}", database, plan.role(INGEST)))
    with psycopg.connect(plan.addresses[OWNER], dbname=database, autocommit=True) as owner:
        owner.execute(sql.SQL("; ").join(statements))


def _exists(admin: psycopg.Connection, table: str, column: str, value: str) -> bool:
    query = sql.SQL("SELECT FROM {} WHERE {} = %s").format(
        sql.Identifier(table), sql.Identifier(column)
    )
    return admin.execute(query, [value]).rowcount > 0


def _run(
    connection: psycopg.Connection, text: str, *names: str, literal: str | None = None
) -> None:
    """Execute a statement with quoted names and, last, a quoted value."""
    connection.execute(_quoted(text, *names, literal=literal))


def _quoted(text: str, *names: str, literal: str | None = None) -> sql.Composed:
    parts: list[sql.Composable] = [sql.Identifier(name) for name in names]
    if literal is not None:
        parts.append(sql.Literal(literal))
    return sql.SQL(text).format(*parts)
