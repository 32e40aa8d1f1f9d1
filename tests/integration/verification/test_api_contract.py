"""The running API against its own description: whatever is sent, what comes back is described.

EXAMPLES=200 sends more.
"""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.integration.verification.test_api import QUESTION, AsRole, Software
from tests.machine import free_port, wait_until
from travelcheck.stack.folders import ROOT

SCHEMATHESIS = shutil.which("st", path=str(Path(sys.executable).parent))
#: Well formed, and still not to be had: an unknown place, a purpose that is not allowed, a cap.
CONFIGURATION = """
[checks.positive_data_acceptance]
expected-statuses = [200, 201, 204, 400, 403, 404, 409, 422, 429]
[checks.missing_required_header]
expected-statuses = [401]
"""


@pytest.fixture
def address(superuser: psycopg.Connection) -> Iterator[str]:
    with web_process() as where:
        yield where


@contextmanager
def web_process(**settings: str) -> Iterator[str]:
    """A real web process on the test's database, as the web role; its address."""
    port = free_port()
    command = ["-m", "gunicorn", "travelcheck.wsgi", "--bind", f"127.0.0.1:{port}"]
    quiet = ["--no-control-socket", "--threads", "2", "--log-level", "error"]
    usual = {"SERVICE_ROLE": "web", "DJANGO_SETTINGS_MODULE": "travelcheck.settings"}
    process = subprocess.Popen(
        [sys.executable, *command, *quiet], cwd=ROOT, env={**os.environ, **usual, **settings}
    )
    try:
        wait_until(lambda: _listens(port), 60, "the web process")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def _listens(port: int) -> bool:
    with socket.socket() as attempt:
        return attempt.connect_ex(("127.0.0.1", port)) == 0


def test_every_answer_is_described(
    address: str, as_role: AsRole, superuser: psycopg.Connection, tmp_path: Path
) -> None:
    superuser.execute(
        "INSERT INTO signaling_city (code, name, name_zh, country, admin1)"
        " VALUES ('420100', 'Wuhan', '武汉', 'CN', 'Hubei'), ('TH', 'Thailand', '泰国', 'TH', '')"
    )
    with as_role("web"):
        harbour = Software("Harbour")
        harbour.asked(**QUESTION)
    (tmp_path / "schemathesis.toml").write_text(CONFIGURATION)
    assert SCHEMATHESIS
    done = subprocess.run(
        [
            SCHEMATHESIS, "run", f"{address}/api/v1/schema/", "--checks", "all",
            "--max-examples", os.environ.get("EXAMPLES", "8"), "--generation-deterministic",
            "--header", f"Authorization: {harbour.authorization}",
            "--continue-on-failure", "--no-color", "--warnings", "off",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
