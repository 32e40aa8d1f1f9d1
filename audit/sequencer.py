"""The sequencer: puts committed entries into the tree and signs what the tree says.

Entries are written by many transactions at once, and the order of their ids is not the order of
their commits. So each insert also leaves a row in `audit_queue`, and one process takes what it
sees there, in any order, and gives it the next places in the tree. One transaction does it all:
leaves, nodes, signed checkpoint, rows out of the queue. Killed at any point, it has happened or it
has not.

Each year (UTC) has a log of its own, with its own tree and name. An entry belongs to the year it
was recorded in: the old year's log takes what was recorded before midnight and committed after.

Works on psycopg alone; knows no Django.
"""

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from struct import Struct

import psycopg

from audit.asking import Asker, asking
from audit.note import Checkpoint, NoteError, Signer, parse, verify
from audit.policy import Policy
from audit.tree import Frontier, Node, edge_positions, hash_leaf

LOCK = int.from_bytes(b"auditseq")
"""Key of the advisory lock that the one working sequencer holds."""

BATCH = 5_000
INTERVAL = 0.1
"""Seconds from one look at the queue to the next: a bound on how long an entry waits, and on how
many checkpoints there are."""

LINKING = 60.0
"""Seconds between two looks whether it can be said how an earlier year's log ended."""

PATIENCE = 1.0
"""Seconds before the next try, when the server cannot be reached."""

TAKE = """
WITH taken AS (
  DELETE FROM public.audit_queue q
  WHERE q.entry_id = ANY (ARRAY(
    SELECT o.entry_id FROM public.audit_queue o ORDER BY o.entry_id LIMIT %s))
  RETURNING q.entry_id)
SELECT extract(year FROM e.recorded_at AT TIME ZONE 'UTC')::smallint AS log, t.entry_id, e.body
FROM taken t JOIN public.audit_entry e ON e.id = t.entry_id
ORDER BY log, t.entry_id
"""
NEWEST = "SELECT max(log) FROM public.audit_checkpoint"
LAST = """
SELECT size, origin, root, note FROM public.audit_checkpoint WHERE log = %s
ORDER BY size DESC LIMIT 1
"""
SIGNED = """
INSERT INTO public.audit_checkpoint (log, size, origin, root, note, made_at)
VALUES (%s, %s, %s, %s, %s, core.now())
"""

LEAVES = "COPY public.audit_leaf (log, seq, entry_id, leaf_hash) FROM STDIN (FORMAT BINARY)"
NODES = "COPY public.audit_node (log, level, idx, hash) FROM STDIN (FORMAT BINARY)"
# Rows in the binary format: how many columns, then of each its length and bytes. Row by row through
# the driver would take longer than all the hashing.
_COPY_BEGIN, _COPY_END = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"
_LEAF, _NODE = Struct(">hihiqiqi32s"), Struct(">hihihiqi32s")

log = logging.getLogger(__name__)


class TreeDamagedError(Exception):
    """The stored tree is not the one that was signed. Signing on would hide it."""


def origin(host: str, year: int) -> str:
    """The log's name in its checkpoints: `<domain>/audit/<year>`."""
    return f"{host}/audit/{year}"


@dataclass
class Log:
    """The tree of one year: whose name and key it is signed with, and where it grows."""

    year: int
    signer: Signer
    frontier: Frontier = field(default_factory=Frontier)

    def grown(self) -> "Log":
        """A copy to grow, until the database has it, too."""
        return Log(self.year, self.signer, Frontier(self.frontier.size, list(self.frontier.edge)))


