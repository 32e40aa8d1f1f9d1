"""How far a long step is: a bar on a terminal, a plain line now and then elsewhere."""

import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import TextIO

import duckdb

WIDTH = 30
REFRESH_SECONDS = 0.2  # a bar that moves
LOG_SECONDS = 30.0  # a line in a log; whatever is done sooner writes none


class Progress:
    """`with Progress("Taking in events", 3) as p: ... p.advance()`.

    `watch(connection)` lets it move within a step too, while DuckDB works on it.
    """

    def __init__(self, label: str, steps: int, stream: TextIO | None = None) -> None:
        self.label, self.steps, self.done = label, max(steps, 1), 0
        self.stream = stream or sys.stderr
        self.started = time.monotonic()
        self._within: Callable[[], float] = lambda: 0.0
        self._stop = threading.Event()
        self._is_bar = self.stream.isatty()
        self._thread = threading.Thread(target=self._redraw, daemon=True)

    def __enter__(self) -> "Progress":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()
        if self._is_bar:
            self._draw()
            self.stream.write("\n")

    def advance(self, steps: int = 1) -> None:
        self.done += steps

    def watch(self, con: duckdb.DuckDBPyConnection) -> None:
        self._within = lambda: max(0.0, min(con.query_progress(), 100.0)) / 100

    def _redraw(self) -> None:
        while not self._stop.wait(REFRESH_SECONDS if self._is_bar else LOG_SECONDS):
            self._draw()

    def _draw(self) -> None:
        try:
            within = self._within()
        except duckdb.Error:
            within = 0.0
        share = min((self.done + within) / self.steps, 1.0)
        seconds = time.monotonic() - self.started
        text = f"{share:4.0%}  {self.done}/{self.steps}  {seconds:.0f} s"
        if self._is_bar:
            self.stream.write(f"\r{self.label} [{'#' * round(share * WIDTH):<{WIDTH}}] {text}")
        else:
            self.stream.write(f"{self.label}: {text}\n")
        self.stream.flush()
