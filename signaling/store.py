"""SIGNALING_STORE: cells, and events by local day and subscriber bucket, without IMSI or number.

    cells.parquet                       the list of cells, each with its number and city
    cities.geojson.gz                   the places that cells are looked up in
    events/day=…/bucket=…/NAME.parquet  subscriber, t (epoch ms), cell; sorted, never changed
    staging/                            files that are being made; left-overs are deleted
    rejects/                            rows that were set aside

The name of an event file says what is in it, so that the same events twice are one file. A file
whose stays have not reached the database yet ends in `.new.parquet`: whatever breaks in between,
the next run takes it up. Everything is private to the user of the ingest process (0700, 0600).
"""

import os
import secrets
import shutil
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

BUCKETS: Final = 32
NEW: Final = ".new.parquet"
DONE: Final = ".parquet"


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
    def name(self) -> str:
        """What is in it, whether its stays are in the database or not."""
        return self.path.name.removesuffix(NEW if self.is_new else DONE)


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
        self.staging = root / "staging"
        self.rejects = root / "rejects"

    def prepare(self) -> None:
        """Make the folders, private; delete what an interrupted run left half-made."""
        os.umask(0o077)
        for folder in (self.root, self.events, self.staging, self.rejects):
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
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if (folder / f"{name}{DONE}").exists() or (folder / f"{name}{NEW}").exists():
            made.unlink()
            return False
        _sync(made)
        made.replace(folder / f"{name}{NEW}")
        _sync(folder)
        return True

    def exchange(self, old: EventFile, made: Path, name: str) -> None:
        """Put a changed copy in an event file's place; an empty one is not kept."""
        target = old.path.with_name(name + (NEW if old.is_new else DONE))
        if name.startswith("0-"):
            made.unlink()
        else:
            _sync(made)
            made.replace(target)
        if target != old.path:
            old.path.unlink()
        _sync(old.path.parent)

    def mark_new(self) -> None:
        """Everything must be compiled again: the cities of cells have changed."""
        for file in self.files():
            if not file.is_new:
                file.path.replace(file.path.with_name(file.name + NEW))

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


def _sync(path: Path) -> None:
    """What has been acknowledged must survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