@dataclass
class Turn:
    """The work of the one sequencer that holds the lock, on one connection.

    `host` names logs that begin. With `new_key`, what another key signed last is taken up, too.
    """

    connection: psycopg.Connection
    host: str
    seed: bytes
    new_key: bool = False
    logs: dict[int, Log] = field(default_factory=dict)

    def resume(self) -> None:
        """Take the newest log up where it was signed last. Raises TreeDamagedError."""
        with self.connection.transaction():
            self.connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            row = self.connection.execute(NEWEST).fetchone()
            if row and row[0] is not None:
                self.logs[row[0]] = self._stored(row[0])

    def batch(self) -> int:
        """Put up to BATCH waiting entries into their trees; return how many there were."""
        if not self.connection.execute("SELECT FROM public.audit_queue LIMIT 1").rowcount:
            return 0
        with self.connection.transaction(), self.connection.cursor(binary=True) as cursor:
            rows = cursor.execute(TAKE, [BATCH]).fetchall()
            grown = [
                self._grow(
                    cursor, year, [(entry_id, hash_leaf(body)) for _, entry_id, body in taken]
                )
                for year, taken in groupby(rows, key=itemgetter(0))
            ]
        self.logs.update({log.year: log for log in grown})
        return len(rows)

    def _grow(self, cursor: psycopg.Cursor, year: int, leaves: Sequence[tuple[int, bytes]]) -> Log:
        if year not in self.logs:
            self.logs[year] = self._stored(year)
        first = self.logs[year].frontier.size
        log = self.logs[year].grown()
        nodes = log.frontier.extend(leaf_hash for _, leaf_hash in leaves)
        _write(cursor, year, first, leaves, nodes)
        name, size, root = log.signer.verifier.name, log.frontier.size, log.frontier.root()
        note = log.signer.sign(Checkpoint(name, size, root).text())
        cursor.execute(SIGNED, [year, size, name, root, note])
        return log

    def _stored(self, year: int) -> Log:
        last = self.connection.execute(LAST, [year]).fetchone()
        size = last[0] if last else 0
        query = "SELECT max(seq) FROM public.audit_leaf WHERE log = %s"
        leaves = self.connection.execute(query, [year]).fetchone()
        if leaves and (-1 if leaves[0] is None else leaves[0]) != size - 1:
            raise TreeDamagedError(f"the last checkpoint has size {size}, the leaves do not")
        if last is None:
            return Log(year, Signer(origin(self.host, year), self.seed))
        # A log keeps the name it began with, also over a change of address.
        signer = Signer(last[1], self.seed)
        frontier = Frontier(size, [self._node(year, *at) for at in edge_positions(size)])
        if frontier.root() != bytes(last[2]):
            raise TreeDamagedError(f"the nodes do not give the root of the checkpoint of {size}")
        try:
            # A lost or changed key must not end the log, but nor may it be swapped unseen.
            signed = parse(last[3]) if self.new_key else verify(last[3], [signer.verifier])
            said = Checkpoint.parse(signed.text)
        except NoteError as error:
            raise TreeDamagedError(f"the checkpoint of size {size}: {error}") from error
        if said != (signer.verifier.name, size, frontier.root()):
            raise TreeDamagedError(f"the checkpoint of size {size} was signed for another tree")
        return Log(year, signer, frontier)

    def _node(self, year: int, level: int, index: int) -> bytes:
        if level:
            query = "SELECT hash FROM public.audit_node WHERE log = %s AND level = %s AND idx = %s"
            found = self.connection.execute(query, [year, level, index]).fetchone()
        else:
            query = "SELECT leaf_hash FROM public.audit_leaf WHERE log = %s AND seq = %s"
            found = self.connection.execute(query, [year, index]).fetchone()
        if found is None:
            raise TreeDamagedError(f"no node at level {level}, index {index}")
        return bytes(found[0])


def _write(
    cursor: psycopg.Cursor,
    year: int,
    first: int,
    leaves: Sequence[tuple[int, bytes]],
    nodes: Sequence[Node],
) -> None:
    with cursor.copy(LEAVES) as copy:
        rows = (
            _LEAF.pack(4, 2, year, 8, seq, 8, entry_id, 32, leaf_hash)
            for seq, (entry_id, leaf_hash) in enumerate(leaves, first)
        )
        copy.write(_COPY_BEGIN + b"".join(rows) + _COPY_END)
    with cursor.copy(NODES) as copy:
        rows = (
            _NODE.pack(4, 2, year, 2, level, 8, index, 32, hash_) for level, index, hash_ in nodes
        )
        copy.write(_COPY_BEGIN + b"".join(rows) + _COPY_END)


