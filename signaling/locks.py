"""One writer of the signaling store at a time, whichever process or machine it runs on.

Two locks, because each covers what the other cannot: the database's holds between machines that
share a store, the file's holds while the database restarts under a run that is busy with files.
Both are gone when their process is.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import connection

LOCK: Final = 1936287599  # "sigs"; the owner of the lock is the database session
LOOK_EVERY: Final = 0.2


class StoreIsBusyError(Exception):
    """Another run is writing to the signaling store."""


@contextmanager
def store_lock(*, patience: float, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold the store for writing. Waits `patience` seconds, then raises StoreIsBusyError."""
    until = time.monotonic() + patience
    with _opened() as descriptor:
        first = True
        while not _take(descriptor):
            if first:
                waiting()
                first = False
            if time.monotonic() > until:
                raise StoreIsBusyError(
                    "another run is writing to the signaling store; try again later"
                )
            time.sleep(LOOK_EVERY)
        try:
            yield
        finally:
            _ask("SELECT pg_advisory_unlock(%s)")


@contextmanager
def _opened() -> Iterator[int]:
    """The lock's file; closing it lets go of it."""
    folder = Path(settings.SIGNALING_STORE)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _take(descriptor: int) -> bool:
    """Take both locks, or none."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    if _ask("SELECT pg_try_advisory_lock(%s)"):
        return True
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return False


def _ask(statement: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statement, [LOCK])
        row = cursor.fetchone()
    return bool(row and row[0])
