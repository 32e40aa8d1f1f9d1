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


def test_the_conversations_go_as_the_stories_demand_and_their_log_verifies(
    demo: Demo, tmp_path: Path
) -> None:
    done = demo.once()
    assert done.returncode == 0, done.stdout
    assert all(person.label_en in done.stdout for person in PEOPLE)
    assert all(employer.name in done.stdout for employer in EMPLOYERS)
    # Once more, where people have consents, are erased, and have texted a lot already.
    done = demo.once()
    assert done.returncode == 0, done.stdout
    the_log_verifies(demo, tmp_path)


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


def test_the_demo_starts_again_where_it_left_off_and_leaves_nothing_behind() -> None:
    with new_folder() as folder:
        with running_demo(folder) as first:
            assert first.stop() == 0, first.output
        assert processes_of(folder) == []
        with running_demo(folder) as second:
            assert second.pid("feed")
            assert "creating" not in second.output
            assert "registering" not in second.output
            assert PASSWORD in second.output
            with second.database() as connection:
                row = connection.execute("SELECT count(*) FROM subscribers_tenure").fetchone()
            assert row is not None
            assert row[0] == sum(len(person.sims) for person in PEOPLE)
        assert processes_of(folder) == []


def test_once_on_an_empty_folder_runs_everything_and_leaves_nothing_behind() -> None:
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
        assert processes_of(folder) == []


def test_a_killed_launcher_takes_all_its_processes_with_it() -> None:
    with new_folder() as folder, running_demo(folder) as demo:
        assert processes_of(folder)
        demo.process.send_signal(signal.SIGKILL)
        demo.process.wait()
        wait_until(lambda: processes_of(folder) == [], 60, "the end of all processes")
