"""What a newcomer does: start the demo, run its conversations, use it, stop it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from demo.employers import EMPLOYERS, PASSWORD
from demo.people import PEOPLE
from tests.machine import wait_until
from tests.running import (
    START_SECONDS,
    Demo,
    clean_environment,
    demo_command,
    new_folder,
    processes_of,
    running_demo,
)
from travelcheck.stack.folders import ROOT

pytestmark = [pytest.mark.serial, pytest.mark.xdist_group("whole machine")]


# Starting a demo is the slowest thing in these tests, so one folder answers several questions.
def test_once_on_an_empty_folder_then_again_where_it_left_off_then_killed(
    tmp_path: Path,
) -> None:
    with new_folder() as folder:
        done = subprocess.run(
            demo_command("--once"),
            env=clean_environment(folder),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=START_SECONDS * 2,
        )
        assert done.returncode == 0, done.stdout
        assert all(person.label_en in done.stdout for person in PEOPLE)
        assert all(employer.name in done.stdout for employer in EMPLOYERS)
        assert processes_of(folder) == []
        with running_demo(folder) as again:
            starts_where_it_left_off(again)
            # People have consents, are erased, and have texted a lot already.
            done = again.once()
            assert done.returncode == 0, done.stdout
            the_log_verifies(again, tmp_path)
            assert processes_of(folder)
            again.process.send_signal(signal.SIGKILL)
            again.process.wait()
            wait_until(lambda: processes_of(folder) == [], 60, "the end of all processes")


def starts_where_it_left_off(demo: Demo) -> None:
    assert demo.pid("feed")
    assert "creating" not in demo.output
    assert "registering" not in demo.output
    assert PASSWORD in demo.output


def the_log_verifies(demo: Demo, folder: Path) -> None:
    """As a folder, and as it is served: accesses, organisations, answers, disputes, erasures."""

    environment = clean_environment(demo.folder) | {"DEMO": "1", "PUBLIC_BASE_URL": demo.address}

    def run(*command: object) -> str:
        done = subprocess.run(
            [sys.executable, *map(str, command)], env=environment, cwd=ROOT,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    key = run("manage.py", "audit_key").strip()
    run("manage.py", "audit_export", folder / "copy")
    assert "intact: " in run("manage.py", "audit_verify", folder / "copy", "--key", key)
    (folder / "token").write_text(run("manage.py", "audit_mirror", "add", "court.example"))
    served = f"{demo.address}/audit"
    given = ("--key", key, "--tiles-only", "--token-file", folder / "token")
    assert "intact: " in run("-m", "audit.verify", served, *given)
    with demo.database() as connection:
        said = {event for (event,) in connection.execute("SELECT DISTINCT event FROM audit_entry")}
    assert {"access.delivered", "organisation.asked", "erasure.done", "log.checked"} <= said