def link_years(connection: psycopg.Connection) -> bool:
    """Write into the present log how earlier ones ended, when that is certain; whether it was."""
    row = connection.execute("SELECT audit.link_years()").fetchone()
    return bool(row and row[0])


class Sequencer:
    """Takes its turn, works, and waits for the server when it is away.

    `seed` (32 bytes) signs; `host` is in the name of each log that begins. With `new_key`, the
    last checkpoint may have been signed with another key. The witnesses of `policy` are asked;
    what counts is the policy in the database.
    """

    def __init__(
        self,
        conninfo: str,
        host: str,
        seed: bytes,
        *,
        new_key: bool = False,
        policy: Policy | None = None,
    ) -> None:
        self.conninfo, self.host, self.seed, self.new_key = conninfo, host, seed, new_key
        self.policy = policy or Policy()
        self.stop = threading.Event()

    def run(self, *, once: bool = False) -> None:
        """Work until `stop` is set; with `once`, until the queue is empty.

        Raises TreeDamagedError. A server that is away is waited for.
        """
        away = False
        while not self.stop.is_set():
            try:
                with psycopg.connect(self.conninfo, autocommit=True) as connection:
                    away = False
                    if self._has_turn(connection):
                        self._work(connection, once=once)
                        if once:
                            return
            except (psycopg.OperationalError, psycopg.errors.UniqueViolation) as error:
                if not away:
                    log.warning("waiting for the database: %s", str(error).partition("\n")[0])
                away = True
                self.stop.wait(PATIENCE)

    def _has_turn(self, connection: psycopg.Connection) -> bool:
        """Wait for the lock. It belongs to the connection and goes with it."""
        told = False
        while not self.stop.is_set():
            row = connection.execute("SELECT pg_try_advisory_lock(%s)", [LOCK]).fetchone()
            if row and row[0]:
                return True
            if not told:
                log.info("another sequencer is at work; waiting for it to end")
                told = True
            self.stop.wait(INTERVAL)
        return False

    def _work(self, connection: psycopg.Connection, *, once: bool) -> None:
        turn = Turn(connection, self.host, self.seed, new_key=self.new_key)
        turn.resume()
        self.new_key = False
        for log_ in turn.logs.values():
            log.info("sequencing %s from %d", log_.signer.verifier.name, log_.frontier.size)
        self._compare_policy(connection)
        if once:
            self._work_off(turn)
            return
        linked = -LINKING
        with asking(self.conninfo, self.policy) as askers:
            while not self.stop.is_set():
                began = time.monotonic()
                done = turn.batch()
                if time.monotonic() > linked + LINKING:
                    link_years(connection)
                    linked = time.monotonic()
                if done:
                    for asker in askers:
                        asker.wake.set()
                if done < BATCH:
                    # From beginning to beginning: what a batch takes is not waited for again.
                    self.stop.wait(max(0.0, began + INTERVAL - time.monotonic()))

    def _work_off(self, turn: Turn) -> None:
        while not self.stop.is_set() and turn.batch():
            pass
        for asked in self.policy.witnesses:
            if asked.url:
                Asker(self.conninfo, asked, self.stop).go_once(turn.connection)

    def _compare_policy(self, connection: psycopg.Connection) -> None:
        row = connection.execute("SELECT quorum, witnesses FROM audit.policy()").fetchone()
        ours = (self.policy.quorum, sorted(key.vkey for key in self.policy.keys))
        if row and (row[0], sorted(row[1])) != ours:
            log.error("AUDIT_WITNESSES is not the policy in force: run manage.py audit_policy")
