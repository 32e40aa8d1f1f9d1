"""Fixtures every test may use. What they stand on is in `tests/database.py`."""

from __future__ import annotations

import base64
import os
import re
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from functools import cache

from tests import database

database.prepare_environment()

import django  # noqa: E402

django.setup()
# A parallel run's processes must not read the settings before they have set their own database.
del os.environ["DJANGO_SETTINGS_MODULE"]

import hypothesis  # noqa: E402
import psycopg  # noqa: E402
import pytest  # noqa: E402
import redis  # noqa: E402
from django.db import connections  # noqa: E402
from django.test import TransactionTestCase, override_settings  # noqa: E402
from psycopg import sql  # noqa: E402
from pytest_django import DjangoDbBlocker  # noqa: E402
from xdist.remote import Producer  # noqa: E402
from xdist.scheduler import LoadGroupScheduling  # noqa: E402

from core.roles import SECRETS_OF_ROLE  # noqa: E402
from travelcheck.stack.folders import ROOT  # noqa: E402

# A busy machine is no fault: no property is held to a stop-watch.
hypothesis.settings.register_profile("without a stop-watch", deadline=None)
hypothesis.settings.load_profile("without a stop-watch")

SERVERS = database.Servers()

if threading.current_thread() is threading.main_thread():
    # Run from a script in the background, we were told to ignore Ctrl-C, and so would be every
    # process that a test starts and then stops with it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


GROUP = re.compile(r'xdist_group\("([^"]+)"\)')


class ByGroup(LoadGroupScheduling):  # type: ignore[misc]  # the library has no types
    """Tests of one `xdist_group` run in one process, one after the other.

    xdist 3.8 hands the group on in a field of the test that pytest 9.2 does not read any more, so
    that `--dist loadgroup` alone groups nothing. Our groups are whole files, which name theirs.
    """

    def _split_scope(self, nodeid: str) -> str:
        return _group_of(nodeid.partition("::")[0]) or nodeid


@cache
def _group_of(file: str) -> str:
    group = GROUP.search((ROOT / file).read_text(encoding="utf-8"))
    return group[1] if group else ""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByGroup:
    return ByGroup(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    if not database.WORKER_ID and not session.config.option.collectonly:
        SERVERS.start()


def pytest_unconfigure() -> None:
    if not database.WORKER_ID:
        SERVERS.stop()


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Our own database instead of the one Django would make: see `tests.database`."""
    if database.FAILURE in os.environ:
        pytest.fail(os.environ[database.FAILURE], pytrace=False)
    database.renew()
    # A private hook of Django, which the stubs leave out.
    TransactionTestCase._fixture_teardown = _renew  # type: ignore[attr-defined]
    yield
    with django_db_blocker.unblock():
        connections.close_all()


def _renew(case: TransactionTestCase) -> None:
    connections.close_all()
    database.renew()


@pytest.fixture(autouse=True)
def _empty_redis() -> Iterator[None]:
    """Whatever a test leaves in Redis is gone for the next one."""
    yield
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        client.flushdb()


@pytest.fixture
def as_role(transactional_db: None) -> Callable[[str], AbstractContextManager[None]]:
    """`with as_role("web"): …` connects Django as that role, by its own password.

    Settings hold that role's keys meanwhile, and no others. Outside, Django is the worker. What
    the roles are to see of one another must be committed, so the test is a transactional one.
    """

    @contextmanager
    def switch(role: str) -> Iterator[None]:
        connection = connections["default"]
        if connection.in_atomic_block:
            raise RuntimeError("another role cannot see what an open transaction wrote")
        before = dict(connection.settings_dict)
        keys = {
            name: base64.b64decode(database.KEYS[name])
            if name in SECRETS_OF_ROLE.get(role, ())
            else b""
            for name in ("DATA_KEY", "SIGNALING_KEY", "AUDIT_SIGNING_KEY", "ANSWER_SIGNING_KEY")
        }
        user, password = database.password_of(role)
        connection.close()
        connection.settings_dict.update(USER=user, PASSWORD=password)
        try:
            with override_settings(SERVICE_ROLE=role, **keys):
                yield
        finally:
            connection.close()
            connection.settings_dict.update(before)

    return switch


@pytest.fixture
def connect_as(transactional_db: None) -> Iterator[Callable[[str], psycopg.Connection]]:
    """`connect_as("web")`: a further connection with a role's real credentials."""
    opened: list[psycopg.Connection] = []

    def connect(role: str) -> psycopg.Connection:
        opened.append(psycopg.connect(database.plan().addresses[role]))
        return opened[-1]

    yield connect
    for connection in opened:
        connection.close()


@pytest.fixture
def superuser(transactional_db: None) -> Iterator[psycopg.Connection]:
    """A superuser's connection (autocommit): to arrange a test, never for what it tests."""
    with database.connect_as_superuser() as connection:
        yield connection


@pytest.fixture
def freeze_database(db: None) -> Iterator[Callable[[datetime], None]]:
    """`freeze_database(moment)`: `core.now()` returns this moment until the test ends."""
    with database.connect_as_superuser() as connection:
        row = connection.execute("SELECT pg_get_functiondef('core.now()'::regprocedure)").fetchone()
        assert row is not None

        def freeze(moment: datetime) -> None:
            text = sql.SQL(
                "CREATE OR REPLACE FUNCTION core.now() RETURNS timestamptz LANGUAGE sql"
                " VOLATILE SET search_path = pg_catalog, pg_temp AS {}"
            )
            body = f"SELECT '{moment.isoformat()}'::timestamptz"
            connection.execute(text.format(sql.Literal(body)))

        yield freeze
        connection.execute(row[0])
