"""A service with places, cells and subscriptions, used as the ingest role."""

import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.test import override_settings

from core import clock
from signaling import loading, services, subscription_files
from signaling.pseudonyms import imsi_index
from signaling.store import Store
from tests.factories import signaling as made

Rows = list[tuple[Any, ...]]
Freeze = Callable[[datetime], None]


@dataclass
class Service:
    """What a test does to the service and sees of it. Everything runs as the ingest role."""

    folder: Path
    superuser: psycopg.Connection
    store: Store

    @property
    def yesterday(self) -> date:
        return clock.local_day(clock.now(), made.ZONE) - timedelta(days=1)

    def write(self, name: str, events: Iterable[made.Event]) -> Path:
        return made.write_events(self.folder / name, events)

    def subscribe(self, rows: Iterable[Sequence[object]]) -> subscription_files.Report:
        path = made.write_subscriptions(self.folder / "subscriptions.csv", rows)
        return subscription_files.load_subscriptions(paths=[path])

    def ingest(self, *paths: Path) -> services.Report:
        return services.ingest_files(paths=paths)

    def take(self, events: Iterable[made.Event]) -> services.Report:
        return self.ingest(self.write(f"{uuid.uuid4()}.csv", events))

    def rows(self, table: str) -> Rows:
        return self.superuser.execute(f"SELECT t.* FROM signaling_{table} t ORDER BY t").fetchall()

    def everything(self) -> tuple[Rows, Rows]:
        return self.rows("staypoint"), self.rows("coverage")

    def reference(self, phone: int) -> uuid.UUID:
        row = self.superuser.execute(
            "SELECT subscriber_ref FROM subscribers_tenure WHERE imsi_index = %s",
            [imsi_index(made.imsi(phone))],
        ).fetchone()
        assert row is not None
        return uuid.UUID(str(row[0]))

    def forget(self) -> None:
        """As if nothing had ever been ingested."""
        for folder in (self.store.events, self.store.digests):
            shutil.rmtree(folder, ignore_errors=True)
        for table in ("staypoint", "coverage", "ingestedfile", "day", "bucket"):
            self.superuser.execute(f"DELETE FROM signaling_{table}")


def prepared(tmp_path: Path, superuser: psycopg.Connection) -> Service:
    """With cities and cells, for whoever is the ingest role."""
    folder = tmp_path / "in"
    folder.mkdir()
    loading.load_cities(path=made.write_cities(folder / "cities.geojson"))
    loading.load_cells(paths=[made.write_cells(folder / "cells.csv")])
    return Service(folder, superuser, Store.configured())


@pytest.fixture
def freeze(freeze_database: Callable[[datetime], None], monkeypatch: pytest.MonkeyPatch) -> Freeze:
    """`freeze(moment)`: it is this moment, in Python and in the database."""

    def set_clocks(moment: datetime) -> None:
        freeze_database(moment)
        monkeypatch.setattr("core.clock.now", lambda: moment)

    return set_clocks


@pytest.fixture
def service(
    tmp_path: Path,
    superuser: psycopg.Connection,
    as_role: Callable[[str], AbstractContextManager[None]],
) -> Iterator[Service]:
    with as_role("ingest"), override_settings(SIGNALING_STORE=tmp_path / "store"):
        yield prepared(tmp_path, superuser)
