"""SIGNALING_STORE: cells, and events by local day and subscriber bucket, without IMSI or number.

    cells.parquet                       the list of cells, each with its number and city
    cities.geojson.gz                   the places that cells are looked up in
    events/day=…/bucket=…/NAME.parquet  subscriber, t (epoch ms), cell; sorted, never changed
    digests/BUCKET-GENERATION-BASIS.parquet   what the database holds of a bucket (digests.py)
    staging/                            files that are being made; left-overs are deleted
    rejects/                            rows that were set aside
    lock                                held by whoever writes

The name of an event file says what is in it, so that the same events twice are one file: how many
rows, and their digest. An `s` before it says that it is a sketch: what the rule needs of a sealed
day, with the hours in which there were events. A file whose stays have not reached the database yet
ends in `.new.parquet`: whatever breaks in between, the next run takes it up. Everything is private
to the user of the ingest process (0700, 0600).
"""

import os
import secrets
import shutil
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from django.conf import settings

BUCKETS: Final = 32
NEW: Final = ".new.parquet"
DONE: Final = ".parquet"
SKETCH: Final = "s"


@dataclass(frozen=True, slots=True)
class EventFile:
    path: Path

    @property
    def day(self) -> date:
        return date.fromisoformat(self.path.parent.parent.name.removeprefix("day="))

    @property
    def bucket(self) -> int:
        return int(self.path.parent.name.removeprefix("bucket="))

    @property
    def is_new(self) -> bool:
        return self.path.name.endswith(NEW)

    @property
    def is_sketch(self) -> bool:
        return self.path.name.startswith(SKETCH)

    @property
    def name(self) -> str:
        """What is in it, whether its stays are in the database or not."""
        return self.path.name.removesuffix(NEW if self.is_new else DONE)

    @property
    def rows(self) -> int:
        return rows_in(self.name)


def rows_in(name: str) -> int:
    return int(name.removeprefix(SKETCH).partition("-")[0], 16)


def bucket_of(subscriber_ref: uuid.UUID) -> int:
    """References are random, so any bits of them spread evenly."""
    return subscriber_ref.int % BUCKETS


class Store:
    """The folder and what lies where in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.cells = root / "cells.parquet"
        self.cities = root / "cities.geojson.gz"
        self.events = root / "events"
        self.digests = root / "digests"
        self.staging = root / "staging"
        self.rejects = root / "rejects"

    @classmethod
    def configured(cls) -> "Store":
        """The service's own."""
        return cls(Path(settings.SIGNALING_STORE))

    def prepare(self) -> None:
        """Make the folders, private; delete what an interrupted run left half-made."""
        os.umask(0o077)
        for folder in (self.root, self.events, self.digests, self.staging, self.rejects):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)
        for left_over in self.staging.iterdir():
            shutil.rmtree(left_over)

    def prepare_rejects(self) -> None:
        """Make the folders that loaders need which do not write to the store itself."""
        os.umask(0o077)
        for folder in (self.root, self.rejects):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def workspace(self) -> Path:
        """A new empty folder in staging."""
        folder = self.staging / secrets.token_hex(8)
        folder.mkdir(mode=0o700)
        return folder

    def files(self, *, bucket: int | None = None, day: date | None = None) -> list[EventFile]:
        pattern = f"day={day or '*'}/bucket={'*' if bucket is None else bucket}/*{DONE}"
        return [EventFile(path) for path in sorted(self.events.glob(pattern))]

    def add(self, made: Path, *, day: date, bucket: int, name: str) -> bool:
        """Move a finished file to its place; False, and away with it, if its events are there."""
        folder = self.events / f"day={day}" / f"bucket={bucket}"
        if not folder.exists():
            folder.mkdir(mode=0o700, parents=True)
            sync(folder.parent)
            sync(self.events)
        if (folder / f"{name}{DONE}").exists() or (folder / f"{name}{NEW}").exists():
            made.unlink()
            return False
        put(made, folder / f"{name}{NEW}")
        return True

    def exchange(self, old: Sequence[EventFile], made: Path, name: str) -> None:
        """Put one finished file in the place of some of a day and bucket; an empty one is not kept.

        The new one is there before the old ones go. Left beside each other they say nothing that
        either does not say alone.
        """
        is_new = any(file.is_new for file in old)
        target = old[0].path.with_name(name + (NEW if is_new else DONE))
        if rows_in(name):
            put(made, target)
        else:
            made.unlink()
        for file in old:
            if file.path != target:
                file.path.unlink()
        sync(target.parent)

    def mark_done(self, files: Iterable[EventFile]) -> None:
        """Their stays are in the database."""
        for file in files:
            if file.is_new:
                file.path.replace(file.path.with_name(file.name + DONE))

    def drop_before(self, day: date) -> Iterator[date]:
        """Delete the events of the days before `day`."""
        for folder in sorted(self.events.glob("day=*")):
            found = date.fromisoformat(folder.name.removeprefix("day="))
            if found < day:
                shutil.rmtree(folder)
                yield found


def put(made: Path, target: Path) -> None:
    """Move a finished file to its place: the whole of it is there, or nothing, also after a power
    cut."""
    sync(made)
    made.replace(target)
    sync(target.parent)


def sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
