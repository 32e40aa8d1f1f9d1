"""Rows that were set aside: a file per run in the store's rejects folder, private, purged later."""

import csv
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from core import clock
from signaling.store import Store

KEPT: Final = timedelta(days=7)


class RejectFile:
    """Made with the first row; `path` is None while there is none."""

    def __init__(self, store: Store, kind: str, columns: Sequence[str] = ()) -> None:
        self.store, self.kind, self.columns = store, kind, columns
        self.path: Path | None = None

    def add(self, file: Path, rows: Iterable[Sequence[object]]) -> None:
        """Rows of (line, reason, …further columns)."""
        rows = list(rows)
        if not rows:
            return
        first = self.path is None
        if self.path is None:
            stamp = clock.now().strftime("%Y%m%dT%H%M%SZ")
            name = f"{self.kind}-{stamp}-{secrets.token_hex(3)}.csv"
            self.path = self.store.rejects / name
            self.path.touch(mode=0o600)
        with self.path.open("a", newline="", encoding="utf-8") as target:
            writer = csv.writer(target)
            if first:
                writer.writerow(["file", "line", "reason", *self.columns])
            writer.writerows([str(file), *row] for row in rows)


def purge(store: Store, *, now: datetime) -> int:
    """Delete reject files older than a week; they may hold what a subscription row held."""
    old = [
        path
        for path in store.rejects.glob("*.csv")
        if datetime.fromtimestamp(path.stat().st_mtime, now.tzinfo) < now - KEPT
    ]
    for path in old:
        path.unlink()
    return len(old)
