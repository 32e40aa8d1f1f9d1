"""What happens to supervised processes when one of them, or the supervisor, is killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.machine import is_alive, wait_until
from travelcheck.stack.folders import ROOT

NAMES = ("parent", "alone")


class Supervised:
    """The running supervisor, and what its processes wrote down."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.stack.supervised", str(folder)],
            cwd=ROOT,
            env={**os.environ, "SECRET_KEY": "not for the children"},
            stdout=subprocess.DEVNULL,
        )
        wait_until(lambda: all(self.pids(name) for name in NAMES))

    def pids(self, name: str) -> list[int]:
        try:
            return [int(pid) for pid in (self.folder / f"{name}.seen").read_text().split()]
        except FileNotFoundError:
            return []

    def everything(self) -> list[int]:
        return [pid for name in NAMES for pid in self.pids(name)]


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[Supervised]:
    running = Supervised(tmp_path)
    yield running
    running.process.terminate()
    running.process.wait(60)


def test_a_killed_process_starts_again_without_its_old_children(supervised: Supervised) -> None:
    first, child = supervised.pids("parent")
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: supervised.pids("parent") and supervised.pids("parent")[0] != first)
    wait_until(lambda: not is_alive(child))
    assert is_alive(supervised.pids("parent")[0])
    assert supervised.process.poll() is None


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_stopping_leaves_nothing_behind(supervised: Supervised, how: signal.Signals) -> None:
    pids = supervised.everything()
    assert len(pids) == 3
    assert all(is_alive(pid) for pid in pids)
    supervised.process.send_signal(how)
    assert supervised.process.wait(30) == 0
    assert not any(is_alive(pid) for pid in pids)
    assert not list((supervised.folder / "run").glob("*.pid"))


def test_killing_the_supervisor_ends_its_processes(supervised: Supervised) -> None:
    pids = [supervised.pids(name)[0] for name in NAMES]
    supervised.process.kill()
    wait_until(lambda: not any(is_alive(pid) for pid in pids))
    os.kill(supervised.pids("parent")[1], signal.SIGKILL)  # the orphan of a program of no manners


def test_a_process_gets_its_own_environment_only(supervised: Supervised) -> None:
    log = supervised.folder / "log" / "alone.log"
    wait_until(lambda: "ONLY" in log.read_text())
    assert set(log.read_text().split()) <= {"ONLY", "LC_CTYPE"}


def test_folders_are_private(supervised: Supervised) -> None:
    for name in ("log", "run"):
        assert (supervised.folder / name).stat().st_mode & 0o777 == 0o700
