"""A sequencer and real witnesses: nothing counts that the policy does not accept."""

import base64
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psycopg
import pytest

from audit import selectors, services
from audit.asking import Asker
from audit.cosignature import Cosigner
from audit.note import ED25519, Checkpoint, parse
from audit.policy import Policy
from audit.proof import Proof
from audit.sequencer import Sequencer
from audit.tree import hash_leaf
from audit.witness import __main__ as command

from .conftest import HOST, ORIGIN, SEED, VERIFIER, YEAR
from .test_sequencer import eventually, record, running

AsRole = Callable[[str], AbstractContextManager[None]]
KEY = base64.b64encode(ED25519 + VERIFIER.public_key).decode()


@dataclass
class Witness:
    """A witness's folder, and its process on a socket that stays."""

    home: Path
    listener: socket.socket
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        fd = self.listener.fileno()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "audit.witness", "run", str(self.home), "--listen", f"fd:{fd}"],
            env={"PATH": os.defpath},
            pass_fds=[fd],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def stop(self, how: signal.Signals = signal.SIGKILL) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait()
        self.process = None

    @property
    def line(self) -> str:
        vkey = command.cosigner(self.home).witness.vkey
        where = f":{command.token(self.home)}@127.0.0.1:{self.listener.getsockname()[1]}"
        return f"witness {self.home.name} {vkey} http://{where}"


@pytest.fixture
def two(tmp_path: Path) -> Iterator[list[Witness]]:
    """Two witnesses, not started."""
    made = []
    for name in ("w1", "w2"):
        command.new(tmp_path / name, f"{name}.example")
        (tmp_path / name / "logs").write_text(f"yearly {HOST}/audit {KEY}\n")
        made.append(Witness(tmp_path / name, socket.create_server(("127.0.0.1", 0))))
    yield made
    for witness in made:
        witness.stop()
        witness.listener.close()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.asking.PATIENCE", 0.05)
    monkeypatch.setattr("audit.asking.TIMEOUT", 2.0)


def policy_of(lines: list[str], quorum: int) -> Policy:
    names = " ".join(line.split()[1] for line in lines)
    return Policy.parse("\n".join([*lines, f"group g {quorum} {names}", "quorum g"]))


def sequencer(policy: Policy, as_role: AsRole) -> Sequencer:
    with as_role("owner"):
        services.set_policy(policy=policy)
    return Sequencer(os.environ["DATABASE_SEQUENCER_URL"], HOST, SEED, policy=policy)


COSIGNED = (
    "SELECT count(*) FROM audit_cosignature WHERE size = (SELECT max(size) FROM audit_checkpoint)"
)
ACCEPTED = "SELECT bool_and(audit.checkpointed(id)) FROM audit_entry"


def test_nothing_counts_before_the_quorum_has_cosigned(
    two: list[Witness], web: psycopg.Connection, superuser: psycopg.Connection, as_role: AsRole
) -> None:
    policy = policy_of([witness.line for witness in two], 2)
    two[0].start()
    with running(sequencer(policy, as_role)):
        record(web, 3)
        eventually(superuser, COSIGNED, 1)
        with as_role("web"):
            assert not selectors.checkpointed(1)
            assert selectors.lag().total_seconds() > 0
            assert selectors.queue_lag().total_seconds() == 0
            with pytest.raises(selectors.NoProofError):
                selectors.proof(1)
            states = {state.name: state for state in selectors.witnesses()}
            assert states["w1.example"].size
            assert states["w2.example"].size is None
        two[1].start()
        eventually(superuser, ACCEPTED, True)
    bodies = superuser.execute("SELECT id, body FROM audit_entry ORDER BY id").fetchall()
    with as_role("worker"):
        assert selectors.lag().total_seconds() == 0
        for entry_id, body in bodies:
            proof = Proof.parse(selectors.proof(entry_id))
            proof.verify(hash_leaf(body), ORIGIN, policy, [VERIFIER])
            assert len(parse(proof.checkpoint).signatures) == 3


