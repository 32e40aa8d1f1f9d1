"""One writer of the signaling store at a time, whichever process or machine it runs on."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from django.db import connection

LOCK: Final = 1936287599  # "sigs"; the owner of the lock is the database session
LOOK_EVERY: Final = 0.2


class StoreIsBusyError(Exception):
    """Another run is writing to the signaling store."""


@contextmanager
def store_lock(*, patience: float, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold the store for writing. Waits `patience` seconds, then raises StoreIsBusyError."""
    until = time.monotonic() + patience
    first = True
    while not _ask("SELECT pg_try_advisory_lock(%s)"):
        if first:
            waiting()
            first = False
        if time.monotonic() > until:
            raise StoreIsBusyError("another run is writing to the signaling store; try again later")
        time.sleep(LOOK_EVERY)
    try:
        yield
    finally:
        _ask("SELECT pg_advisory_unlock(%s)")


def _ask(statement: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statement, [LOCK])
        row = cursor.fetchone()
    return bool(row and row[0])
