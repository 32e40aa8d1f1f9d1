"""What changes the signaling store: taking events in, erasing, purging, cells and places."""

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import OperationalError, connection, transaction

from audit.services import record
from core import clock
from core.models import Feed, Installation
from signaling import intake, publication, rejects, rule
from signaling.locks import store_lock
from signaling.models import IngestedFile
from signaling.progress import Progress
from signaling.reading import UnreadableFileError
from signaling.store import Store

DAYS_AHEAD: Final = 7  # partitions are made before their day begins
LATE_LAST_EVENT: Final = timedelta(hours=3)  # a day seen to within this of its end is complete
PATIENCE: Final = 3600.0
PAUSES: Final = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8)  # seconds between tries for a lock

T = TypeVar("T")


@dataclass
class Report:
    """What a run did, in numbers only."""

    files: int = 0
    known_files: int = 0
    rows: int = 0
    stored: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    reject_file: Path | None = None
    unreadable: list[str] = field(default_factory=list)
    subscribers: int = 0
    stay_points: int = 0


def store() -> Store:
    return Store(Path(settings.SIGNALING_STORE))


def zone() -> ZoneInfo:
    """The zone that days are counted in, fixed when the service was initialised."""
    return ZoneInfo(Installation.objects.get(id=1).time_zone)


def window_days() -> int:
    return Installation.objects.get(id=1).window_days


def first_kept_day() -> date:
    """Events are kept for the window and one day before it, so that a stay's beginning shows."""
    today = clock.local_day(clock.now(), zone())
    return today - timedelta(days=window_days() + 1)


def ingest_files(
    *, paths: Sequence[Path], by: str = "operator", waiting: Callable[[], None] = lambda: None
) -> Report:
    """Take event files in and replace the stay-points of everybody they concern.

    A file that cannot be read is named in the report and nothing of it is stored; the others go
    in. Running it again after a crash finishes what was begun. Raises StoreIsBusyError.
    """
    report = Report()
    with store_lock(patience=PATIENCE, waiting=waiting):
        where = store()
        where.prepare()
        if not where.cells.exists():
            raise UnreadableFileError("no cells are known: run load_cells first")
        list(where.drop_before(first_kept_day()))
        with Progress("Taking in events", len(paths)) as progress:
            for path in paths:
                _take_in(where, path, report, by)
                progress.advance()
        _publish(where, report)
    return report


def _take_in(where: Store, path: Path, report: Report, by: str) -> None:
    horizon = intake.Horizon(first_kept_day(), clock.now(), zone())
    digest = intake.digest_of(path)
    if _is_settled(digest):
        report.known_files += 1
        return
    try:
        taken = intake.take_in(where, path, horizon)
    except UnreadableFileError as error:
        report.unreadable.append(str(error))
        return
    reject_file = rejects.RejectFile(where, "events")
    reject_file.add(path, taken.bad)
    report.reject_file = reject_file.path or report.reject_file
    report.files += 1
    report.rows += taken.rows
    report.stored += taken.stored
    report.left_out.update(taken.left_out)
    report.rejected.update(taken.rejected)
    with transaction.atomic():
        IngestedFile.objects.update_or_create(
            sha256=digest,
            defaults={
                "rows": taken.rows,
                "rejected": taken.rows - taken.stored,
                "last_event_at": taken.last_event_at,
                "ingested_at": clock.now(),
            },
        )
        record(
            event="import.done",
            by=by,
            fields={
                "kind": "events",
                "file_sha256": digest.hex(),
                "rows": taken.rows,
                "rejected": taken.rows - taken.stored,
            },
        )


def _is_settled(digest: bytes) -> bool:
    """The very same file was taken in, and taking it in again could add nothing: all of it was
    used, or no subscriptions have been loaded since."""
    known = IngestedFile.objects.filter(sha256=digest).first()
    if known is None:
        return False
    feed = Feed.objects.filter(name="subscriptions").first()
    return known.rejected == 0 or feed is None or feed.refreshed_at < known.ingested_at


def _publish(where: Store, report: Report) -> None:
    today = clock.local_day(clock.now(), zone())
    days = publication.Days(today - timedelta(days=window_days()), today, zone())
    ensure_days()
    buckets = sorted({file.bucket for file in where.files() if file.is_new})
    with Progress("Compiling stays", len(buckets)) as progress:
        for bucket in buckets:
            done = publication.publish_bucket(where, bucket, days, rule.Parameters())
            report.subscribers += done.subscribers
            report.stay_points += done.stay_points
            progress.advance()
    _note_freshness(today)


def _note_freshness(today: date) -> None:
    """Data runs through the last day that is over and of which events came until its end."""
    last = IngestedFile.objects.exclude(last_event_at=None).order_by("-last_event_at").first()
    if last is None or last.last_event_at is None:
        return
    day = clock.local_day(last.last_event_at, zone())
    end = clock.start_of_day(day + timedelta(days=1), zone())
    is_complete = day < today and last.last_event_at >= end - LATE_LAST_EVENT
    Feed.objects.update_or_create(
        name="events",
        defaults={
            "refreshed_at": clock.now(),
            "data_through": day if is_complete else day - timedelta(days=1),
        },
    )


def ensure_days() -> None:
    """Make the database's partitions of the window and of the days ahead."""
    today = clock.local_day(clock.now(), zone())
    first = today - timedelta(days=window_days())
    last = today + timedelta(days=DAYS_AHEAD)
    _insist(lambda: _call("SELECT signaling.ensure_days(%s, %s)", first, last))


def purge(*, by: str = "system") -> list[date]:
    """Drop stay-points, events and reject files that have left their time. Returns the days.

    Raises StoreIsBusyError, and DatabaseError when releases kept a partition locked throughout;
    what was dropped until then is dropped, and in the log.
    """
    ensure_days()
    days = set()
    while (day := _insist(lambda: _detach(by))) is not None:
        days.add(day)
    _insist(lambda: _call("SELECT signaling.drop_detached_days()"))
    with store_lock(patience=0):
        where = store()
        where.prepare()
        events = list(where.drop_before(first_kept_day()))
        rejects.purge(where, now=clock.now())
        if events:
            record(event="purge.run", by=by, fields={"kind": "events", "days": len(events)})
    return sorted({*days, *events})


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
