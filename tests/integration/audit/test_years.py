"""Two years: consents go over New Year, each log says how the one before it ended, and a year whose
time is over is pruned and still fits into the chain."""

import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import psycopg
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django.live_server_helper import LiveServer

from audit import services
from audit.copy import KEPT_YEARS
from audit.note import Signer
from audit.sequencer import link_years
from audit.verify.__main__ import main
from tests.integration.audit.conftest import HOST, SEED, Connect, new_sequencer
from tests.integration.audit.stories import answered
from tests.integration.audit.test_verify import free
from tests.integration.consent.world import Person, World

pytestmark = pytest.mark.django_db(transaction=True)

AsRole = Callable[[str], AbstractContextManager[None]]
Freeze = Callable[[datetime], None]
OLD, NEW = 2030, 2031
DECEMBER = datetime(OLD, 12, 31, 22, tzinfo=UTC)
JANUARY = datetime(NEW, 1, 1, 0, 55, tzinfo=UTC)
LINKED = datetime(NEW, 1, 1, 1, tzinfo=UTC)
OVER = datetime(NEW + KEPT_YEARS, 1, 1, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)
KEYS = [
    part
    for year in (OLD, NEW, NEW + KEPT_YEARS - 1, NEW + KEPT_YEARS)
    for part in ("--key", Signer(f"{HOST}/audit/{year}", SEED).verifier.vkey)
]
ENTRIES = "SELECT count(*) FROM audit_entry WHERE extract(year FROM recorded_at) = %s"


@pytest.fixture
def link(connect_as: Connect) -> Callable[[], bool]:
    """What the running sequencer looks at every minute."""

    def run() -> bool:
        with connect_as("sequencer") as connection:
            linked = link_years(connection)
        new_sequencer().run(once=True)
        return linked

    return run


@pytest.fixture
def world(superuser: psycopg.Connection, freeze_database: Freeze) -> World:
    """Somebody agreed and was answered in December, and again in January under the same consent."""
    freeze_database(DECEMBER)
    return World(superuser, lambda: new_sequencer().run(once=True))


@pytest.fixture
def person(world: World, as_role: AsRole, freeze_database: Freeze) -> Person:
    with as_role("worker"):
        someone = world.agreed()
        answered(world, someone)
        world.sequence()
        freeze_database(JANUARY)
        world.refresh("subscriptions")
        answered(world, someone)
        world.sequence()
    return someone


@pytest.fixture
def copy(
    person: Person, link: Callable[[], bool], as_role: AsRole, freeze_database: Freeze,
    tmp_path: Path,
) -> Path:  # fmt: skip
    freeze_database(LINKED)
    assert link()
    return export(as_role, tmp_path / "copy")


def export(as_role: AsRole, folder: Path) -> Path:
    with as_role("auditor"):
        call_command("audit_export", str(folder), stdout=StringIO())
    return folder


def check(as_role: AsRole, folder: Path) -> str:
    out = StringIO()
    with as_role("auditor"):
        call_command("audit_verify", str(folder), *KEYS, "--jobs", "1", stdout=out)
    return out.getvalue()


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    def run(folder: object, *options: object) -> tuple[int, str]:
        code = main([str(folder), "--jobs", "1", *KEYS, *map(str, options)])
        return code, capsys.readouterr().out.strip()

    return run


Said = Callable[..., tuple[int, str]]


def test_a_release_of_january_under_a_grant_of_december_is_in_order(
    copy: Path, said: Said, world: World, link: Callable[[], bool]
) -> None:
    code, line = said(copy)
    assert code == 0, line
    assert f"{HOST}/audit/{OLD} " in line
    assert f"{HOST}/audit/{NEW} " in line
    assert "no later log says yet" not in line
    [began] = world.bodies("log.began")
    assert began["log_year"] == OLD
    assert not link(), "once is enough"
    # Without the year in which they agreed it cannot be verified, and the copy cannot hide it.
    (copy / "logs").write_text(f"{NEW}\n")
    assert said(copy)[0] == 1, "to whoever says that it is all there is"
    code, line = said(copy, "--without-earlier")
    assert (code, "without a request before it" in line) == (2, True), line


def test_the_end_of_the_old_log_is_not_said_before_it_is_certain(
    world: World, person: Person, connect_as: Connect, freeze_database: Freeze,
    link: Callable[[], bool], as_role: AsRole, said: Said, tmp_path: Path,
) -> None:  # fmt: skip
    slow = connect_as("worker")
    freeze_database(DECEMBER + timedelta(hours=1))
    slow.execute("SELECT audit.record('export.made', '{}')")
    freeze_database(datetime(NEW, 1, 1, 0, 59, 59, tzinfo=UTC))
    assert not link()
    assert "no later log says yet" in said(export(as_role, tmp_path / "early"))[1]
    freeze_database(LINKED)
    assert link()
    slow.commit()  # as late as nothing ought to be: then it is said again
    assert not link(), "it waits"
    assert link()
    ends = [body["rows"] for body in world.bodies("log.began")]
    assert ends[1] == int(str(ends[0])) + 1
    assert said(export(as_role, tmp_path / "late"))[0] == 0


