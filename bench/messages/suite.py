"""What is measured of messages, and against what.

While questions are timed no worker runs: it would only hide differences between them.
"""

import http.client
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit

import psycopg

from bench.messages import oracle, throughput
from bench.messages.people import CODES, NUMBERS
from bench.processes import ROOT, run
from bench.results import OUT, Result
from bench.service import FOLDER, SETTINGS, service
from core.roles import WORKER
from travelcheck.stack import processes
from travelcheck.stack.launcher import DATABASE, Stack, is_ready
from travelcheck.stack.local import environment_for
from travelcheck.stack.postgres import Postgres

PEOPLE: Final = OUT / "messages-people.json"
EACH: Final = 1_000
QUICK: Final = 100
#: A key may write 60 times a minute, and all may come within one.
PER_KEY: Final = 50


def measure(quick: bool) -> Iterator[Result]:
    yield from _asking(quick)
    yield from throughput.measure(quick)


def _asking(quick: bool) -> Iterator[Result]:
    count = QUICK if quick else EACH
    organisations = -(-count * len((*NUMBERS, *CODES)) // PER_KEY)
    with service({}) as running:
        run(
            "bench.messages.people",
            count,
            organisations,
            Postgres(FOLDER).admin_url,
            PEOPLE,
            environment=environment_for(WORKER, running.environment),
        )
        try:
            with _web(running) as port:
                with _at_work(running):
                    _refuse(running, port)
                yield from oracle.measure(port, PEOPLE, judged=not quick)
        finally:
            PEOPLE.unlink(missing_ok=True)


@contextmanager
def _web(running: Stack) -> Iterator[int]:
    """The port of the web server."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_server(("127.0.0.1", 0)) as unused,
    ):
        web = _process(running, "web", listener.fileno(), unused.fileno())
        running.supervisor.start(processes.service(web, running.environment))
        port = int(listener.getsockname()[1])

        def ready() -> bool:
            return is_ready("127.0.0.1", port, urlsplit(SETTINGS["PUBLIC_BASE_URL"]).netloc)

        running.supervisor.watch(ready, 120, "the service's readiness")
        yield port


@contextmanager
def _at_work(running: Stack) -> Iterator[None]:
    """A sequencer and a worker, for as long as they are wanted."""
    started = []
    for name in ("sequencer", "worker"):
        process = _process(running, name)
        command = [sys.executable, *process.arguments]
        environment = environment_for(process.role, running.environment)
        with (FOLDER / "log" / f"{name}.log").open("w") as log:
            started.append(
                subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
            )
    try:
        yield
    finally:
        for one in started:
            one.terminate()
        for one in started:
            one.wait(60)


def _process(running: Stack, name: str, listener: int = 0, unused: int = 0) -> processes.Process:
    table = processes.table(listener, unused, running.folder, running.environment)
    return next(process for process in table if process.name == name)


def _refuse(running: Stack, port: int) -> None:
    """Who is to have refused has got the notice, and now texts NO."""
    with psycopg.connect(Postgres(FOLDER).admin_url, dbname=DATABASE, autocommit=True) as admin:

        def stand(state: str) -> bool:
            found = admin.execute("SELECT FROM consent_consent WHERE state <> %s LIMIT 1", [state])
            return not found.rowcount

        running.supervisor.watch(lambda: stand("disclosed"), 300, "the end of the notices")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for number in json.loads(PEOPLE.read_text())["targets"]["refusing"]:
            text = json.dumps({"number": number, "body": "NO"})
            connection.request("POST", "/sandbox/texts", text, {"Content-Type": "application/json"})
            response = connection.getresponse()
            response.read()
            if response.status != http.HTTPStatus.CREATED:
                raise RuntimeError(f"NO: {response.status}")
        running.supervisor.watch(lambda: stand("refused"), 300, "the refusals")
