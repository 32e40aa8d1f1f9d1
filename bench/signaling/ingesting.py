"""A whole day of a city through the whole service, then a batch: the real services and roles."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

import duckdb
import psycopg

from bench.processes import ROOT, BrokenError, Measured, run
from bench.results import Result, against
from bench.service import FOLDER, service
from bench.signaling.generator import ZONE, Data, imsi_sql, make
from bench.signaling.sizes import Sizes, city_day, day_after
from bench.signaling.world import World
from core.roles import INGEST
from travelcheck.stack.launcher import DATABASE, Stack
from travelcheck.stack.local import environment_for
from travelcheck.stack.postgres import Postgres

BATCH_SECONDS: Final = 60.0  # "in seconds", and long before the next one comes
Say = Callable[[str], None]


def measure(parent: Path, world: World, sizes: Sizes, say: Say) -> Iterator[Result]:
    size = city_day(parent, sizes.city)
    say(f"data: {size.people:,} people, one day")
    data = make(parent, size, world)
    batch = _batch(data, day_after(size), sizes.batch)
    with service({"SERVICE_TIME_ZONE": ZONE.key}) as running:
        say("the service's store: places, cells and subscriptions")
        environment = environment_for(INGEST, running.environment)
        _command(environment, "load_cities", data.places)
        _command(environment, "load_cells", data.cells)
        began = time.monotonic()
        _command(environment, "load_subscriptions", _subscriptions(data, size.people))
        name = f"{size.people:,} subscriptions loaded"
        yield Result(name, time.monotonic() - began, "seconds")
        say(f"ingest: {data.count:,} events of one day")
        day = run("bench.signaling.ingest", *data.events, environment=environment)
        yield from _day_rows(data, day)
        say(f"ingest: a batch of {sizes.batch:,}")
        more = run("bench.signaling.ingest", batch, environment=environment)
        name = f"a batch of {more.facts['rows']:,} events after it"
        yield from _rows(name, more)
        yield against(f"{name}: limit", more.seconds, "seconds", BATCH_SECONDS, most=1.0)
        yield from _disk(running, data, size.people)


def _day_rows(data: Data, day: Measured) -> Iterator[Result]:
    name = f"ingest of {data.count / 1e6:.3g} M events of one day, end to end"
    yield Result(name, data.count / day.seconds / 1e6, "M events/s")
    yield Result(f"{name}: stay-points written", day.facts["stay_points"], "rows")
    yield from _rows(name, day)


def _rows(name: str, measured: Measured) -> Iterator[Result]:
    yield Result(name, measured.seconds, "seconds")
    for part, seconds in measured.parts.items():
        yield Result(f"… of these {part}", seconds, "seconds")
    yield Result(name, measured.peak_mb, "MB at most")


def _disk(running: Stack, data: Data, people: int) -> Iterator[Result]:
    """What one day takes."""
    store = Path(running.environment["SIGNALING_STORE"]) / "events"
    size = sum(path.stat().st_size for path in store.rglob("*.parquet"))
    yield Result("stored events, each", size / data.count, "bytes")
    delivered = sum(path.stat().st_size for path in data.events)
    yield Result("delivered events (Parquet), each", delivered / data.count, "bytes")
    with psycopg.connect(Postgres(FOLDER).admin_url, dbname=DATABASE) as database:
        for name, pattern in (
            ("stay-points and coverage in PostgreSQL, per person and day", "signaling_%_2%"),
            ("subscriptions in PostgreSQL, per person", "subscribers_%"),
        ):
            row = database.execute(
                "SELECT sum(pg_total_relation_size(oid)) FROM pg_class"
                " WHERE relkind = 'r' AND relname LIKE %s",
                [pattern],
            ).fetchone()
            yield Result(name, float(row[0] if row else 0) / people, "bytes")


def _command(environment: dict[str, str], *command: object) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", *map(str, command)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BrokenError(f"{command[0]}: {done.stderr.strip()[-400:]}")


def _subscriptions(data: Data, people: int) -> Path:
    target = data.folder / "subscriptions.csv"
    duckdb.sql(
        f"""COPY (
            SELECT concat('+86154', lpad(CAST(n AS TEXT), 8, '0')) AS msisdn,
                   {imsi_sql("n")} AS imsi, '123X' AS id_last4,
                   '2020-01-01T00:00:00Z' AS valid_from, '' AS valid_to
            FROM range({people}) one(n)
        ) TO '{target}' (FORMAT csv)"""
    )
    return target


def _batch(data: Data, day: date, events: int) -> Path:
    """The events around a noon, as if they were the first of the day after."""
    target = data.folder / "batch.parquet"
    midnight = datetime.combine(day, datetime.min.time(), ZONE)
    noon = midnight - timedelta(hours=12)
    files = f"read_parquet('{data.folder}/events/*.parquet')"
    duckdb.sql(
        f"""COPY (
            SELECT * REPLACE (timestamp + INTERVAL 12 HOUR AS timestamp) FROM {files}
            WHERE timestamp >= TIMESTAMPTZ '{noon}' ORDER BY timestamp LIMIT {events}
        ) TO '{target}' (FORMAT parquet)"""
    )
    return target
