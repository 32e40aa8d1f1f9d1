"""What leaves the signaling store because its time is over, and room for what comes."""

import random
import time
from collections.abc import Callable
from datetime import date, timedelta
from typing import Final, TypeVar

from django.db import OperationalError, connection, transaction

from audit.services import record
from core import clock
from signaling import days, rejects
from signaling.locks import store_lock
from signaling.models import IngestedFile
from signaling.store import Store
from signaling.window import first_kept_day, first_shown_day, today

DAYS_AHEAD: Final = 7  # partitions are made before their day begins
FILES_KNOWN: Final = timedelta(days=45)  # past any window: an older file brings nothing
PAUSES: Final = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8)  # seconds between tries for a lock

T = TypeVar("T")


def ensure_days() -> None:
    """Make the database's partitions of the window and of the days ahead."""
    first, last = first_shown_day(), today() + timedelta(days=DAYS_AHEAD)
    _insist(lambda: _call("SELECT signaling.ensure_days(%s, %s)", first, last))


def purge(*, by: str = "system") -> list[date]:
    """Drop stay-points, events and reject files that have left their time. Returns the days.

    Raises StoreIsBusyError, and DatabaseError when releases kept a partition locked throughout;
    what was dropped until then is dropped, and in the log.
    """
    ensure_days()
    dropped = set()
    while (day := _insist(lambda: _detach(by))) is not None:
        dropped.add(day)
    _insist(lambda: _call("SELECT signaling.drop_detached_days()"))
    with store_lock(patience=0):
        where = Store.configured()
        where.prepare()
        dropped.update(drop_events(where, by=by))
        rejects.purge(where, now=clock.now())
    IngestedFile.objects.filter(ingested_at__lt=clock.now() - FILES_KNOWN).delete()
    return sorted(dropped)


def drop_events(where: Store, *, by: str) -> list[date]:
    """Delete the events and sketches of the days that are over; under the lock of the store."""
    dropped = list(where.drop_before(first_kept_day()))
    with transaction.atomic():
        days.forget_before(first_kept_day())
        if dropped:
            record(event="purge.run", by=by, fields={"kind": "events", "days": len(dropped)})
    return dropped


@transaction.atomic
def _call(statement: str, *values: date) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


@transaction.atomic
def _detach(by: str) -> date | None:
    """Take one partition out of releases' sight, with its entry in the log; its day, or None."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT parent, day FROM signaling.detach_expired_day()")
        row = cursor.fetchone()
    if row is None:
        return None
    parent, day = row
    if parent == "signaling_staypoint":
        record(event="purge.run", by=by, fields={"kind": "stay_points", "days": 1})
    found: date = day
    return found


def _insist(work: Callable[[], T]) -> T:
    """Do what gives up quickly on locks, again and again, with longer and longer pauses."""
    for pause in PAUSES:
        try:
            return work()
        except OperationalError:  # not the lock within its time-out
            time.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - no secret
    return work()
