"""`serve` and `demo`: bring the servers up, prepare the database, run the processes."""

from __future__ import annotations

import base64
import fcntl
import http.client
import importlib
import importlib.util
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from core.roles import (
    AUDITOR,
    INGEST,
    NONE,
    OWNER,
    SECRETS_OF_ROLE,
    SEQUENCER,
    WEB,
    WORKER,
    database_variable,
)
from travelcheck.stack import processes
from travelcheck.stack.database_roles import create_roles, keep_addresses
from travelcheck.stack.folders import ROOT, StackError, local_folder, make_private
from travelcheck.stack.local import (
    DATABASE_VARIABLES,
    complete,
    environment_for,
    is_set,
    make_keys,
    value_of,
    write_secret,
)
from travelcheck.stack.postgres import Postgres
from travelcheck.stack.redis import Redis
from travelcheck.stack.supervisor import Supervisor, say
from travelcheck.stack.witnesses import Witnesses, witnesses

PREFIX = DATABASE = "travelcheck"
HOST, PORT = "127.0.0.1", 8000


@dataclass
class Stack:
    """One running stack: its folder, its supervisor, the whole environment to hand out from."""

    folder: Path
    supervisor: Supervisor
    environment: dict[str, str]

    def start_servers(self) -> None:
        """Start the embedded servers, where the environment names none."""
        if not any(is_set(name, self.environment) for name in DATABASE_VARIABLES):
            postgres = Postgres(self.folder)
            postgres.wait_until_gone()
            if not (postgres.data / "PG_VERSION").exists():
                say("creating the database server's files")
            postgres.prepare()
            self.supervisor.start(processes.server("postgres", postgres))
            self.supervisor.watch(postgres.is_ready, 60, "the start of PostgreSQL")
            plan = keep_addresses(self.folder, PREFIX, DATABASE, postgres.url)
            create_roles(postgres.admin_url, plan)
        if not is_set("REDIS_URL", self.environment):
            redis = Redis(self.folder)
            self.supervisor.watch(lambda: not redis.is_ready(), 20, "the end of an earlier Redis")
            self.supervisor.start(processes.server("redis", redis))
            self.supervisor.watch(redis.is_ready, 60, "the start of Redis")
            write_secret(self.folder, "REDIS_URL", redis.url())
        self.environment = complete(self.environment, self.folder)

    def manage(self, *command: str, role: str) -> None:
        """Run a management command as a role. Raises StackError when it fails."""
        code = self.supervisor.run(
            [sys.executable, "manage.py", *command], environment_for(role, self.environment)
        )
        if code:
            raise StackError(f"manage.py {' '.join(command)} failed (exit {code}), see above")

    def prepare_database(self) -> None:
        """Migrate, and put the log's policy into force: as owner."""
        self.manage("migrate", "--verbosity=0", role=OWNER)
        self.manage("audit_policy", role=OWNER)

    def start_processes(
        self,
        listener: socket.socket,
        oversight: socket.socket,
        more: Sequence[processes.Process] = (),
    ) -> None:
        """Start the service, and `more`, and wait until it is ready for requests."""
        table = processes.table(
            listener.fileno(), oversight.fileno(), self.folder, self.environment
        )
        for process in (*more, *table):
            self.supervisor.start(processes.service(process, self.environment))
        host, port = listener.getsockname()[:2]
        name = urlsplit(self.environment.get("PUBLIC_BASE_URL", "")).netloc or f"{host}:{port}"
        self.supervisor.watch(lambda: is_ready(host, port, name), 120, "the service's readiness")


class AlreadyRunningError(StackError):
    """Another process runs this folder's stack. `address` is where it serves."""

    def __init__(self, address: str) -> None:
        super().__init__(f"already running on {address}: stop that one first")
        self.address = address


def serve() -> None:
    """Run the service from the environment alone. Raises StackError with one line if it is wrong.

    Without DATABASE_URL or REDIS_URL it starts embedded servers of its own, apart from the demo's.
    Migrates first when it knows the owner's address.
    """
    os.environ.setdefault("STACK_FOLDER", str(ROOT / ".local" / "serve"))
    host, port = os.environ.get("HOST") or HOST, wanted_port()
    address = f"http://{host}:{port}"
    second = wanted_port("OVERSIGHT_PORT", port + 1)
    with (
        listen(host, port) as listener,
        listen(host, second, others=100) as oversight,
        stack(os.environ, address, echo=True) as running,
    ):
        check_configuration(running.environment)
        running.start_servers()
        if is_set(database_variable(OWNER), running.environment):
            running.prepare_database()
        running.start_processes(listener, oversight)
        where = oversight.getsockname()[1]
        say(f"serving on {address}, auditors' pages on port {where} (Ctrl-C stops)")
        running.supervisor.watch_forever()


