"""One sequencer, real connections: order, turns, interruptions, a damaged tree."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any

import psycopg
import pytest

from audit import selectors
from audit.note import NoteError, Signer, verify_checkpoint
from audit.sequencer import LOCK, Sequencer, TreeDamagedError
from tests import database

from .conftest import ORIGIN, SEED, VERIFIER, Connect, new_sequencer
from .ledger import findings

Sequence = Callable[[], None]
AsRole = Callable[[str], AbstractContextManager[None]]


def record(connection: psycopg.Connection, count: int = 1) -> None:
    for _ in range(count):
        connection.execute("SELECT audit.record('export.made', '{}')")
        connection.commit()


@contextmanager
def running(sequencer: Sequencer) -> Iterator[threading.Thread]:
    thread = threading.Thread(target=sequencer.run)
    thread.start()
    try:
        yield thread
    finally:
        sequencer.stop.set()
        thread.join(30)
        assert not thread.is_alive()


def eventually(connection: psycopg.Connection, query: str, expected: Any) -> None:
    """Poll the database until `query` gives `expected`."""
    pause = threading.Event()
    for _ in range(1_200):
        if connection.execute(query).fetchone() == (expected,):
            return
        pause.wait(0.025)
    raise AssertionError(f"never came true: {query} = {expected}")


SIZE = "SELECT max(size) FROM audit_checkpoint"
HOLDERS = f"""SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted
              AND classid = {LOCK >> 32} AND objid = {LOCK & 0xFFFFFFFF}
              AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""


