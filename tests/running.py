"""A demo of its own for tests: the real launcher, in a folder that is gone afterwards."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import redis

from tests.machine import free_port, wait_until
from travelcheck.stack.folders import ROOT, remove_server_folder
from travelcheck.stack.local import SYSTEM_VARIABLES
from travelcheck.stack.postgres import Postgres
from travelcheck.stack.redis import Redis
from travelcheck.stack.supervisor import child_arguments

START_SECONDS = 240.0
STOP_SECONDS = 60.0


def clean_environment(folder: Path) -> dict[str, str]:
    """What a person has who types `make demo`: nothing of the settings of these tests."""
    kept = {name: os.environ[name] for name in SYSTEM_VARIABLES if name in os.environ}
    server = os.environ.get("EMBEDDED_POSTGRES", "")
    return {
        **kept,
        "STACK_FOLDER": str(folder),
        "EMBEDDED_POSTGRES": server,
        "PORT": str(free_port()),
    }


def demo_command(*arguments: str) -> list[str]:
    return [sys.executable, "manage.py", "demo", *arguments]


@dataclass
class Demo:
    """A running demo, what it printed, and ways to look into it from outside."""

    folder: Path
    process: subprocess.Popen[str]
    printed: list[str] = field(default_factory=list)

    @property
    def output(self) -> str:
        return "".join(self.printed)

    @property
    def address(self) -> str:
        """Where the phone simulator is, as the welcome says it."""
        found = re.search(r"(http://127\.0\.0\.1:\d+)/sandbox/", self.output)
        assert found, self.output
        return found[1]

    def once(self) -> subprocess.CompletedProcess[str]:
        """Run the scripted conversations against this demo, as `make demo ONCE=1` does."""
        return subprocess.run(
            demo_command("--once"),
            env=clean_environment(self.folder),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=START_SECONDS,
        )

    def database(self) -> psycopg.Connection:
        """A superuser's connection (autocommit): to look, never for what is tested."""
        return psycopg.connect(
            Postgres(self.folder).admin_url, dbname="travelcheck", autocommit=True
        )

    def redis(self) -> redis.Redis:
        return redis.Redis(unix_socket_path=str(Redis(self.folder).socket))

    def pid(self, name: str) -> int:
        """The process that the supervisor runs under this name now; 0 between two."""
        try:
            return int((self.folder / "run" / f"{name}.pid").read_text())
        except (FileNotFoundError, ValueError):
            return 0

    def stop(self) -> int:
        """Ctrl-C. Gives the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(STOP_SECONDS)


def processes_of(folder: Path) -> list[str]:
    """Every process of the machine that has to do with this folder, by its command line."""
    mark = os.fsencode(folder)
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                command = (entry / "cmdline").read_bytes()
                environment = (entry / "environ").read_bytes()
            except OSError:
                continue
            if mark in command or mark in environment:
                found.append(command.replace(b"\0", b" ").decode(errors="replace"))
    return found


@contextmanager
def new_folder() -> Iterator[Path]:
    """A folder for a stack, with a short path; its servers' files elsewhere go with it."""
    folder = Path(tempfile.mkdtemp(prefix="travelcheck-e2e-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        for server in ("postgres", "redis"):
            remove_server_folder(folder, server)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running_demo(folder: Path) -> Iterator[Demo]:
    """Start a demo in `folder` and wait until it welcomes; stopped on the way out."""
    process = subprocess.Popen(
        demo_command(),
        env=clean_environment(folder),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **child_arguments(signal.SIGTERM),
    )
    demo = Demo(folder, process)
    reader = threading.Thread(target=_read, args=(demo,), daemon=True)
    reader.start()
    try:
        wait_until(
            lambda: "Ctrl-C stops" in demo.output or process.poll() is not None,
            START_SECONDS,
            f"the demo's welcome\n{demo.output}",
        )
        assert process.poll() is None, demo.output
        yield demo
    finally:
        demo.stop()
        reader.join(10)
        if process.stdout is not None:
            process.stdout.close()


def _read(demo: Demo) -> None:
    assert demo.process.stdout is not None
    for line in demo.process.stdout:
        demo.printed.append(line)
