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
CONFLICTS = 1_000
"""Refused checkpoints that are kept as evidence; the first ones tell most."""


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

    def keep_conflict(self, note: str, at: int) -> None:
        """Keep a checkpoint that the log signed and that does not continue what is known."""
        self.connection.execute(
            "INSERT INTO conflict (at, known, note)"
            " SELECT ?, ?, ? WHERE (SELECT count(*) FROM conflict) < ?"
            " AND NOT EXISTS (SELECT 1 FROM conflict WHERE note = ?)",
            [at, self.known.size, note, CONFLICTS, note],
        )
