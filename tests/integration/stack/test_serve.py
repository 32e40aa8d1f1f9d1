"""`manage.py serve` with servers from the environment: the real processes, and wrong settings."""

import base64
import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.roles import LOGIN_ROLES, SECRETS_OF_ROLE, database_variable
from tests import database
from tests.machine import descendants, free_port, is_alive, variables_of, wait_until
from travelcheck.stack.folders import ROOT

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.serial,
    pytest.mark.xdist_group("whole machine"),
]

ROLE_OF_PROCESS = {
    "web": "web",
    "oversight": "auditor",
    "worker": "worker",
    "ingest": "ingest",
    "sequencer": "sequencer",
    "beat": "none",
}
SECRETS = {name for names in SECRETS_OF_ROLE.values() for name in names} | {
    database_variable(role) for role in LOGIN_ROLES
}


def environment(folder: Path) -> dict[str, str]:
    """All an operator sets, and what the processes must not get."""
    return {
        "PATH": os.environ["PATH"],
        "STACK_FOLDER": str(folder),
        "PORT": str(free_port()),
        "PUBLIC_BASE_URL": "https://trips.example",
        "SMS_PROVIDER": "sandbox",
        "MAIL_URL": f"file://{folder / 'mail'}",
        "TWILIO_AUTH_TOKEN": "token",
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "TWILIO_AUTH_TOKEN_OLD": "the token before",
        "TWILIO_B_ACCOUNT_SID": "AC" + "1" * 32,
        "TWILIO_B_AUTH_TOKEN": "another account's",
        "TWILIO_B_AUTH_TOKEN_OLD": "and its token before",
        "METRICS_TOKEN": "t" * 32,
        "AUDIT_WITNESSES": "quorum none",
        "ANSWER_SIGNING_KEY_NEXT": base64.b64encode(b"n" * 32).decode(),
        "REDIS_URL": os.environ["REDIS_URL"],
        "SIGNALING_STORE": str(folder / "signaling"),
        "SOMETHING_ELSE": "of the operator's shell",
        **database.KEYS,
        **{database_variable(role): url for role, url in database.plan().addresses.items()},
    }


class Serving:
    """A running `manage.py serve`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        given = environment(folder)
        del given["DATABASE_OWNER_URL"]
        self.port = int(given["PORT"])
        self.output = folder / "output"
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "serve"],
                cwd=ROOT,
                env=given,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def wait(self) -> None:
        wait_until(lambda: self.is_serving() or self.process.poll() is not None, 120)
        assert self.is_serving(), self.output.read_text()

    def is_serving(self) -> bool:
        return "serving on" in self.output.read_text()

    def pid(self, name: str) -> int:
        return int((self.folder / "run" / f"{name}.pid").read_text())

    def get(self, path: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", path, headers={"Host": "trips.example"})
        status = connection.getresponse().status
        connection.close()
        return status


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    running = Serving(tmp_path)
    try:
        running.wait()
        yield running
    finally:
        running.process.terminate()
        running.process.wait(60)


def test_each_process_has_its_own_secrets_dies_alone_and_none_survives_the_launcher(
    serving: Serving,
) -> None:
    # One start for several questions: it is the slowest thing in these tests.
    assert serving.get("/livez") == 200
    for name, role in ROLE_OF_PROCESS.items():
        expected = set(SECRETS_OF_ROLE[role])
        expected |= {"REDIS_URL"} if name == "beat" else {database_variable(role)}
        for pid in descendants(serving.pid(name)):
            held = variables_of(pid)
            assert held & SECRETS == expected, name
            assert "SOMETHING_ELSE" not in held

    web = descendants(serving.pid("web"))
    os.kill(serving.pid("web"), signal.SIGKILL)
    wait_until(lambda: not any(is_alive(pid) for pid in web))
    assert serving.get("/livez") == 200  # waited for the new one, was not refused

    before = serving.pid("worker")
    family = descendants(before)
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: serving.pid("worker") != before)
    wait_until(lambda: not any(is_alive(pid) for pid in family))
    assert is_alive(serving.pid("worker"))

    # How a launcher that is told to stop ends is seen with the demo's, and the supervisor's tests.
    everything = descendants(serving.process.pid)
    assert len(everything) > len(ROLE_OF_PROCESS)
    serving.process.kill()
    serving.process.wait()
    wait_until(lambda: not any(is_alive(pid) for pid in everything), 60)


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("DATA_KEY", "short", "DATA_KEY must be 32 random bytes in base64"),
        ("DATABASE_WORKER_URL", "", "DATABASE_WORKER_URL must be set"),
        ("PUBLIC_BASE_URL", "http://trips.example", "PUBLIC_BASE_URL must be an https"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_one_line(
    tmp_path: Path, variable: str, value: str, message: str
) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "serve"],
        cwd=ROOT,
        env=environment(tmp_path) | {variable: value},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 1
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not list(tmp_path.glob("log/*"))


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    given = environment(tmp_path)
    with socket.socket() as other:
        other.bind(("127.0.0.1", int(given["PORT"])))
        other.listen()
        done = subprocess.run(
            [sys.executable, "manage.py", "serve"],
            cwd=ROOT,
            env=given,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    assert done.returncode == 1
    assert done.stderr.startswith("CommandError: PORT must be a free port")