def demo(*, once: bool) -> int:
    """Run everything with demo data; with `once`, run the scripted conversations and stop."""
    begun = time.monotonic()
    listener = listen(HOST, wanted_port(), others=100)
    port = listener.getsockname()[1]
    oversight = listen(HOST, port + 1, others=100)
    address = f"http://{HOST}:{port}"
    settings = {
        "DEMO": "1",
        "SMS_PROVIDER": "sandbox",
        "PUBLIC_BASE_URL": address,
        "OVERSIGHT_BASE_URL": f"http://{HOST}:{oversight.getsockname()[1]}",
        # The stories are told, and their answers checked, in these terms.
        "SERVICE_TIME_ZONE": "Asia/Shanghai",
        "MINIMUM_STAY_HOURS": "4",
        "CONSENT_VALID_DAYS": "30",
    }
    try:
        with (
            listener,
            oversight,
            stack({**os.environ, **settings}, address, echo=False) as running,
            demo_witnesses(running, listener.getsockname()[0]) as outside,
        ):
            store = make_private(running.folder / "signaling")
            values = {"SIGNALING_STORE": str(store), "AUDIT_WITNESSES": outside.policy}
            for name, value in {**settings, **values}.items():
                write_secret(running.folder, name, value)
            running.start_servers()
            say("migrating the database")
            running.prepare_database()
            load_demo_data()
            say("starting witnesses, sequencer, worker, ingest, beat, web and the auditors' pages")
            running.start_processes(listener, oversight, outside.processes)
            say(f"ready after {time.monotonic() - begun:.0f} s; logs: {running.folder / 'log'}")
            if once:
                return running.supervisor.run(*transcript(address))
            if has_demo_data():
                running.supervisor.start(processes.service(processes.FEED, running.environment))
            say(welcome(address, settings["OVERSIGHT_BASE_URL"]))
            running.supervisor.watch_forever()
    except AlreadyRunningError as running_elsewhere:
        if not once:
            raise
        say(f"using the demo that runs on {running_elsewhere.address}")
        command, environment = transcript(running_elsewhere.address)
        return subprocess.run(command, env=environment, cwd=ROOT, check=False).returncode
    return 0


@contextmanager
def demo_witnesses(running: Stack, host: str) -> Iterator[Witnesses]:
    """Two witnesses of the demo's log, beside it."""
    make_keys(running.folder)
    key = value_of("AUDIT_SIGNING_KEY", complete(running.environment, running.folder))
    with witnesses(running.folder, host, base64.b64decode(key)) as outside:
        yield outside


@contextmanager
def stack(environment: Mapping[str, str], address: str, *, echo: bool) -> Iterator[Stack]:
    """The stack of this folder, ours alone, stopped on the way out."""
    folder = local_folder()
    folder.mkdir(mode=0o711, parents=True, exist_ok=True)
    with (make_private(folder / "run") / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise AlreadyRunningError(lock.read().strip()) from None
        lock.truncate(0)
        lock.write(address)
        lock.flush()
        with Supervisor(folder, echo) as supervisor:
            yield Stack(folder, supervisor, dict(environment))


def check_configuration(environment: Mapping[str, str]) -> None:
    """Run Django's checks as each process. Raises StackError with the first mistake."""
    external = any(is_set(name, environment) for name in DATABASE_VARIABLES)
    checks = []
    for role in (WEB, WORKER, INGEST, SEQUENCER, AUDITOR):
        variable = database_variable(role)
        if external and not is_set(variable, environment):
            raise StackError(f"{variable} must be set: postgresql://role:password@host/database")
        given = environment_for(role, environment)
        if not external:  # it gets its address when the embedded server runs
            given[variable] = stand_in(role)
        if "REDIS_URL" in SECRETS_OF_ROLE[role] and not is_set("REDIS_URL", given):
            given["REDIS_URL"] = "unix:///embedded"
        checks.append(
            subprocess.Popen(
                [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "ERROR"],
                cwd=ROOT,
                env=given,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
    for check in checks:
        output, _ = check.communicate()
        if check.returncode:
            mistake = re.search(r"\(\w+\.E\d+\) (.*)", output)
            raise StackError(mistake[1] if mistake else output.strip().splitlines()[-1])


def stand_in(role: str) -> str:
    """An address of the shape that the embedded server's will have."""
    return f"postgresql://{role}@/embedded"


def has_demo_data() -> bool:
    """Whether this copy brings the invented people along."""
    return importlib.util.find_spec("demo") is not None


def load_demo_data() -> None:
    """What the demo is about: people, cells, journeys. Quick when it is all there."""
    if not has_demo_data():
        say("this copy has no demo data")
        return
    module = importlib.import_module("demo.load")
    module.load_demo(say)


def transcript(address: str) -> tuple[list[str], dict[str, str]]:
    """The command that runs the scripted conversations, and its environment."""
    program = "import sys; from demo.transcript import run; sys.exit(run(sys.argv[1]))"
    return [sys.executable, "-c", program, address], environment_for(NONE, os.environ)


def welcome(address: str, oversight: str) -> str:
    """What to try first."""
    lines = [
        "",
        f"  Phone simulator:  {address}/sandbox/    (text TRIP, then OK and the code)",
        f"  Employers:        {address}/employers/",
        f"  Check an answer:  {address}/verify/",
        f"  Operators:        {address}/operations/organisations/",
        f"  Auditors:         {oversight}/oversight/",
    ]
    if has_demo_data():
        log_ins = importlib.import_module("demo.employers").log_ins()
        lines += ["", "  Log-ins of the demo:", *(f"    {line}" for line in log_ins)]
    return "\n".join([*lines, "", "  Ctrl-C stops everything.", ""])


def wanted_port(name: str = "PORT", otherwise: int = PORT) -> int:
    """The port that a variable names. Raises StackError when it is none."""
    text = os.environ.get(name) or str(otherwise)
    if not (text.isdigit() and 0 < int(text) < 65536):
        raise StackError(f"{name} must be a number from 1 to 65535")
    return int(text)


def listen(host: str, port: int, others: int = 0) -> socket.socket:
    """A listening socket on this port, or on one of the `others` after it."""
    for candidate in range(port, min(port + others, 65535) + 1):
        try:
            return socket.create_server((host, candidate))
        except OSError:
            continue
    raise StackError(f"PORT must be a free port: {port} on {host} is taken")


def is_ready(host: str, port: int, name: str) -> bool:
    """Whether the service, asked by its public name, says that it can take requests."""
    connection = http.client.HTTPConnection(host, port, timeout=3)
    try:
        connection.request("GET", "/readyz", headers={"Host": name})
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
