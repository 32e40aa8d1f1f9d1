"""Waiting for a condition, ports, and looking at processes."""

import socket
import time
from collections.abc import Callable
from pathlib import Path

PATIENCE_SECONDS = 60.0


def wait_until(
    condition: Callable[[], object],
    seconds: float = PATIENCE_SECONDS,
    what: str = "what was waited for",
) -> None:
    """Return when the condition holds; fail the test, with `what`, when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.02)


def free_port() -> int:
    """A port nobody listens on: two services on one machine must not meet."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_alive(pid: int) -> bool:
    """Whether the process exists and has not ended."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def descendants(pid: int) -> set[int]:
    """The process and everything it started, directly or not."""
    found = {pid}
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            found |= descendants(int(child))
    return found


def variables_of(pid: int) -> set[str]:
    """The names in the environment the process was started with."""
    entries = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return {entry.partition(b"=")[0].decode() for entry in entries if entry}
