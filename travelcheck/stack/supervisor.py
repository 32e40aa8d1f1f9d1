"""Keeps processes running, and leaves none behind.

Every process leads a group of its own, gets exactly the environment it is given, and writes to its
own log file, so that nothing blocks or breaks when we die. Should we be killed outright, the kernel
tells each of them to stop (PR_SET_PDEATHSIG).
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from travelcheck.stack.folders import ROOT, Account, StackError, make_private

TICK = 0.1  # seconds between two looks at the processes
LONGEST_PAUSE = 30.0  # seconds before a process that keeps dying is started again
STEADY = 10.0  # after this many seconds a process counts as well
LARGEST_LOG = 20_000_000  # bytes; then the file starts again

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


class Interrupted(BaseException):
    """Somebody asked us to stop."""


@dataclass(frozen=True)
class Service:
    """A process to keep running. Those of a higher `stage` start later and stop earlier."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    stage: int
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 15
    shown: bool = True  # whether its output goes to the terminal too
    descriptors: tuple[int, ...] = ()  # open files it inherits
    nice: int = 0  # how much it gives way to others where there is not enough for all


def child_arguments(
    death_signal: signal.Signals, account: Account | None = None, nice: int = 0
) -> dict[str, Any]:
    """What makes `subprocess` start a process that does not outlive us.

    Call it from the main thread: the kernel watches the thread that started the process.
    """
    parent = os.getpid()

    def die_with_parent() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
        os.nice(nice)

    user = account.popen_arguments() if account else {}
    return {
        "stdin": subprocess.DEVNULL,
        "start_new_session": True,
        "preexec_fn": die_with_parent,
        **user,
    }


@dataclass
class _Running:
    """A service, its process, and how far its log has been shown."""

    service: Service
    log: Path
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = 0
    start_at: float = 0.0
    shown_to: int = 0


@dataclass
class Supervisor:
    """Starts services, watches them, stops them. Use it as a context manager."""

    folder: Path
    echo: bool = False
    running: list[_Running] = field(default_factory=list)

    def __enter__(self) -> Supervisor:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup sets it
                signal.signal(number, _interrupt)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, service: Service) -> None:
        """Start a process and keep it running from now on."""
        log = make_private(self.folder / "log") / f"{service.name}.log"
        log.unlink(missing_ok=True)
        entry = _Running(service, log)
        self.running.append(entry)
        self._spawn(entry)

    def watch(self, until: Callable[[], bool], seconds: float, what: str) -> None:
        """Keep everything running until the condition holds. Raises StackError after `seconds`."""
        deadline = time.monotonic() + seconds
        while not until():
            if time.monotonic() > deadline:
                raise StackError(f"{what} did not happen within {seconds:.0f} s: {self.logs()}")
            self.tick()

    def watch_forever(self) -> None:
        """Keep everything running until somebody interrupts us."""
        while True:
            self.tick()

    def run(self, command: Sequence[str], environment: Mapping[str, str]) -> int:
        """Run a command to its end, its output going to ours; the services are kept running."""
        process = subprocess.Popen(
            command, env=dict(environment), cwd=ROOT, **child_arguments(signal.SIGTERM)
        )
        try:
            while process.poll() is None:
                self.tick()
        finally:
            _end(process, signal.SIGTERM, time.monotonic() + 5)
        return process.returncode

    def tick(self) -> None:
        """Start again what died, and show what was logged."""
        now = time.monotonic()
        for entry in self.running:
            if entry.process is None:
                if now >= entry.start_at:
                    self._spawn(entry)
            elif entry.process.poll() is not None:
                self._mourn(entry, now)
            self._show(entry)
        time.sleep(TICK)

    def stop(self) -> None:
        """Stop everything, last started first. A second interrupt kills what is left at once."""
        try:
            for stage in sorted({entry.service.stage for entry in self.running}, reverse=True):
                self._stop_stage([e for e in self.running if e.service.stage == stage])
        except Interrupted:
            for entry in self.running:
                if entry.process is not None:
                    _end(entry.process, signal.SIGKILL, 0)
        self.running.clear()

    def logs(self) -> str:
        """Where to read on."""
        return f"see {self.folder / 'log'}"

    def _spawn(self, entry: _Running) -> None:
        service = entry.service
        with entry.log.open("ab") as log:
            entry.process = subprocess.Popen(
                service.command,
                env=dict(service.environment),
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=service.descriptors,
                **{
                    "cwd": ROOT,
                    **child_arguments(service.stop_signal, service.account, service.nice),
                },
            )
        entry.started = time.monotonic()
        self._pid_file(entry).write_text(f"{entry.process.pid}\n")

    def _mourn(self, entry: _Running, now: float) -> None:
        """A process died: clear away its children, and start it again after a growing pause."""
        assert entry.process is not None
        code = entry.process.returncode
        _end(entry.process, signal.SIGKILL, 0)
        entry.process = None
        entry.failures = 1 if now - entry.started > STEADY else entry.failures + 1
        pause = min(0.25 * 2**entry.failures, LONGEST_PAUSE)
        entry.start_at = now + pause
        say(
            f"{entry.service.name} ended ({_how(code)}), starts again in {pause:.1f} s: {entry.log}"
        )

    def _show(self, entry: _Running) -> None:
        """Copy complete new lines of the log to the terminal."""
        size = entry.log.stat().st_size
        if self.echo and entry.service.shown and size > entry.shown_to:
            with entry.log.open("rb") as log:
                log.seek(entry.shown_to)
                text = log.read(1_000_000)
            whole = text[: text.rfind(b"\n") + 1] if len(text) < 1_000_000 else text
            entry.shown_to += len(whole)
            for line in whole.decode(errors="replace").splitlines():
                sys.stdout.write(f"{entry.service.name:<9} | {line}\n")
            sys.stdout.flush()
        if size > LARGEST_LOG:
            os.truncate(entry.log, 0)
            entry.shown_to = 0

    def _stop_stage(self, entries: Sequence[_Running]) -> None:
        alive = [entry for entry in entries if entry.process is not None]
        for entry in alive:
            assert entry.process is not None
            _signal(entry.process, entry.service.stop_signal)
        begun = time.monotonic()
        for entry in alive:
            assert entry.process is not None
            _end(entry.process, None, begun + entry.service.stop_seconds)
            self._show(entry)
            self._pid_file(entry).unlink(missing_ok=True)

    def _pid_file(self, entry: _Running) -> Path:
        return make_private(self.folder / "run") / f"{entry.service.name}.pid"


def say(text: str) -> None:
    """A line for whoever started us."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise Interrupted


def _how(code: int) -> str:
    return f"exit {code}" if code >= 0 else signal.Signals(-code).name


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    if process.poll() is None:
        process.send_signal(number)


def _end(process: subprocess.Popen[bytes], number: signal.Signals | None, deadline: float) -> None:
    """Signal the process, wait for it until the deadline, then kill what is left of its group."""
    if number is not None:
        _signal(process, number)
    try:
        process.wait(max(0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        say(f"process {process.pid} did not stop in time and is killed")
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
