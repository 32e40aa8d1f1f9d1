"""Power cuts at every step, killed processes, two runs at once, and a disk that is full."""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from core.roles import INGEST, database_variable
from signaling import digests, handover, publication, services, store, tidying
from signaling.models import IngestedFile
from signaling.store import Store
from tests.factories import signaling as made
from tests.integration.signaling.conftest import Freeze, Rows, Service
from tests.integration.signaling.lives import lives
from travelcheck.stack.folders import ROOT

PHONES, DAYS = 4, 3
FIRST = datetime(2026, 11, 9, 16, tzinfo=UTC)
FIRST_DAY = (FIRST + timedelta(hours=8)).date()
SECOND_RUN = FIRST + timedelta(hours=89)  # the first day is sealed then, the second is not

#: Everything that outlives a crash is done by one of these.
STEPS = (
    (store, "put"),
    (Path, "unlink"),
    (Store, "mark_done"),
    (handover, "hand_over"),
    (services, "record"),
    (digests, "keep"),
)


class PowerCut(BaseException):
    """Not an Exception: nothing may catch it."""


@pytest.fixture
def crowd(service: Service, monkeypatch: pytest.MonkeyPatch) -> Service:
    service.subscribe(made.open_subscriptions(PHONES))
    for module in (store, publication):
        monkeypatch.setattr(module, "BUCKETS", 1)
    monkeypatch.setattr(tidying, "MERGED", 2)
    monkeypatch.setattr(handover, "SUBSCRIBERS_AT_ONCE", 2)
    return service


@contextmanager
def cut_at(step: int) -> Iterator[list[str]]:
    """The power goes before the step of this number; the names of the steps that were reached."""
    reached: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        for owner, name in STEPS:
            patch.setattr(owner, name, _counting(getattr(owner, name), name, step, reached))
        yield reached


def _counting(real: Any, name: str, step: int, reached: list[str]) -> Any:
    def counted(*args: Any, **kwargs: Any) -> Any:
        reached.append(name)
        if len(reached) == step:
            raise PowerCut
        return real(*args, **kwargs)

    return counted


def test_a_crash_at_any_step_is_repaired_by_running_again(crowd: Service, freeze: Freeze) -> None:
    events = lives(Random(3), PHONES, FIRST, DAYS)
    early = [event for event in events if event.at < FIRST + timedelta(hours=40)]
    late = [event for event in events if event.at > FIRST + timedelta(hours=24)]
    first, second = crowd.write("first.csv", early), crowd.write("second.csv", late)
    freeze(SECOND_RUN)
    crowd.ingest(crowd.write("all.csv", events))
    expected = crowd.everything()
    step, names = 0, set()
    while True:
        step += 1
        crowd.forget()
        freeze(FIRST + timedelta(hours=40))
        crowd.ingest(first)
        freeze(SECOND_RUN)
        with cut_at(step) as reached:
            try:
                crowd.ingest(second)
            except PowerCut:
                names.add(reached[-1])
            else:
                break
        crowd.ingest(second)
        assert crowd.everything() == expected, f"cut before step {step}: {reached}"
        assert not any(file.is_new for file in crowd.store.files())
        assert [file.is_sketch for file in crowd.store.files(day=FIRST_DAY)] == [True]
    assert names == {name for _, name in STEPS}


KILLED = """
import os, signal, sys, importlib
import django
django.setup()
module, name, times = sys.argv[1], sys.argv[2], int(sys.argv[3])
owner = importlib.import_module(module)
for part in name.split(".")[:-1]:
    owner = getattr(owner, part)
name = name.split(".")[-1]
real, calls = getattr(owner, name), []
def killing(*args, **kwargs):
    done = real(*args, **kwargs)
    calls.append(name)
    if len(calls) == times:
        os.kill(os.getpid(), signal.SIGKILL)
    return done
setattr(owner, name, killing)
from pathlib import Path
from signaling.services import ingest_files
ingest_files(paths=[Path(path) for path in sys.argv[4:]])
"""


def environment(where: Store) -> dict[str, str]:
    """What the ingest process has, and nothing else."""
    names = (database_variable(INGEST), "DATA_KEY", "SIGNALING_KEY", "REDIS_URL")
    return {
        **{name: os.environ[name] for name in names},
        "DJANGO_SETTINGS_MODULE": "travelcheck.settings",
        "PATH": os.defpath,
        "DEMO": "1",
        "SERVICE_ROLE": INGEST,
        "SIGNALING_STORE": str(where.root),
    }


@pytest.mark.parametrize(
    ("module", "name", "times"),
    [
        ("signaling.intake", "_write_events", 1),
        ("signaling.store", "Store.add", 3),
        ("signaling.handover", "hand_over", 2),
        ("signaling.digests", "keep", 1),
    ],
)
def test_a_killed_process_leaves_what_the_next_one_finishes(
    service: Service, module: str, name: str, times: int
) -> None:
    service.subscribe(made.open_subscriptions(PHONES))
    end = made.noon(service.yesterday, 24)
    events = lives(Random(4), PHONES, end - timedelta(days=3), 3)
    path = service.write("events.csv", events)
    arguments = [sys.executable, "-c", KILLED, module, name, str(times), str(path)]
    done = subprocess.run(
        arguments, cwd=ROOT, env=environment(service.store), capture_output=True, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert not IngestedFile.objects.exists() or name != "_write_events"
    service.ingest(path)
    repaired = service.everything()
    service.forget()
    service.ingest(path)
    assert repaired == service.everything()
    assert list(service.store.staging.iterdir()) == []


def test_two_processes_at_once_take_turns(service: Service) -> None:
    service.subscribe(made.open_subscriptions(PHONES))
    end = made.noon(service.yesterday, 24)
    events = lives(Random(6), PHONES, end - timedelta(days=3), 3)
    halves = [service.write(f"{n}.csv", events[n::2]) for n in range(2)]
    both = [
        subprocess.Popen(
            [sys.executable, "manage.py", "ingest_events", str(path)],
            cwd=ROOT,
            env=environment(service.store),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        for path in halves
    ]
    printed = [process.communicate()[0].decode() for process in both]
    assert [process.returncode for process in both] == [0, 0], printed
    together = service.everything()
    service.forget()
    service.take(events)
    assert together == service.everything()


def test_a_full_disk_stores_nothing_by_half(crowd: Service) -> None:
    end = made.noon(crowd.yesterday, 24)
    events = lives(Random(8), PHONES, end - timedelta(days=3), 3)
    path = crowd.write("events.csv", events)
    crowd.ingest(crowd.write("before.csv", events[:50]))
    before, files = crowd.everything(), crowd.store.files()
    with no_space(300), pytest.raises(OSError, match=r"No space left|File too large"):
        crowd.ingest(path)
    assert crowd.everything() == before
    assert crowd.store.files() == files
    assert list(crowd.store.staging.iterdir()) == []
    assert IngestedFile.objects.count() == 1
    crowd.ingest(path)
    stored: Rows = crowd.rows("staypoint")
    crowd.forget()
    crowd.take(events)
    assert stored == crowd.rows("staypoint")


@contextmanager
def no_space(size: int) -> Iterator[None]:
    """No file of this process may grow over some bytes: writing fails as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
