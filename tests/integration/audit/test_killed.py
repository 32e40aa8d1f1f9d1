"""The real process, killed at random moments while others write."""

import os
import random
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from queue import SimpleQueue

import psycopg

from audit.note import Signer
from core.roles import SEQUENCER, database_variable
from tests import database
from travelcheck.stack.folders import ROOT

from .conftest import SEED, Connect
from .ledger import findings
from .test_sequencer import HOLDERS, SIZE, eventually, record

KILLS = int(os.environ.get("SEQUENCER_KILLS", "6"))
WRITERS = int(os.environ.get("SEQUENCER_WRITERS", "4"))
ENTRIES = int(os.environ.get("SEQUENCER_ENTRIES", "600")) // WRITERS
"""Of each writer. `make chaos` has 50 kills and 10,000 entries of 16 writers."""

ROLES = ("web", "worker", "ingest")
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


@dataclass
class Writer:
    """Writes so many entries as it is told, one transaction each, and rolls some back."""

    connection: psycopg.Connection
    seed: int
    told: "SimpleQueue[int]" = field(default_factory=SimpleQueue)

    def run(self) -> None:
        dice = random.Random(self.seed)
        for share in iter(self.told.get, 0):
            self.write(share, dice)

    def write(self, share: int, dice: random.Random) -> None:
        connection = self.connection
        for _ in range(share):
            connection.execute("SELECT audit.record('export.made', '{}')")
            if dice.random() < 0.2:
                connection.rollback()
                connection.execute("SELECT audit.record('purge.run', '{}')")
            connection.execute("SELECT pg_sleep(%s)", [dice.random() * 0.03])
            connection.commit()


def test_killed_at_random_nothing_is_lost_or_doubled(
    superuser: psycopg.Connection, connect_as: Connect
) -> None:
    writers = [Writer(connect_as(ROLES[n % len(ROLES)]), n) for n in range(WRITERS)]
    threads = [threading.Thread(target=writer.run) for writer in writers]
    for thread in threads:
        thread.start()
    moments = random.Random()
    pause = threading.Event()
    try:
        for kill in range(KILLS):
            process = start()
            for writer in writers:  # a share of the entries beside each life of the sequencer
                writer.told.put(ENTRIES * (kill + 1) // KILLS - ENTRIES * kill // KILLS)
            eventually(superuser, HOLDERS, 1)
            pause.wait(moments.uniform(0, 0.4))  # the moment of the kill is what is random here
            process.send_signal(signal.SIGKILL)
            process.communicate()
    finally:
        for writer in writers:
            writer.told.put(0)
        for thread in threads:
            thread.join()
    found = superuser.execute("SELECT count(*) FROM audit_checkpoint").fetchone()
    print(f"{KILLS} kills, {found and found[0]} checkpoints before the last start")
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
