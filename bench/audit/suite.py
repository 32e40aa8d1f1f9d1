"""What is measured of the log, and against what."""

import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import psycopg

from bench.audit import corpus
from bench.processes import ROOT, Measured, run
from bench.results import OUT, Result, against
from bench.service import FOLDER, service
from core.roles import SEQUENCER, database_variable
from travelcheck.stack.launcher import DATABASE
from travelcheck.stack.postgres import Postgres

COPY: Final = OUT / "copy"
CONNECTIONS: Final = 16
LIVE_RATE: Final = 500
PREPARE: Final = """
CREATE TABLE bench_work (id bigserial PRIMARY KEY, said text);
CREATE TABLE bench_chain (id bigserial PRIMARY KEY, body bytea, hash bytea);
CREATE TABLE bench_tip (id integer PRIMARY KEY, hash bytea);
CREATE TABLE bench_bodies (id bigint, body bytea);
INSERT INTO bench_tip VALUES (1, sha256(''));
GRANT ALL ON bench_work, bench_chain, bench_tip TO travelcheck_web;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO travelcheck_web;
"""
COVERED: Final = """
SELECT extract(epoch FROM (
  SELECT c.made_at FROM audit_checkpoint c WHERE c.log = l.log AND c.size > l.seq
  ORDER BY c.size LIMIT 1) - e.recorded_at) * 1e3
FROM audit_leaf l JOIN audit_entry e ON e.id = l.entry_id WHERE e.id > %s
"""


@dataclass(frozen=True)
class Sizes:
    transactions: int
    rounds: int
    backlog: int
    live_seconds: int
    entries: int


FULL: Final = Sizes(16_000, 3, 200_000, 30, 2_000_000)
QUICK: Final = Sizes(800, 1, 10_000, 4, 27_000)


def measure(quick: bool) -> Iterator[Result]:
    sizes = QUICK if quick else FULL
    yield from _verifier(sizes)
    with service({}) as running:
        environment = running.environment
        with psycopg.connect(Postgres(FOLDER).admin_url, dbname=DATABASE, autocommit=True) as admin:
            admin.execute(PREPARE)
            yield from _writing(sizes, environment["DATABASE_URL"])
            address = environment[database_variable(SEQUENCER)]
            yield from _backlog(sizes, admin, environment["DATABASE_URL"], address)
            yield from _live(sizes, admin, environment["DATABASE_URL"], address)


def _verifier(sizes: Sizes) -> Iterator[Result]:
    shutil.rmtree(COPY, ignore_errors=True)
    entries = corpus.make(COPY, sizes.entries)
    ways: dict[str, list[Measured]] = {"floor": [], "verify": []}
    for _ in range(sizes.rounds):
        for way, done in ways.items():
            done.append(run("bench.audit.check", way, COPY))
    shutil.rmtree(COPY)
    floor, ours = (min(one.cpu_seconds for one in done) for done in ways.values())
    name = f"verifier, {entries:,} entries / hashing and parsing them alone, a core"
    yield against(name, entries / ours, "entries/s", entries / floor, least=0.5)
    peak = max(one.peak_mb for one in ways["verify"])
    yield Result(f"verifier, {entries:,} entries", peak, "MB at most")


def _writing(sizes: Sizes, address: str) -> Iterator[Result]:
    """The three ways in turn, so that what else the machine does meets all of them."""
    rates: dict[str, list[float]] = {"none": [], "log": [], "chain": []}
    late: list[float] = []
    for _ in range(sizes.rounds):
        for way, found in rates.items():
            count = sizes.transactions if way != "chain" else sizes.transactions // 10
            facts = run("bench.audit.write", way, CONNECTIONS, count, address).facts
            found.append(facts["rate"])
            if way == "log":
                late.append(facts["p99_ms"])
    none, log, chain = (statistics.median(found) for found in rates.values())
    name = f"entries of {CONNECTIONS} connections with 5 ms of other work"
    yield against(f"{name} / the same with a chain", log, "per s", chain, least=10)
    yield against(f"{name} / the same without a log", log, "per s", none, least=0.9)
    yield Result(f"{name}: p99", statistics.median(late), "ms")


def _backlog(sizes: Sizes, admin: psycopg.Connection, web: str, address: str) -> Iterator[Result]:
    run("bench.audit.sequence", "once", address)  # what the writers left
    with psycopg.connect(web, autocommit=True) as connection:
        connection.execute(
            "SELECT count(audit.record('config.changed', '{\"kind\":\"setting\"}'))"
            " FROM generate_series(1, %s)",
            [sizes.backlog],
        )
    began = time.perf_counter()
    admin.execute(
        "INSERT INTO bench_bodies SELECT e.id, e.body FROM audit_entry e JOIN audit_queue q"
        " ON q.entry_id = e.id"
    )
    bare = sizes.backlog / (time.perf_counter() - began)
    done = run("bench.audit.sequence", "once", address)
    rate = sizes.backlog / done.seconds
    name = f"sequencer, a backlog of {sizes.backlog:,}"
    yield against(f"{name}: limit", rate, "entries/s", 30_000, least=1)
    yield against(f"{name} / the same rows copied inside the database", rate, "entries/s", bare)


def _live(sizes: Sizes, admin: psycopg.Connection, web: str, address: str) -> Iterator[Result]:
    """Entries at a steady rate while a sequencer runs: from the entry to its checkpoint."""
    row = admin.execute("SELECT coalesce(max(id), 0) FROM audit_entry").fetchone()
    assert row is not None
    live = subprocess.Popen(
        [sys.executable, "-m", "bench.audit.sequence", "live", address],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _write_steadily(web, sizes.live_seconds)
        while admin.execute("SELECT FROM audit_queue LIMIT 1").rowcount:
            time.sleep(0.1)
    finally:
        live.terminate()
        live.wait()
    waited = sorted(float(one) for (one,) in admin.execute(COVERED, row).fetchall())
    name = f"entry to covering checkpoint at {LIVE_RATE} per s, no witness"
    for share, limit in ((50, 150.0), (99, 300.0)):
        value = waited[len(waited) * share // 100]
        yield against(f"{name}: p{share}, limit", value, "ms", limit, most=1)
    yield Result(f"{name}: written", len(waited) / sizes.live_seconds, "per s")


def _write_steadily(web: str, seconds: int, threads: int = 8) -> None:
    """Each thread keeps to its own beat, and does not wait for it when it is late."""
    began = time.perf_counter()

    def work() -> None:
        with psycopg.connect(web, autocommit=True) as connection:
            for beat in range(LIVE_RATE * seconds // threads):
                ahead = began + beat * threads / LIVE_RATE - time.perf_counter()
                if ahead > 0:
                    time.sleep(ahead)
                connection.execute("SELECT audit.record('export.made', '{}')")

    running = [threading.Thread(target=work) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