def test_last_year_rewritten_with_the_stolen_key_shows_in_this_years_log(
    copy: Path, said: Said, world: World, as_role: AsRole, tmp_path: Path
) -> None:
    """Without anybody's memory: this year's log would have to be rewritten, too."""
    db = world.superuser
    free(db)
    last = f"SELECT max(seq) FROM audit_leaf WHERE log = {OLD}"
    db.execute(f"DELETE FROM audit_checkpoint WHERE log = {OLD}")
    db.execute(f"DELETE FROM audit_node WHERE log = {OLD}")
    db.execute(
        f"DELETE FROM audit_entry e USING audit_leaf l WHERE l.log = {OLD} AND l.seq = ({last})"
        " AND l.entry_id = e.id"
    )
    db.execute(
        f"INSERT INTO audit_queue SELECT entry_id FROM audit_leaf WHERE log = {OLD}"
        f" AND seq < ({last})"
    )
    db.execute(f"DELETE FROM audit_leaf WHERE log = {OLD}")
    world.sequence()
    code, line = said(export(as_role, tmp_path / "forged"))
    assert code == 1
    assert "the log was longer when it was seen before" in line


def test_a_mirror_of_all_years_over_http(
    person: Person, link: Callable[[], bool], as_role: AsRole, live_server: LiveServer,
    freeze_database: Freeze, tmp_path: Path,
) -> None:  # fmt: skip
    freeze_database(LINKED)
    link()
    with as_role("owner"):
        (tmp_path / "token").write_text(services.add_mirror(name="court.example"))
    new_sequencer().run(once=True)
    with as_role("web"):
        done = subprocess.run(
            [sys.executable, "-m", "audit.verify", f"{live_server.url}/audit", *KEYS, "--jobs", "1",
             "--tiles-only", "--token-file", str(tmp_path / "token"),
             "--mirror", str(tmp_path / "mirror")],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "mirror" / "logs").read_text() == f"{OLD}\n{NEW}\n"


# ---------------------------------------------------------------------- pruning
def prune(as_role: AsRole, year: int = OLD) -> str:
    with as_role("worker"):
        return services.prune(year=year)


def test_a_year_is_pruned_by_the_published_policy_alone(
    copy: Path, said: Said, world: World, person: Person, as_role: AsRole,
    freeze_database: Freeze, link: Callable[[], bool], tmp_path: Path,
) -> None:  # fmt: skip
    assert world.value("SELECT audit.kept_years()") == KEPT_YEARS
    memory = tmp_path / "memory"
    assert said(copy, "--remember", memory)[0] == 0
    assert prune(as_role, NEW) == "too_young"
    freeze_database(OVER - MOMENT)
    check(as_role, copy)
    assert prune(as_role) == "too_young"
    freeze_database(OVER + timedelta(hours=2))
    check(as_role, copy)
    world.sequence()
    link()
    assert prune(as_role, NEW) == "too_young"
    assert prune(as_role, 1999) == "unknown"
    held = uuid.uuid4()
    world.superuser.execute(
        "INSERT INTO oversight_hold (id, subject_ref, reason, until, asked_by, asked_at) VALUES"
        " (%s, %s, 'court_order', core.now() + interval '1 day', gen_random_uuid(), core.now())",
        [held, person.tenure.subject_ref],
    )
    decide = "UPDATE oversight_hold SET is_granted = true, decided_by = %s, decided_at = core.now()"
    world.superuser.execute(decide, [uuid.uuid4()])
    assert prune(as_role) == "held"
    freeze_database(OVER + timedelta(days=2))
    with as_role("worker"):
        assert services.prune_due() > 5
        assert services.prune_due() == 0
    world.sequence()
    assert world.value(ENTRIES, OLD) == 0
    for table in ("leaf", "node"):
        assert world.value(f"SELECT count(*) FROM audit_{table} WHERE log = %s", OLD) == 0
    assert world.value("SELECT count(*) FROM audit_checkpoint WHERE log = %s", OLD) == 1
    with as_role("worker"), pytest.raises(CommandError, match="pruned already"):
        call_command("audit_prune", str(OLD))

    ending = "PRUNED by the published policy: how it ended was checked, its entries not"
    code, line = said(export(as_role, tmp_path / "fresh"), "--remember", memory)
    assert (code, ending in line) == (0, True), line
    assert "rest on what began in a pruned year, and were not checked" in line
    code, line = said(export(as_role, copy), "--remember", memory)
    assert (code, ending in line) == (0, False), "who has a copy of all of it goes on with it"


def test_pruning_needs_the_next_log_to_say_how_it_ended_and_a_copy(
    world: World, person: Person, as_role: AsRole, freeze_database: Freeze,
    link: Callable[[], bool], tmp_path: Path, connect_as: Connect,
) -> None:  # fmt: skip
    freeze_database(OVER)
    assert prune(as_role) == "not_linked"
    link()
    assert prune(as_role) == "no_copy"
    # Not the worker's to say, and not of another end.
    size, root = world.superuser.execute(
        "SELECT size, encode(root, 'hex') FROM audit_checkpoint WHERE log = %s"
        " ORDER BY size DESC LIMIT 1",
        [OLD],
    ).fetchone() or (0, "")
    about = '{"verdict": "intact", "log_year": %d, "rows": %d, "root_sha256": "%s"}'
    for role, said_size in (("worker", size), ("auditor", size - 1)):
        with connect_as(role) as connection:
            connection.execute(
                "SELECT audit.record('log.checked', %s)", [about % (OLD, said_size, root)]
            )
    assert prune(as_role) == "no_copy"
    check(as_role, export(as_role, tmp_path / "copy"))
    assert prune(as_role) == "pruned"
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
        world.superuser.execute("DELETE FROM audit_checkpoint WHERE log = %s", [OLD])


def test_a_year_that_only_says_it_was_pruned_was_tampered_with(copy: Path, said: Said) -> None:
    (copy / str(OLD) / "pruned").write_text("")
    for name in ("tile", "columns", "checkpoints"):
        shutil.rmtree(copy / str(OLD) / name)
    code, line = said(copy)
    assert (code, "no log says that they were pruned" in line) == (1, True), line
