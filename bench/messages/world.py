"""The service with a carrier and a crowd: its real processes, as `serve` starts them."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import psycopg

from bench.messages import floor
from bench.messages.carrier import ACCOUNT, NUMBER, TOKEN, Carrier
from bench.messages.load import Loop
from bench.messages.load import running as running_carrier
from bench.processes import run
from bench.service import FOLDER, service
from core.roles import WORKER
from travelcheck.stack import processes
from travelcheck.stack.launcher import DATABASE, Stack, is_ready
from travelcheck.stack.local import environment_for
from travelcheck.stack.postgres import Postgres

BASE_URL: Final = "http://127.0.0.1:8000"


@dataclass
class World:
    """`start` brings the service's processes up, `stop` down again; the servers keep running."""

    stack: Stack
    carrier: Carrier
    loop: Loop
    indexes: dict[str, bytes]
    web: socket.socket
    unused: socket.socket

    @property
    def numbers(self) -> list[str]:
        return list(self.indexes)

    def database(self) -> psycopg.Connection:
        """A superuser's: to look, and to play what happens to the machine."""
        address = Postgres(self.stack.folder).admin_url
        return psycopg.connect(address, dbname=DATABASE, autocommit=True)

    @contextmanager
    def service(self) -> Iterator[None]:
        """Everything that `serve` runs."""
        with self._processes(lambda process: process):
            yield

    @contextmanager
    def floor(self) -> Iterator[None]:
        """The floor's web server and worker, run as ours are."""
        with self.database() as admin:
            admin.execute(floor.TABLE)

        def bare(process: processes.Process) -> processes.Process | None:
            swapped = {
                "travelcheck.wsgi": "bench.messages.floor:application",
                "travelcheck": "bench.messages.floor:app",
            }
            if process.name not in ("web", "worker"):
                return None
            return replace(process, arguments=tuple(swapped.get(a, a) for a in process.arguments))

        with self._processes(bare):
            yield

    @contextmanager
    def _processes(
        self, change: Callable[[processes.Process], processes.Process | None]
    ) -> Iterator[None]:
        stack, supervisor = self.stack, self.stack.supervisor
        table = processes.table(
            self.web.fileno(), self.unused.fileno(), stack.folder, stack.environment
        )
        before = len(supervisor.running)
        host, port = self.web.getsockname()[:2]
        name = urlsplit(BASE_URL).netloc
        try:
            for process in filter(None, map(change, table)):
                supervisor.start(processes.service(process, stack.environment))
            supervisor.watch(lambda: is_ready(host, port, name), 120, "the service's readiness")
            yield
        finally:
            mine, supervisor.running = supervisor.running[before:], supervisor.running[:before]
            for stage in sorted({entry.service.stage for entry in mine}, reverse=True):
                supervisor._stop_stage([e for e in mine if e.service.stage == stage])


@contextmanager
def world(
    people: int,
    settings: dict[str, str] | None = None,
    *,
    agreed: bool = True,
    folder: Path = FOLDER,
) -> Iterator[World]:
    """Servers, a database with so many people, who have `agreed` to be looked up or have never
    texted, and a carrier; no process yet."""
    with ExitStack() as open_:
        web = open_.enter_context(socket.create_server(("127.0.0.1", 0)))
        unused = open_.enter_context(socket.create_server(("127.0.0.1", 0)))
        carrier = Carrier(web.getsockname()[:2], BASE_URL)
        with socket.create_server(("127.0.0.1", 0)) as free:
            carrier.port = free.getsockname()[1]
        chosen = {
            "SMS_PROVIDER": "twilio",
            "SMS_NUMBER": NUMBER,
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_API_BASE_URL": f"http://127.0.0.1:{carrier.port}",
            "PUBLIC_BASE_URL": BASE_URL,
            **(settings or {}),
        }
        stack = open_.enter_context(service(chosen, folder))
        loop = open_.enter_context(running_carrier(carrier, stack.supervisor.tick))
        indexes = _make_people(stack, people, agreed=agreed)
        yield World(stack, carrier, loop, indexes, web, unused)


def _make_people(stack: Stack, count: int, *, agreed: bool) -> dict[str, bytes]:
    """Their numbers, each with its blind index."""
    file = stack.folder / "run" / "crowd"
    run(
        "bench.messages.crowd", count, int(agreed), Postgres(stack.folder).admin_url, file,
        environment={**os.environ, **environment_for(WORKER, stack.environment)},
    )  # fmt: skip
    lines = [line.split() for line in file.read_text().splitlines()]
    file.unlink()
    return {number: bytes.fromhex(index) for number, index in lines}