def test_batches_of_any_size_make_one_tree(
    web: psycopg.Connection,
    superuser: psycopg.Connection,
    sequence: Sequence,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for count in (1, 2, 1, 5, 11):
        record(web, count)
        sequence()
        assert findings(superuser, VERIFIER) == []
    monkeypatch.setattr("audit.sequencer.BATCH", 7)
    record(web, 30)
    sequence()
    assert findings(superuser, VERIFIER) == []
    sizes = superuser.execute("SELECT size FROM audit_checkpoint ORDER BY size").fetchall()
    assert [size for (size,) in sizes] == [1, 3, 4, 9, 20, 27, 34, 41, 48, 50]
    assert superuser.execute("SELECT count(*) FROM audit_queue").fetchone() == (0,)


def test_a_quiet_log_makes_no_checkpoints(
    superuser: psycopg.Connection, sequence: Sequence
) -> None:
    sequence()
    assert superuser.execute("SELECT count(*) FROM audit_checkpoint").fetchone() == (0,)


def test_an_entry_that_commits_late_is_not_passed_over(
    connect_as: Connect, superuser: psycopg.Connection, sequence: Sequence
) -> None:
    slow, fast = connect_as("worker"), connect_as("web")
    slow.execute("SELECT audit.record('export.made', '{}')")
    record(fast, 3)
    sequence()
    assert superuser.execute(SIZE).fetchone() == (3,)
    slow.commit()
    sequence()
    rows = superuser.execute("SELECT entry_id FROM audit_leaf ORDER BY seq").fetchall()
    # The earliest id has the last place.
    assert [entry_id for (entry_id,) in rows] == [2, 3, 4, 1]
    assert findings(superuser, VERIFIER) == []


def test_a_second_sequencer_waits_for_its_turn(
    web: psycopg.Connection, superuser: psycopg.Connection
) -> None:
    first, second = new_sequencer(), new_sequencer()
    with running(first):
        eventually(superuser, HOLDERS, 1)
        with running(second) as waiting:
            record(web, 5)
            eventually(superuser, SIZE, 5)
            assert waiting.is_alive()
            eventually(superuser, HOLDERS, 1)
            first.stop.set()
            record(web, 5)
            eventually(superuser, SIZE, 10)
    assert findings(superuser, VERIFIER) == []


def test_two_that_both_believe_to_have_their_turn_make_one_tree(
    web: psycopg.Connection, superuser: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Should the lock ever fail, the rows themselves keep the tree whole."""
    monkeypatch.setattr(Sequencer, "_has_turn", lambda self, connection: True)
    monkeypatch.setattr("audit.sequencer.INTERVAL", 0.001)
    monkeypatch.setattr("audit.sequencer.PATIENCE", 0.001)
    with running(new_sequencer()), running(new_sequencer()):
        record(web, 200)
        eventually(superuser, SIZE, 200)
    assert findings(superuser, VERIFIER) == []


def test_a_lost_connection_is_made_again(
    web: psycopg.Connection, superuser: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit.sequencer.PATIENCE", 0.01)
    end = f"""SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
              WHERE datname = current_database() AND usename = '{database.PREFIX}_sequencer'"""
    with running(new_sequencer()):
        for round_ in range(1, 6):
            eventually(superuser, HOLDERS, 1)
            superuser.execute(end)
            record(web, 4)
            eventually(superuser, SIZE, 4 * round_)
    assert findings(superuser, VERIFIER) == []


def test_others_can_tell_whether_it_runs(
    superuser: psycopg.Connection, as_role: AsRole, connect_as: Connect
) -> None:
    with as_role("web"):
        assert not selectors.sequencer_runs()
        with running(new_sequencer()):
            eventually(superuser, HOLDERS, 1)
            assert selectors.sequencer_runs()
        eventually(superuser, HOLDERS, 0)
        assert not selectors.sequencer_runs()
        # Another lock is none of its business.
        connect_as("worker").execute("SELECT pg_advisory_lock(%s)", [LOCK + 1])
        assert not selectors.sequencer_runs()


def test_it_waits_for_a_server_that_is_away(
    web: psycopg.Connection, superuser: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit.sequencer.PATIENCE", 0.01)
    sequencer = new_sequencer()
    reachable, sequencer.conninfo = sequencer.conninfo, "host=/nowhere dbname=x"
    with running(sequencer) as thread:
        record(web, 2)
        assert thread.is_alive()
        sequencer.conninfo = reachable
        eventually(superuser, SIZE, 2)


def test_the_log_keeps_the_name_it_began_with(
    web: psycopg.Connection, superuser: psycopg.Connection
) -> None:
    record(web)
    new_sequencer().run(once=True)
    record(web)
    moved = new_sequencer()
    moved.host = "elsewhere.example"
    moved.run(once=True)
    names = superuser.execute("SELECT DISTINCT origin FROM audit_checkpoint").fetchall()
    assert names == [(ORIGIN,)]


def at(moment: str) -> datetime:
    return datetime.fromisoformat(moment)


def test_each_year_has_its_log_and_the_old_one_takes_what_was_recorded_in_it(
    connect_as: Connect,
    superuser: psycopg.Connection,
    sequence: Sequence,
    freeze_database: Callable[[datetime], None],
) -> None:
    slow, fast = connect_as("worker"), connect_as("web")
    freeze_database(at("2030-12-31T23:59:59.999998Z"))
    record(fast, 3)
    sequence()
    slow.execute("SELECT audit.record('export.made', '{}')")
    freeze_database(at("2030-12-31T23:59:59.999999Z"))
    record(fast, 2)
    freeze_database(at("2031-01-01T00:00:00Z"))
    record(fast, 4)
    sequence()  # one batch with entries of both years
    slow.commit()  # recorded before midnight, committed after
    record(fast)
    sequence()
    for year, size in ((2030, 6), (2031, 5)):
        verifier = Signer(f"log.example/audit/{year}", SEED).verifier
        assert findings(superuser, verifier) == []
        row = superuser.execute("SELECT max(size) FROM audit_checkpoint WHERE log = %s", [year])
        assert row.fetchone() == (size,)
    assert superuser.execute("SELECT count(*) FROM audit_leaf WHERE seq = 0").fetchone() == (2,)
    ids = [row[0] for row in superuser.execute("SELECT id FROM audit_entry").fetchall()]
    with fast:
        for entry_id in ids:
            row = fast.execute("SELECT audit.checkpointed(%s)", [entry_id])
            assert row.fetchone() == (True,)


def test_the_old_years_log_is_taken_up_again_after_a_restart_and_a_new_key(
    connect_as: Connect,
    superuser: psycopg.Connection,
    sequence: Sequence,
    freeze_database: Callable[[datetime], None],
) -> None:
    slow, fast = connect_as("worker"), connect_as("web")
    freeze_database(at("2030-12-31T23:59:59Z"))
    record(fast)
    slow.execute("SELECT audit.record('export.made', '{}')")
    sequence()
    freeze_database(at("2031-01-01T00:00:00Z"))
    record(fast)
    sequence()
    slow.commit()
    stranger = new_sequencer()
    stranger.seed = b"s" * 32
    with pytest.raises(TreeDamagedError, match="known key"):
        stranger.run(once=True)
    stranger.new_key = True
    stranger.run(once=True)
    row = superuser.execute("SELECT note FROM audit_checkpoint WHERE log = 2030 AND size = 2")
    found = row.fetchone()
    assert found is not None
    later = Signer("log.example/audit/2030", stranger.seed).verifier
    assert verify_checkpoint(found[0], later.name, [later]).size == 2


DAMAGE = {
    "the nodes do not give the root": "UPDATE audit_node SET hash = sha256('')",
    "no node at level": "DELETE FROM audit_node",
    "the leaves do not": "DELETE FROM audit_leaf WHERE seq = 9",
    "has size 0, the leaves do not": "DELETE FROM audit_checkpoint",
    "was signed for another tree": "UPDATE audit_checkpoint SET note = (SELECT note"
    " FROM audit_checkpoint ORDER BY size LIMIT 1)",
    "not its own": "UPDATE audit_checkpoint SET note = replace(note, E'\\n10\\n', E'\\n11\\n')",
}


@pytest.mark.parametrize("message", DAMAGE)
def test_it_does_not_sign_on_over_a_damaged_tree(
    message: str, web: psycopg.Connection, superuser: psycopg.Connection, sequence: Sequence
) -> None:
    record(web)
    sequence()
    record(web, 9)
    sequence()
    for table in ("audit_node", "audit_leaf", "audit_checkpoint"):
        superuser.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
    superuser.execute(DAMAGE[message])
    record(web)
    with pytest.raises(TreeDamagedError, match=message):
        sequence()
    assert superuser.execute("SELECT count(*) FROM audit_queue").fetchone() == (1,)


def test_another_key_takes_a_log_over_only_when_told(
    web: psycopg.Connection, superuser: psycopg.Connection, sequence: Sequence
) -> None:
    record(web)
    sequence()
    record(web)
    stranger = new_sequencer()
    stranger.seed = b"s" * 32
    with pytest.raises(TreeDamagedError, match="known key"):
        stranger.run(once=True)
    stranger.new_key = True
    stranger.run(once=True)
    notes = superuser.execute("SELECT note FROM audit_checkpoint ORDER BY size").fetchall()
    later = Signer(ORIGIN, stranger.seed).verifier
    # One tree; each checkpoint by the key of its time.
    for (note,), size, key, other in zip(
        notes, (1, 2), (VERIFIER, later), (later, VERIFIER), strict=True
    ):
        assert verify_checkpoint(note, ORIGIN, [key]).size == size
        with pytest.raises(NoteError):
            verify_checkpoint(note, ORIGIN, [other])
    # The old key has no way back either.
    record(web)
    with pytest.raises(TreeDamagedError, match="known key"):
        sequence()


def test_a_new_key_does_not_excuse_a_damaged_tree(
    web: psycopg.Connection, superuser: psycopg.Connection, sequence: Sequence
) -> None:
    record(web, 2)
    sequence()
    superuser.execute("ALTER TABLE audit_checkpoint DISABLE TRIGGER ALL")
    superuser.execute(DAMAGE["not its own"].replace("10", "2").replace("11", "3"))
    stranger = new_sequencer()
    stranger.new_key = True
    with pytest.raises(TreeDamagedError, match="another tree"):
        stranger.run(once=True)
