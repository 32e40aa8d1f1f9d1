"""Loads of subscriptions as the ingest process runs them, also stopped halfway."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime

import psycopg
import pytest
from django.db import connection

from core.numbers import number_index
from subscribers import loading
from subscribers.loading import Loaded, Row
from tests import database

AsRole = Callable[[str], AbstractContextManager[None]]
Given = tuple[str, bytes, datetime, datetime | None]
#: Waiting for this lock is how a load is stopped.
BARRIER = 20261123
WAITS = (
    "SELECT count(*) FROM pg_stat_activity WHERE usename = 'tc_test_ingest'"
    " AND wait_event_type = 'Lock' AND datname = current_database()"
)


def load(as_role: AsRole, *rows: Given) -> Loaded:
    """Load rows (number, IMSI's index, from, to) as ingest."""
    with as_role("ingest"):
        return loading.load(rows=staged(rows))


def staged(rows: Iterable[Given]) -> list[Row]:
    return [
        Row(line, number_index(number), imsi, low, high)
        for line, (number, imsi, low, high) in enumerate(rows, 2)
    ]


@contextmanager
def stopped_after(
    step: str, superuser: psycopg.Connection, *rows: Given
) -> Iterator[Future[Loaded]]:
    """A load that has done `step` and goes on when the block ends."""

    def run() -> Loaded:
        user, password = database.password_of("ingest")
        connection.settings_dict = {**connection.settings_dict, "USER": user, "PASSWORD": password}
        try:
            return loading.load(rows=staged(rows))
        finally:
            connection.close()

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(1) as pool:
        wait = f"; SELECT pg_advisory_xact_lock({BARRIER})"
        patch.setattr(loading, step, getattr(loading, step) + wait)
        superuser.execute("SELECT pg_advisory_lock(%s)", [BARRIER])
        try:
            future = pool.submit(run)
            while superuser.execute(WAITS).fetchone() == (0,):
                assert not future.done(), future.result()
                superuser.execute("SELECT pg_sleep(0.01)")
            yield future
        finally:
            superuser.execute("SELECT pg_advisory_unlock(%s)", [BARRIER])
