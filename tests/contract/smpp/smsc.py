"""The SMSC of the contract test: npm's `smpp` in a process of its own, told and heard in JSON."""

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.machine import wait_until

FOLDER = Path(__file__).parent
MODULES = FOLDER / "node_modules"

Line = dict[str, Any]


def missing() -> str:
    """Why there is no SMSC on this machine, or ""."""
    if shutil.which("node") is None:
        return "no Node.js here: `make test` installs it from Debian where it may"
    return "" if (MODULES / "smpp").is_dir() else "npm's smpp is not here: `make test` installs it"


class Smsc:
    """`seen` is all it told so far; `ask` has it do something."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.seen: list[Line] = []
        self.thread = threading.Thread(target=self._hear)
        self.thread.start()
        self.port = int(self.wait("listening")["port"])

    def _hear(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.seen.append(json.loads(line))

    def all(self, what: str, **like: object) -> list[Line]:
        return [
            line
            for line in list(self.seen)
            if line["saw"] == what and all(line.get(k) == v for k, v in like.items())
        ]

    def wait(self, what: str, count: int = 1, **like: object) -> Line:
        """The `count`th line of that kind, when it is there."""
        wait_until(lambda: len(self.all(what, **like)) >= count, what=f"the SMSC sees {what}")
        return self.all(what, **like)[count - 1]

    def ask(self, do: str, **more: object) -> None:
        """Wait until it has begun: what we send by the other way could overtake it."""
        assert self.process.stdin is not None
        before = len(self.all("done"))
        self.process.stdin.write(json.dumps({"do": do, **more}) + "\n")
        self.process.stdin.flush()
        self.wait("done", before + 1)

    def deliver(self, text: str = "", **more: object) -> None:
        """A text from a phone, and wait until it was answered."""
        before = len(self.all("delivered"))
        given = {"from": "8613800000001", "to": "10086", "text": text, **more}
        self.ask("deliver", **given)
        if not more.get("then_drop"):
            self.wait("delivered", before + 1)


@contextmanager
def running(*key_and_certificate: Path) -> Iterator[Smsc]:
    process = subprocess.Popen(
        ["node", str(FOLDER / "smsc.js"), *map(str, key_and_certificate)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    smsc = None
    try:
        smsc = Smsc(process)
        yield smsc
    finally:
        process.kill()
        process.wait()
        if smsc is not None:
            smsc.thread.join()
        for stream in (process.stdin, process.stdout):
            assert stream is not None
            stream.close()
