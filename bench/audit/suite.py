"""What is measured of the log, and against what."""

import shutil
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg

from audit.witness.__main__ import LOGS, cosigner, new
from bench.audit import corpus
from bench.audit.corpus import SIGNER
from bench.audit.many import fill
from bench.processes import ROOT, Measured, run
from bench.results import OUT, Result, against
from bench.service import FOLDER, service
from core.roles import AUDITOR, SEQUENCER, database_variable
from travelcheck.stack.launcher import DATABASE, Stack
from travelcheck.stack.local import environment_for
from travelcheck.stack.postgres import Postgres

COPY: Final = OUT / "copy"
WITNESS: Final = OUT / "witness"
CONNECTIONS: Final = 16
LIVE_RATE: Final = 500
PART: Final = 5_000
"""Entries of a statement, which may not take longer than the role's time for one."""
PREPARE: Final = """
CREATE TABLE bench_work (id bigserial PRIMARY KEY, said text);
CREATE TABLE bench_chain (id bigserial PRIMARY KEY, body bytea, hash bytea);
CREATE TABLE bench_tip (id integer PRIMARY KEY, hash bytea);
CREATE TABLE bench_bodies (id bigint, body bytea);
INSERT INTO bench_tip VALUES (1, sha256(''));
GRANT ALL ON bench_work, bench_chain, bench_tip TO travelcheck_web;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO travelcheck_web;
"""
#: From an entry to the first checkpoint over it that the witness has cosigned.
COVERED: Final = """
SELECT extract(epoch FROM (
  SELECT s.made_at FROM audit_cosignature s WHERE s.log = l.log AND s.size > l.seq
  ORDER BY s.size LIMIT 1) - e.recorded_at) * 1e3
FROM audit_leaf l JOIN audit_entry e ON e.id = l.entry_id WHERE e.id > %s
"""


UNCOVERED: Final = """
SELECT FROM audit_entry e LEFT JOIN audit_leaf l ON l.entry_id = e.id
WHERE e.id > %s AND (l.seq IS NULL OR NOT EXISTS (
  SELECT FROM audit_cosignature s WHERE s.log = l.log AND s.size > l.seq)) LIMIT 1
"""


@dataclass(frozen=True)
class Sizes:
    transactions: int
    rounds: int
    backlog: int
    live_seconds: int
    entries: int
    shown: int


FULL: Final = Sizes(8_000, 5, 300_000, 30, 1_000_000, 10_000_000)
QUICK: Final = Sizes(800, 1, 10_000, 4, 27_000, 100_000)


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
    with service({}) as running:
        yield from _pages(sizes, running)


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
    log = statistics.median(rates["log"])
    name = f"entries of {CONNECTIONS} connections with 5 ms of other work"
    for way, said, least in (("chain", "with a chain", 10), ("none", "without a log", 0.9)):
        ratio = statistics.median(
            ours / theirs for ours, theirs in zip(rates["log"], rates[way], strict=True)
        )
        yield against(
            f"{name} / the same {said}", log, "per s", log / ratio, least=least, ratio=ratio
        )
    yield Result(f"{name}: p99", statistics.median(late), "ms")


def _backlog(sizes: Sizes, admin: psycopg.Connection, web: str, address: str) -> Iterator[Result]:
    run("bench.audit.sequence", "once", address)  # what the writers left
    with psycopg.connect(web, autocommit=True) as connection:
        for _ in range(sizes.backlog // PART):
            connection.execute(
                "SELECT count(audit.record('config.changed', '{\"kind\":\"setting\"}'))"
                " FROM generate_series(1, %s)",
                [PART],
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
    """Entries at a steady rate while a sequencer and its witness run: from the entry to the
    cosignature that covers it."""
    row = admin.execute("SELECT coalesce(max(id), 0) FROM audit_entry").fetchone()
    assert row is not None
    with _witness() as policy, _running("sequence", "live", address, policy):
        _write_steadily(web, sizes.live_seconds)
        while admin.execute(UNCOVERED, row).rowcount:
            time.sleep(0.1)
    waited = sorted(float(one) for (one,) in admin.execute(COVERED, row).fetchall())
    name = f"entry to covering checkpoint at {LIVE_RATE} per s, one witness"
    for share, limit in ((50, 150.0), (99, 300.0)):
        value = waited[len(waited) * share // 100]
        yield against(f"{name}: p{share}, limit", value, "ms", limit, most=1)
    yield Result(f"{name}: written", len(waited) / sizes.live_seconds, "per s")


def _pages(sizes: Sizes, running: Stack) -> Iterator[Result]:
    """The auditors' pages over a log of many entries."""
    began = time.perf_counter()
    with psycopg.connect(Postgres(FOLDER).admin_url, dbname=DATABASE, autocommit=True) as admin:
        fill(admin, sizes.shown)
    yield Result(f"making a log of {sizes.shown:,} entries", time.perf_counter() - began, "s")
    environment = {
        **environment_for(AUDITOR, running.environment),
        "DJANGO_SETTINGS_MODULE": "travelcheck.settings",
    }
    for page, took in run("bench.audit.pages", environment=environment).facts.items():
        name = f"page at {sizes.shown:,} entries, {page}: p95, limit"
        yield against(name, took["p95"], "ms", 200.0, most=1)


@contextmanager
def _witness() -> Iterator[Path]:
    """A witness on loopback, and the file of a policy that asks it."""
    shutil.rmtree(WITNESS, ignore_errors=True)
    new(WITNESS, "witness.example")
    key = SIGNER.verifier.vkey.rpartition("+")[2]
    (WITNESS / LOGS).write_text(f"yearly log.example/audit {key}\n")
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    policy = WITNESS / "policy"
    vkey = cosigner(WITNESS).witness.vkey
    policy.write_text(f"witness one {vkey} http://127.0.0.1:{port}\nquorum one\n")
    with _running("witness", "run", WITNESS, "--listen", f"127.0.0.1:{port}"):
        yield policy
    shutil.rmtree(WITNESS)


@contextmanager
def _running(name: str, *arguments: object) -> Iterator[None]:
    module = {"witness": "audit.witness", "sequence": "bench.audit.sequence"}[name]
    process = subprocess.Popen(
        [sys.executable, "-m", module, *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait()


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
