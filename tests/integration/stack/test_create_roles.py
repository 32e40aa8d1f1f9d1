"""`create_roles` on the session's real server, with a prefix of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest
from psycopg import sql

from core.roles import GATE, LOGIN_ROLES, database_variable
from tests import database
from travelcheck.stack.database_roles import Plan, create_roles, plan_from
from travelcheck.stack.folders import ROOT, StackError

pytestmark = pytest.mark.django_db(transaction=True)

PREFIX = f"fresh_{database.WORKER_ID or 'main'}"


def addresses(password: str = "first") -> dict[str, str]:
    host = psycopg.conninfo.conninfo_to_dict(database.plan().addresses["web"])["host"]
    return {
        role: f"postgresql://{PREFIX}_{role}:{password}-{role}@/{PREFIX}?host={host}"
        for role in LOGIN_ROLES
    }


@pytest.fixture
def admin_url() -> Iterator[str]:
    """A server on which nothing of the prefix exists, nor will."""
    with database.connect_as_superuser("postgres") as admin:
        yield psycopg.conninfo.make_conninfo(admin.info.dsn, password="superuser-password")
        admin.execute(f"DROP DATABASE IF EXISTS {PREFIX} WITH (FORCE)".encode())
        for role in (*LOGIN_ROLES, GATE):
            admin.execute(f"DROP ROLE IF EXISTS {PREFIX}_{role}".encode())


def attributes() -> list[tuple[object, ...]]:
    with database.connect_as_superuser("postgres") as admin:
        return admin.execute(
            "SELECT rolname, rolcanlogin, rolsuper OR rolcreaterole OR rolcreatedb, rolconfig"
            " FROM pg_roles WHERE rolname LIKE %s ORDER BY rolname",
            [f"{PREFIX}_%"],
        ).fetchall()


def test_a_second_run_changes_nothing_but_passwords(admin_url: str) -> None:
    create_roles(admin_url, plan_from(addresses("first")))
    before = attributes()
    create_roles(admin_url, plan_from(addresses("second")))
    assert attributes() == before
    for role in LOGIN_ROLES:
        psycopg.connect(addresses("second")[role]).close()
        with pytest.raises(psycopg.OperationalError, match="authentication failed"):
            psycopg.connect(addresses("first")[role])


def test_roles_have_no_powers_and_the_worker_its_limits(admin_url: str) -> None:
    create_roles(admin_url, plan_from(addresses()))
    found = {str(name).removeprefix(f"{PREFIX}_"): rest for name, *rest in attributes()}
    assert {role for role, rest in found.items() if rest[0]} == set(LOGIN_ROLES)
    assert not any(rest[1] for rest in found.values())
    with psycopg.connect(addresses()["worker"]) as worker:
        for setting, value in {
            "idle_in_transaction_session_timeout": "10s",
            "lock_timeout": "5s",
            "statement_timeout": "30s",
        }.items():
            shown = worker.execute(sql.SQL("SHOW {}").format(sql.Identifier(setting))).fetchone()
            assert shown == (value,)


def test_strangers_cannot_connect(admin_url: str) -> None:
    create_roles(admin_url, plan_from(addresses()))
    stranger = psycopg.conninfo.make_conninfo(database.plan().addresses["worker"], dbname=PREFIX)
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(stranger)


def test_an_administrator_without_superuser_is_enough(admin_url: str) -> None:
    name = f"{PREFIX}_administrator"
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {name} LOGIN CREATEROLE CREATEDB PASSWORD 'p'".encode())
        try:
            limited = psycopg.conninfo.make_conninfo(admin_url, user=name, password="p")
            create_roles(limited, plan_from(addresses()))
            create_roles(limited, plan_from(addresses("second")))
            psycopg.connect(addresses("second")["web"]).close()
        finally:
            admin.execute(f"DROP DATABASE IF EXISTS {PREFIX} WITH (FORCE)".encode())
            admin.execute(f"DROP OWNED BY {name}".encode())
            for role in (*LOGIN_ROLES, GATE):
                admin.execute(f"DROP ROLE IF EXISTS {PREFIX}_{role}".encode())
            admin.execute(f"DROP ROLE {name}".encode())


def test_the_command_takes_addresses_from_the_environment(admin_url: str) -> None:
    given = {database_variable(role): url for role, url in addresses().items()}
    done = subprocess.run(
        [sys.executable, "manage.py", "create_roles"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **given, "DATABASE_ADMIN_URL": admin_url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    psycopg.connect(addresses()["sequencer"]).close()
    assert "first" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("role", "wrong", "message"),
    [
        ("ingest", "", "DATABASE_INGEST_URL is not set"),
        ("web", "postgresql://other_web:p@/db", "DATABASE_URL: its user should be"),
        ("worker", "postgresql://x_worker:p@/other", "DATABASE_WORKER_URL: its database should"),
        ("auditor", "postgresql://x_auditor@/db", "DATABASE_AUDITOR_URL holds no password"),
        ("sequencer", "nonsense", "DATABASE_SEQUENCER_URL is no PostgreSQL address"),
        ("owner", "postgresql://postgres:p@/db", "DATABASE_OWNER_URL: its user should be"),
    ],
)
def test_wrong_addresses_are_named(role: str, wrong: str, message: str) -> None:
    given = {name: f"postgresql://x_{name}:p@/db" for name in LOGIN_ROLES}
    with pytest.raises(StackError, match=message):
        plan_from(given | {role: wrong})


def test_a_plan_reads_what_it_needs() -> None:
    plan = plan_from({name: f"postgresql://x_{name}:p%2F{name}@/db" for name in LOGIN_ROLES})
    assert plan == replace(plan, prefix="x", database="db")
    assert plan.password("web") == "p/web"
    assert isinstance(plan, Plan)
