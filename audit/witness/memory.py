"""What a witness remembers: of each log the size and root it cosigned last.

One small SQLite file. A checkpoint is compared and put in the place of the last one in one
transaction that is on disk before anything is answered, so that no kill and no second process on
the same file makes a witness cosign two histories.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

TABLES = """
CREATE TABLE head (origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL);
CREATE TABLE conflict (
  id INTEGER PRIMARY KEY, at INTEGER NOT NULL, known INTEGER NOT NULL, note TEXT NOT NULL);
"""
#: Made when a memory is opened that is older than it.
SPLITS = """
CREATE TABLE IF NOT EXISTS split (
  id INTEGER PRIMARY KEY, at INTEGER NOT NULL, known INTEGER NOT NULL, note TEXT NOT NULL)
"""
CONFLICTS = 1_000
"""Refused checkpoints that are kept as evidence; the first ones tell most. Those in `split` prove a
second history by themselves and have as many places of their own: whoever sends good checkpoints
with bad proofs leaves them free."""


class Head(NamedTuple):
    """The tree as it was cosigned last; size 0 for a log never cosigned."""

    size: int
    root: bytes


class Memory:
    """The file. It must be there: an emptied memory would take any history for the first one."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode=rw",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=10,
        )
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("SELECT 1 FROM head LIMIT 1")
        self._connection.execute(SPLITS)

    @classmethod
    def create(cls, path: Path) -> None:
        """Make an empty memory. Raises FileExistsError."""
        path.touch(mode=0o600, exist_ok=False)
        connection = sqlite3.connect(path)
        connection.executescript(TABLES)
        connection.close()

    @contextmanager
    def head(self, origin: str) -> Iterator["Turn"]:
        """Hold the memory of one log; what `Turn.move` set is on disk when this ends."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                query = "SELECT size, root FROM head WHERE origin = ?"
                row = self._connection.execute(query, [origin]).fetchone()
                yield Turn(self._connection, origin, Head(*row) if row else Head(0, b""))
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def close(self) -> None:
        """Nothing can be asked any more."""
        with self._lock:
            self._connection.close()


class Turn(NamedTuple):
    """One log's memory, held."""

    connection: sqlite3.Connection
    origin: str
    known: Head

    def move(self, size: int, root: bytes) -> None:
        """Remember this tree from now on."""
        self.connection.execute(
            "INSERT INTO head VALUES (?, ?, ?)"
            " ON CONFLICT (origin) DO UPDATE SET size = excluded.size, root = excluded.root",
            [self.origin, size, root],
        )

    def keep_split(self, note: str, at: int) -> None:
        """Keep a checkpoint that the log signed for another tree of the size that is known.

        `note` has the log's own signatures alone, so that one checkpoint has one spelling.
        """
        self._keep("split", note, at)

    def keep_conflict(self, note: str, at: int) -> None:
        """Keep one of another size that was not shown to continue what is known."""
        self._keep("conflict", note, at)

    def _keep(self, table: str, note: str, at: int) -> None:
        self.connection.execute(
            f"INSERT INTO {table} (at, known, note)"  # noqa: S608  (our own words)
            f" SELECT ?, ?, ? WHERE (SELECT count(*) FROM {table}) < ?"
            f" AND NOT EXISTS (SELECT 1 FROM {table} WHERE note = ?)",
            [at, self.known.size, note, CONFLICTS, note],
        )
