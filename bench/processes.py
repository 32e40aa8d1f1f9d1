"""Each measurement in a process of its own, so that memory and caches of one help no other."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bench.results import OUT

ROOT: Final = Path(__file__).parent.parent


class BrokenError(Exception):
    """A measurement's process failed; the text ends with what it said last."""


@dataclass
class Measured:
    """What a process says of itself."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_mb: float = 0.0
    facts: dict[str, Any] = field(default_factory=dict)
    parts: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self) -> Iterator[None]:
        """What counts: around the work, after imports and preparations."""
        began, cpu_began = time.perf_counter(), _cpu()
        yield
        self.seconds += time.perf_counter() - began
        self.cpu_seconds += _cpu() - cpu_began

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            self.parts[name] = self.parts.get(name, 0.0) + time.perf_counter() - began

    @contextmanager
    def wrapped(self, owner: Any, function: str, part: str) -> Iterator[None]:
        """Count what all calls of a function take, as it is looked up in its module or class."""
        original = getattr(owner, function)

        def counted(*arguments: Any, **named: Any) -> Any:
            with self.part(part):
                return original(*arguments, **named)

        setattr(owner, function, counted)
        try:
            yield
        finally:
            setattr(owner, function, original)

    def peak(self) -> None:
        """Look at the memory while those it runs are still there."""
        self.peak_mb = max(self.peak_mb, _peak_mb())

    def say(self) -> None:
        """The last line of the process's output."""
        self.peak()
        print(json.dumps(self.__dict__), flush=True)


def run(
    module: str,
    *arguments: object,
    python: Path | None = None,
    environment: dict[str, str] | None = None,
) -> Measured:
    """Run `python -m module arguments` and take what it says. Raises BrokenError."""
    done = subprocess.run(
        [str(python or sys.executable), "-m", module, *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        OUT.mkdir(parents=True, exist_ok=True)
        (OUT / "broken.log").write_text(done.stdout + done.stderr)
        last = (done.stderr.strip().splitlines() or ["no output"])[-1]
        raise BrokenError(f"{module} {' '.join(map(str, arguments))}: {last}")
    return Measured(**json.loads(lines[-1]))


def _cpu() -> float:
    """Of this process and of what it has waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _peak_mb() -> float:
    """The high-water mark of this process and of those it runs (a Java machine, a server)."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        except OSError:
            continue
        if "VmHWM" in lines:
            parents[int(lines["Pid"])] = (int(lines["PPid"]), int(lines["VmHWM"].split()[0]))
    family = {os.getpid()}
    while more := {pid for pid, (parent, _) in parents.items() if parent in family} - family:
        family |= more
    return sum(parents[pid][1] for pid in family if pid in parents) / 1024
