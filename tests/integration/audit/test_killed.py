"""The real process, killed at random moments while others write."""

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import psycopg
import pytest

from audit.note import Signer
from core.roles import SEQUENCER, database_variable
from tests import database
from travelcheck.stack.folders import ROOT

from .conftest import SEED, Connect
from .ledger import findings
from .test_sequencer import HOLDERS, SIZE, eventually, record

KILLS, WRITERS, ENTRIES = 6, 4, 150
VARIABLE = database_variable(SEQUENCER)
ENVIRONMENT = {
    "PATH": os.defpath,
    "SERVICE_ROLE": SEQUENCER,
    "DEMO": "1",
    "PUBLIC_BASE_URL": "https://log.example",
    "AUDIT_SIGNING_KEY": database.KEYS["AUDIT_SIGNING_KEY"],
}


def start(*arguments: str) -> subprocess.Popen[bytes]:
    """`manage.py audit_sequencer`, as the supervisor starts it: its own environment alone."""
    return subprocess.Popen(
        [sys.executable, "manage.py", "audit_sequencer", *arguments],
        cwd=ROOT,
        env={**ENVIRONMENT, VARIABLE: os.environ[VARIABLE]},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


@pytest.fixture
def writers(connect_as: Connect) -> Iterator[list[threading.Thread]]:
    """Several connections that write entries, one transaction each, and roll some back."""

    def write(connection: psycopg.Connection, seed: int) -> None:
        dice = random.Random(seed)
        for _ in range(ENTRIES):
            connection.execute("SELECT audit.record('export.made', '{}')")
            if dice.random() < 0.2:
                connection.rollback()
                connection.execute("SELECT audit.record('purge.run', '{}')")
            connection.execute("SELECT pg_sleep(%s)", [dice.random() * 0.03])
            connection.commit()

    threads = [
        threading.Thread(target=write, args=(connect_as(role), number))
        for number, role in enumerate(["web", "worker", "ingest", "worker"][:WRITERS])
    ]
    for thread in threads:
        thread.start()
    yield threads
    for thread in threads:
        thread.join()


def test_killed_at_random_nothing_is_lost_or_doubled(
    superuser: psycopg.Connection, writers: list[threading.Thread]
) -> None:
    moments = random.Random()
    pause = threading.Event()
    for _ in range(KILLS):
        process = start()
        eventually(superuser, HOLDERS, 1)
        pause.wait(moments.uniform(0, 0.4))  # the moment of the kill is what is random here
        process.send_signal(signal.SIGKILL)
        process.communicate()
    for thread in writers:
        thread.join()
    process = start("--once")
    process.communicate()
    assert process.returncode == 0
    assert superuser.execute(SIZE).fetchone() == (WRITERS * ENTRIES,)
    row = superuser.execute("SELECT origin FROM audit_checkpoint LIMIT 1").fetchone()
    assert row is not None
    assert row[0].startswith("log.example/audit/20")
    assert findings(superuser, Signer(row[0], SEED).verifier) == []


def test_told_to_end_it_ends_at_once_and_in_order(
    superuser: psycopg.Connection, web: psycopg.Connection
) -> None:
    process = start()
    eventually(superuser, HOLDERS, 1)
    record(web, 3)
    eventually(superuser, SIZE, 3)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    assert b"Traceback" not in errors
    eventually(superuser, HOLDERS, 0)


def test_a_damaged_log_ends_it_with_one_line(
    superuser: psycopg.Connection, web: psycopg.Connection
) -> None:
    record(web, 2)
    start("--once").communicate()
    superuser.execute("ALTER TABLE audit_node DISABLE TRIGGER ALL")
    superuser.execute("DELETE FROM audit_node")
    process = start()
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert b"the log does not agree with itself: no node at level 1, index 0" in errors
    assert b"Traceback" not in errors
