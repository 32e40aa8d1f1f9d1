"""The sequencer: puts committed entries into the tree and signs what the tree says.

Entries are written by many transactions at once, and the order of their ids is not the order of
their commits. So each insert also leaves a row in `audit_queue`, and one process takes what it
sees there, in any order, and gives it the next places in the tree. One transaction does it all:
leaves, nodes, signed checkpoint, rows out of the queue. Killed at any point, it has happened or it
has not.

Works on psycopg alone; knows no Django.
"""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import psycopg

from audit.note import Checkpoint, NoteError, Signer, parse, verify
from audit.tree import Frontier, Node, edge_positions, hash_leaf

LOCK = int.from_bytes(b"auditseq")
"""Key of the advisory lock that the one working sequencer holds."""

BATCH = 5_000
INTERVAL = 0.1
"""Seconds between two looks at the queue: a bound on how long an entry waits, and on how many
checkpoints there are."""

PATIENCE = 1.0
"""Seconds before the next try, when the server cannot be reached."""

TAKE = """
WITH taken AS (
  DELETE FROM public.audit_queue q
  WHERE q.entry_id = ANY (ARRAY(
    SELECT o.entry_id FROM public.audit_queue o ORDER BY o.entry_id LIMIT %s))
  RETURNING q.entry_id)
SELECT t.entry_id, e.body FROM taken t JOIN public.audit_entry e ON e.id = t.entry_id
ORDER BY t.entry_id
"""
LAST = "SELECT size, root, note FROM public.audit_checkpoint ORDER BY size DESC LIMIT 1"
SIGNED = """
INSERT INTO public.audit_checkpoint (size, origin, root, note, made_at)
VALUES (%s, %s, %s, %s, core.now())
"""

log = logging.getLogger(__name__)


class TreeDamagedError(Exception):
    """The stored tree is not the one that was signed. Signing on would hide it."""


def origin(host: str, year: int) -> str:
    """The log's name in its checkpoints: `<domain>/audit/<year>`."""
    return f"{host}/audit/{year}"


@dataclass
class Turn:
    """The work of the one sequencer that holds the lock, on one connection."""

    connection: psycopg.Connection
    signer: Signer
    new_key: bool = False
    frontier: Frontier = field(default_factory=Frontier)

    def resume(self) -> None:
        """Take the tree up where it was signed last. Raises TreeDamagedError."""
        with self.connection.transaction():
            self.connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            self._resume()

    def _resume(self) -> None:
        last = self.connection.execute(LAST).fetchone()
        leaves = self.connection.execute("SELECT max(seq) FROM public.audit_leaf").fetchone()
        size = last[0] if last else 0
        if leaves and (-1 if leaves[0] is None else leaves[0]) != size - 1:
            raise TreeDamagedError(f"the last checkpoint has size {size}, the leaves do not")
        if last is None:
            return
        self.frontier = Frontier(size, [self._node(*at) for at in edge_positions(size)])
        if self.frontier.root() != bytes(last[1]):
            raise TreeDamagedError(f"the nodes do not give the root of the checkpoint of {size}")
        try:
            # A lost or changed key must not end the log, but nor may it be swapped unseen.
            signed = parse(last[2]) if self.new_key else verify(last[2], [self.signer.verifier])
            said = Checkpoint.parse(signed.text)
        except NoteError as error:
            raise TreeDamagedError(f"the checkpoint of size {size}: {error}") from error
        if said != (self.signer.verifier.name, size, self.frontier.root()):
            raise TreeDamagedError(f"the checkpoint of size {size} was signed for another tree")

    def batch(self) -> int:
        """Put up to BATCH waiting entries into the tree; return how many there were."""
        if not self.connection.execute("SELECT FROM public.audit_queue LIMIT 1").rowcount:
            return 0
        grown = Frontier(self.frontier.size, list(self.frontier.edge))
        with self.connection.transaction(), self.connection.cursor(binary=True) as cursor:
            rows = cursor.execute(TAKE, [BATCH]).fetchall()
            if not rows:
                return 0
            leaves = [(entry_id, hash_leaf(body)) for entry_id, body in rows]
            nodes = grown.extend(leaf_hash for _, leaf_hash in leaves)
            _write(cursor, self.frontier.size, leaves, nodes)
            name, root = self.signer.verifier.name, grown.root()
            note = self.signer.sign(Checkpoint(name, grown.size, root).text())
            cursor.execute(SIGNED, [grown.size, name, root, note])
        self.frontier = grown
        return len(rows)

    def _node(self, level: int, index: int) -> bytes:
        if level:
            query = "SELECT hash FROM public.audit_node WHERE level = %s AND idx = %s"
            found = self.connection.execute(query, [level, index]).fetchone()
        else:
            query = "SELECT leaf_hash FROM public.audit_leaf WHERE seq = %s"
            found = self.connection.execute(query, [index]).fetchone()
        if found is None:
            raise TreeDamagedError(f"no node at level {level}, index {index}")
        return bytes(found[0])


def _write(
    cursor: psycopg.Cursor, first: int, leaves: Sequence[tuple[int, bytes]], nodes: Sequence[Node]
) -> None:
    into_leaves = "COPY public.audit_leaf (seq, entry_id, leaf_hash) FROM STDIN (FORMAT BINARY)"
    with cursor.copy(into_leaves) as copy:
        copy.set_types(["int8", "int8", "bytea"])
        for seq, (entry_id, leaf_hash) in enumerate(leaves, first):
            copy.write_row((seq, entry_id, leaf_hash))
    into_nodes = "COPY public.audit_node (level, idx, hash) FROM STDIN (FORMAT BINARY)"
    with cursor.copy(into_nodes) as copy:
        copy.set_types(["int2", "int8", "bytea"])
        for node in nodes:
            copy.write_row(node)


class Sequencer:
    """Takes its turn, works, and waits for the server when it is away.

    `seed` (32 bytes) signs; `name` is the log's origin, unless the log has begun under another.
    With `new_key`, the last checkpoint may have been signed with another key.
    """

    def __init__(self, conninfo: str, name: str, seed: bytes, *, new_key: bool = False) -> None:
        self.conninfo, self.name, self.seed, self.new_key = conninfo, name, seed, new_key
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
        signer = Signer(self._name_in_use(connection), self.seed)
        turn = Turn(connection, signer, new_key=self.new_key)
        turn.resume()
        self.new_key = False
        log.info("sequencing %s from size %d", turn.signer.verifier.name, turn.frontier.size)
        while not self.stop.is_set():
            done = turn.batch()
            if not done and once:
                return
            if done < BATCH:
                self.stop.wait(INTERVAL)

    def _name_in_use(self, connection: psycopg.Connection) -> str:
        """A log keeps the name it began with, also over a change of year or of address."""
        query = "SELECT origin FROM public.audit_checkpoint ORDER BY size DESC LIMIT 1"
        row = connection.execute(query).fetchone()
        return str(row[0]) if row else self.name
