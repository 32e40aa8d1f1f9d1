"""Taking network events in: from files to the store, and from the store to the database."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from django.db import transaction

from audit.services import record
from core import clock
from core.models import Feed
from signaling import (
    days,
    digests,
    erasure,
    intake,
    publication,
    rejects,
    retention,
    rule,
    tidying,
    totals,
)
from signaling.intake import Horizon, Intake
from signaling.locks import store_lock
from signaling.models import IngestedFile
from signaling.progress import Progress
from signaling.reading import UnreadableFileError
from signaling.store import Store
from signaling.window import first_kept_day, first_shown_day, today, zone
from subscribers.loading import changed_at

PATIENCE: Final = 3600.0


@dataclass
class Report:
    """What a run did, in numbers only.

    `rows` came in and `stored` passed the door, of them `unknown_cells` by country alone.
    `rejected` rows are bad or late (`late` says how many), `left_out` ones are of no use. Of the
    `subscribers` compiled, `pairs` of (subscriber, day) differed from what was published, and
    `stay_points` were written for them; `jumps` were dropped while compiling.
    """

    files: int = 0
    known_files: int = 0
    rows: int = 0
    stored: int = 0
    unknown_cells: int = 0
    late: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    reject_file: Path | None = None
    unreadable: list[str] = field(default_factory=list)
    subscribers: int = 0
    pairs: int = 0
    stay_points: int = 0
    jumps: int = 0
    seconds: float = 0.0


def ingest_files(
    *, paths: Sequence[Path], by: str = "operator", waiting: Callable[[], None] = lambda: None
) -> Report:
    """Take event files in and replace the stay-points that they change.

    A file that cannot be read is named in the report and nothing of it is stored; the others go
    in. Running it again after a crash finishes what was begun. Raises StoreIsBusyError.
    """
    report, began = Report(), time.monotonic()
    with store_lock(patience=PATIENCE, waiting=waiting):
        where = Store.configured()
        where.prepare()
        if not where.cells.exists():
            raise UnreadableFileError("no cells are known: run load_cells first")
        run = _Run(where, report, by)
        run.prepare()
        with Progress("Taking in events", len(paths)) as progress:
            for path in paths:
                run.take_in(path)
                progress.advance()
        run.publish()
        run.finish(time.monotonic() - began)
    return report


class _Run:
    """One run, which holds the store. `now` is when it began: what is loaded later counts as not
    seen by it."""

    def __init__(self, where: Store, report: Report, by: str) -> None:
        self.where, self.report, self.by = where, report, by
        self.now: datetime = clock.now()
        self.zone = zone()
        self.tenures_changed_at = changed_at()  # before any is looked up
        self.cells = sha256(where.cells.read_bytes()).digest()
        self.sealed: list[date] = []
        self.horizon = Horizon(first_kept_day(), self.now, self.zone)

    def prepare(self) -> None:
        erasure.erase_from(self.where)  # runs one after the other would keep its task out
        retention.drop_events(self.where, by=self.by)
        retention.ensure_days()
        self.sealed = days.settle(self.where, now=self.now, zone=self.zone)
        self.horizon = Horizon(first_kept_day(), self.now, self.zone, tuple(self.sealed))

    def take_in(self, path: Path) -> None:
        digest = intake.digest_of(path)
        if self._is_settled(digest):
            self.report.known_files += 1
            return
        try:
            taken = intake.take_in(self.where, path, self.horizon)
        except UnreadableFileError as error:
            self.report.unreadable.append(str(error))
            return
        self._set_aside(path, taken)
        self._count(taken)
        self._note(digest, taken)

    def _is_settled(self, digest: bytes) -> bool:
        """The very same file was taken in, and taking it in again could add nothing: all of it was
        used, or tenures and cells are the same as then, and no time has come that had not."""
        known = IngestedFile.objects.filter(sha256=digest).first()
        if known is None or known.future:
            return False
        then = (known.tenures_changed_at, bytes(known.cells))
        return known.waiting == 0 or then == (self.tenures_changed_at, self.cells)

    def _set_aside(self, path: Path, taken: Intake) -> None:
        reject_file = rejects.RejectFile(self.where, "events")
        reject_file.add(path, taken.bad)
        self.report.reject_file = reject_file.path or self.report.reject_file

    def _count(self, taken: Intake) -> None:
        report = self.report
        report.files += 1
        report.rows += taken.rows
        report.stored += taken.stored
        report.unknown_cells += taken.unknown_cells
        report.late += taken.late.total()
        report.left_out.update(taken.left_out)
        report.rejected.update(taken.rejected)

    @transaction.atomic
    def _note(self, digest: bytes, taken: Intake) -> None:
        IngestedFile.objects.update_or_create(
            sha256=digest,
            defaults={
                "rows": taken.rows,
                "rejected": taken.rows - taken.stored,
                "waiting": taken.waiting,
                "future": taken.future,
                "cells": self.cells,
                "tenures_changed_at": self.tenures_changed_at,
                "last_event_at": taken.last_event_at,
                "ingested_at": self.now,
            },
        )
        days.note_last(taken.last_of_day, now=self.now)
        days.note_late(taken.late)
        totals.add(totals.of_file(taken))
        record(
            event="import.done",
            by=self.by,
            fields={
                "kind": "events",
                "file_sha256": digest.hex(),
                "rows": taken.rows,
                "rejected": taken.rows - taken.stored,
            },
        )

    def publish(self) -> None:
        """Bring the database to what is stored; then make fewer and smaller files of it."""
        shown = publication.Days(first_shown_day(), self.horizon.last, self.zone)
        with publication.Publisher(self.where, shown, rule.Parameters()) as publisher:
            jobs = publisher.todo()
            with Progress("Compiling stays", len(jobs)) as progress:
                for job in jobs:
                    done = publisher.publish(job)
                    self.report.subscribers += done.subscribers
                    self.report.pairs += done.pairs
                    self.report.stay_points += done.stay_points
                    self.report.jumps += done.jumps
                    progress.advance()
            self._note_freshness()
            tidying.tidy(publisher, self.sealed)
            days.note_contents(self.where, digests.subscribers_by_day(self.where, publisher.con))

    def _note_freshness(self) -> None:
        """Data runs through the last day that is over and of which events came until its end."""
        if not IngestedFile.objects.exclude(last_event_at=None).exists():
            return
        Feed.objects.update_or_create(
            name="events",
            defaults={
                "refreshed_at": clock.now(),
                "data_through": days.last_complete(today(), self.zone),
            },
        )

    def finish(self, seconds: float) -> None:
        report = self.report
        report.seconds = seconds
        totals.add(
            totals.of_run(
                subscribers=report.subscribers,
                stay_points=report.stay_points,
                jumps=report.jumps,
                seconds=seconds,
                ended=clock.now(),
            )
        )