def test_witnesses_killed_again_and_again_lose_and_split_nothing(
    two: list[Witness], web: psycopg.Connection, superuser: psycopg.Connection, as_role: AsRole
) -> None:
    for witness in two:
        witness.start()
    with running(sequencer(policy_of([witness.line for witness in two], 2), as_role)):
        for number in range(8):
            record(web, 5)
            two[number % 2].stop()
            record(web, 2)
            two[number % 2].start()
        eventually(superuser, ACCEPTED, True)
    notes = superuser.execute(
        "SELECT c.note, s.witness, s.signature FROM audit_cosignature s"
        " JOIN audit_checkpoint c USING (log, size)"
    ).fetchall()
    keys = {command.cosigner(w.home).witness.vkey: command.cosigner(w.home).witness for w in two}
    assert len(notes) >= 2
    for note, witness, signature in notes:
        key = keys[witness]
        assert key.find(parse(note).text, f"{key.line(signature)}\n") == signature


def test_a_log_that_was_cut_short_is_not_accepted_again(
    two: list[Witness], web: psycopg.Connection, superuser: psycopg.Connection, as_role: AsRole
) -> None:
    """The tail rolled back with its checkpoints and signed anew, by the real sequencer itself."""
    two[0].start()
    policy = policy_of([two[0].line], 1)
    record(web, 6)
    sequencer(policy, as_role).run(once=True)
    record(web, 3)
    sequencer(policy, as_role).run(once=True)
    assert superuser.execute(ACCEPTED).fetchone() == (True,)
    rolled_back = ["audit_cosignature", "audit_checkpoint", "audit_leaf", "audit_node"]
    for table in [*rolled_back, "audit_entry", "audit_policy"]:
        superuser.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
    superuser.execute("TRUNCATE audit_cosignature, audit_checkpoint, audit_leaf, audit_node")
    superuser.execute("INSERT INTO audit_queue SELECT id FROM audit_entry WHERE id NOT IN (1, 8)")
    superuser.execute("DELETE FROM audit_entry WHERE id IN (1, 8)")
    again = sequencer(policy, as_role)
    again.run(once=True)  # shorter than what the witness knows
    assert superuser.execute("SELECT count(*) FROM audit_cosignature").fetchone() == (0,)
    record(web, 9)
    again.run(once=True)  # longer, and another history
    assert superuser.execute("SELECT count(*) FROM audit_cosignature").fetchone() == (0,)
    assert superuser.execute(
        "SELECT bool_or(audit.checkpointed(id)) FROM audit_entry"
    ).fetchone() == (False,)


class Liar(BaseHTTPRequestHandler):
    """Answers as it was told to."""

    answers: list[tuple[int, str]]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        status, body = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        self.send_response(status)
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: Any) -> None:
        pass


STRANGER = Cosigner("w1.example", b"x" * 32)
OTHER_TEXT = Checkpoint(ORIGIN, 3, b"r" * 32).text()


LIES = [
    [(200, "")],
    [(200, "nonsense\n")],
    [(200, f"{STRANGER.cosign(OTHER_TEXT, 1).line()}\n")],
    [(200, "x" * 100_000)],
    [(409, "0\n")],
    [(409, "7\n")],
    [(409, "1\n"), (409, "2\n"), (409, "1\n"), (409, "0\n"), (409, "1\n")],
    [(409, "many\n")],
    [(409, "9999999999999999999999\n")],
    [(403, "no\n")],
    [(404, "no\n")],
    [(422, "no\n")],
    [(500, "")],
    [(302, "")],
]


def test_a_witness_that_lies_gives_nothing_and_stops_nothing(
    two: list[Witness], web: psycopg.Connection, superuser: psycopg.Connection, as_role: AsRole
) -> None:
    vkey, honest = (command.cosigner(witness.home).witness.vkey for witness in two)
    two[1].start()
    with ThreadingHTTPServer(("127.0.0.1", 0), Liar) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        try:
            line = f"witness w1 {vkey} http://127.0.0.1:{server.server_port}"
            work = sequencer(policy_of([line, two[1].line], 1), as_role)
            for lie in LIES:
                Liar.answers = list(lie)
                record(web)
                work.run(once=True)
                found = superuser.execute("SELECT DISTINCT witness FROM audit_cosignature")
                assert found.fetchall() == [(honest,)], lie
                assert superuser.execute(ACCEPTED).fetchone() == (True,), lie
        finally:
            server.shutdown()
            thread.join()


