import io

import pytest

from signaling import progress
from signaling.progress import Progress
from tests.machine import wait_until


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_on_a_terminal() -> None:
    stream = Terminal()
    with Progress("Taking in events", 2, stream) as bar:
        bar.advance()
        wait_until(lambda: "1/2" in stream.getvalue(), what="the bar moves")
        bar.advance()
    shown = stream.getvalue()
    assert shown.endswith("\n")
    assert shown.rsplit("\r", 1)[1].startswith(f"Taking in events [{'#' * 30}] 100%  2/2")
    assert all(len(line) <= 80 for line in shown.split("\r"))


def test_a_plain_line_now_and_then_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "LOG_SECONDS", 0.01)
    stream = io.StringIO()
    with Progress("Compiling stays", 4, stream) as line:
        line.advance()
        wait_until(lambda: "1/4" in stream.getvalue(), what="a line")
    assert "\r" not in stream.getvalue()
    assert all(text.startswith("Compiling stays: ") for text in stream.getvalue().splitlines())


def test_nothing_elsewhere_when_it_is_done_soon() -> None:
    stream = io.StringIO()
    with Progress("Loading cells", 1, stream) as line:
        line.advance()
    assert stream.getvalue() == ""
