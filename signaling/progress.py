"""A progress line on a terminal; nothing at all elsewhere."""

import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import TextIO

import duckdb

WIDTH = 30
REFRESH_SECONDS = 0.2


class Progress:
    """`with Progress("Taking in events", 3) as p: ... p.advance()`.

    `watch(connection)` lets the line move within a step too, while DuckDB works on it.
    """

    def __init__(self, label: str, steps: int, stream: TextIO | None = None) -> None:
        self.label, self.steps, self.done = label, max(steps, 1), 0
        self.stream = stream or sys.stderr
        self.started = time.monotonic()
        self._within: Callable[[], float] = lambda: 0.0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> "Progress":
        if self.stream.isatty():
            self._thread = threading.Thread(target=self._redraw, daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        if self._thread:
            self._thread.join()
            self._draw()
            self.stream.write("\n")

    def advance(self, steps: int = 1) -> None:
        self.done += steps

    def watch(self, con: duckdb.DuckDBPyConnection) -> None:
        self._within = lambda: max(0.0, min(con.query_progress(), 100.0)) / 100

    def _redraw(self) -> None:
        while not self._stop.wait(REFRESH_SECONDS):
            self._draw()

    def _draw(self) -> None:
        try:
            within = self._within()
        except duckdb.Error:
            within = 0.0
        share = min((self.done + within) / self.steps, 1.0)
        bar = "#" * round(share * WIDTH)
        seconds = time.monotonic() - self.started
        self.stream.write(
            f"\r{self.label} [{bar:<{WIDTH}}] {share:4.0%}"
            f"  {self.done}/{self.steps}  {seconds:.0f} s"
        )
        self.stream.flush()
