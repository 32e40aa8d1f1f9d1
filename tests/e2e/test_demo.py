"""What a newcomer does: start the demo, run its conversations, use it, stop it."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from demo.employers import EMPLOYERS, PASSWORD
from demo.people import PEOPLE
from tests.e2e import everywhere, sweep
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


@dataclass
class Seen:
    """What was seen of one demo: run once on an empty folder, started again where it left off, run
    once more, stopped."""

    folder: Path
    first: subprocess.CompletedProcess[str]
    after_first: list[str]
    welcome: str
    second: subprocess.CompletedProcess[str]
    commands: bytes
    tenures: int
    code: int
    after_second: list[str]
    finds: set[sweep.Find]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    """Starting a demo is the slowest thing in these tests, so one answers several questions."""
    with new_folder() as folder:
        first = once_on(folder)
        after_first = processes_of(folder)
        with running_demo(folder) as again:
            with everywhere.every_redis_command(folder) as told:
                # People have consents, are erased, and have texted a lot already.
                second = again.once()
            commands = b"".join(told)
            the_log_verifies(again, tmp_path_factory.mktemp("log"))
            tenures = count_tenures(again)
            finds = everywhere.in_running(again, commands)
            code = again.stop()
        after_second = processes_of(folder)
        finds |= everywhere.in_stopped(folder)
        yield Seen(
            folder, first, after_first, again.output, second, commands, tenures, code,
            after_second, finds,
        )  # fmt: skip


def count_tenures(demo: Demo) -> int:
    with demo.database() as connection:
        row = connection.execute("SELECT count(*) FROM subscribers_tenure").fetchone()
    assert row is not None
    return int(row[0])


def once_on(folder: Path) -> subprocess.CompletedProcess[str]:
    """`make demo ONCE=1` in a folder."""
    return subprocess.run(
        demo_command("--once"),
        env=clean_environment(folder),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=START_SECONDS * 2,
    )


def test_once_on_an_empty_folder_runs_everything_and_leaves_nothing_behind(seen: Seen) -> None:
    assert seen.first.returncode == 0, seen.first.stdout
    assert all(person.label_en in seen.first.stdout for person in PEOPLE)
    assert all(employer.name in seen.first.stdout for employer in EMPLOYERS)
    assert seen.after_first == []


def test_it_starts_again_where_it_left_off_and_stops_without_a_trace(seen: Seen) -> None:
    assert "creating" not in seen.welcome
    assert "registering" not in seen.welcome
    assert PASSWORD in seen.welcome
    assert seen.second.returncode == 0, seen.second.stdout
    assert b"sms_gateway.tasks.handle" in seen.commands, "no task was seen"
    assert seen.code == 0, seen.welcome
    assert seen.after_second == []


def test_nothing_is_where_it_has_no_business(seen: Seen) -> None:
    leaks = sweep.outside(seen.finds, sweep.read_allow_list())
    assert not leaks, "\n".join(sorted(f"{f.kind} in {f.place} ({f.form})" for f in leaks))


def test_the_sweep_saw_what_must_be_there(seen: Seen) -> None:
    assert sweep.missed(seen.finds, sweep.read_allow_list()) == []


def test_a_killed_launcher_takes_all_its_processes_with_it(seen: Seen) -> None:
    with running_demo(seen.folder) as demo:
        assert demo.pid("feed")
        assert count_tenures(demo) == seen.tenures, "nobody is registered twice"
        demo.process.send_signal(signal.SIGKILL)
        demo.process.wait()
        wait_until(lambda: processes_of(seen.folder) == [], 60, "the end of all processes")


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