def test_a_witness_that_cannot_be_asked_says_so_and_goes_on(
    two: list[Witness], web: psycopg.Connection, superuser: psycopg.Connection, as_role: AsRole
) -> None:
    two[1].start()
    vkey = command.cosigner(two[0].home).witness.vkey
    policy = policy_of([f"witness w1 {vkey} http://[::1", two[1].line], 1)
    record(web)
    with running(sequencer(policy, as_role)):
        eventually(superuser, ACCEPTED, True)
    asker = Asker("", policy.witnesses[0], threading.Event())
    with psycopg.connect(os.environ["DATABASE_SEQUENCER_URL"], autocommit=True) as connection:
        assert not asker.go_round(connection)
    assert asker.trouble.endswith("(ValueError)")


def test_the_policy_in_force_decides_not_what_the_sequencer_was_given(
    two: list[Witness],
    web: psycopg.Connection,
    superuser: psycopg.Connection,
    as_role: AsRole,
    connect_as: Callable[[str], psycopg.Connection],
) -> None:
    lines = [witness.line for witness in two]
    two[0].start()
    work = sequencer(policy_of(lines, 2), as_role)
    work.policy = policy_of(lines[:1], 1)  # a sequencer that would be content with less
    record(web)
    work.run(once=True)
    assert superuser.execute(ACCEPTED).fetchone() == (False,)
    # Cosignatures of others do not count, however many there are.
    mine = connect_as("sequencer")
    for number in range(3):
        mine.execute(
            "INSERT INTO audit_cosignature SELECT log, size, %s, %s, now() FROM audit_checkpoint",
            [f"stranger+{number}", bytes(72)],
        )
    mine.commit()
    assert superuser.execute(ACCEPTED).fetchone() == (False,)
    # It cannot lower the policy, nor can anybody else who works here.
    for role in ("sequencer", "worker", "web", "auditor", "ingest"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connect_as(role).execute("SELECT audit.set_policy(0::smallint, '{}')")
    with as_role("owner"):
        assert services.set_policy(policy=policy_of(lines[:1], 1))
        assert not services.set_policy(policy=policy_of(lines[:1], 1))
    assert superuser.execute(
        "SELECT bool_and(audit.checkpointed(e.id)) FROM audit_entry e JOIN audit_leaf l"
        " ON l.entry_id = e.id"
    ).fetchone() == (True,)
    changes = superuser.execute(
        "SELECT convert_from(body, 'UTF8')::jsonb -> 'actor' ->> 'type' FROM audit_entry"
        " WHERE event = 'config.changed'"
    ).fetchall()
    assert changes == [("operator",), ("operator",)]


def test_entries_of_both_years_are_accepted_over_the_turn_of_the_year(
    two: list[Witness],
    web: psycopg.Connection,
    superuser: psycopg.Connection,
    connect_as: Callable[[str], psycopg.Connection],
    as_role: AsRole,
    freeze_database: Callable[[Any], None],
) -> None:
    slow = connect_as("worker")
    two[0].start()
    policy = policy_of([two[0].line], 1)
    with running(sequencer(policy, as_role)):
        eventually(superuser, ACCEPTED, True)
        freeze_database(datetime(YEAR + 4, 12, 31, 23, 59, 59, 999_999, UTC))
        record(web, 2)
        slow.execute("SELECT audit.record('export.made', '{}')")
        eventually(superuser, ACCEPTED, True)
        freeze_database(datetime(YEAR + 5, 1, 1, tzinfo=UTC))
        record(web, 2)
        eventually(superuser, ACCEPTED, True)
        slow.commit()
        record(web)
        eventually(superuser, "SELECT count(*) FROM audit_leaf", 7)
        eventually(superuser, ACCEPTED, True)
    sizes = superuser.execute("SELECT log, max(size) FROM audit_checkpoint GROUP BY 1 ORDER BY 1")
    assert sizes.fetchall() == [(YEAR, 1), (YEAR + 4, 3), (YEAR + 5, 3)]
