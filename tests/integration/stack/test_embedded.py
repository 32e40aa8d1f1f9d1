"""The embedded PostgreSQL: who can reach it, and what survives a clumsy start."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.machine import wait_until
from travelcheck.stack.folders import LONGEST_FOLDER, StackError, remove_server_folder
from travelcheck.stack.postgres import Postgres
from travelcheck.stack.supervisor import child_arguments

NOBODY = 65534
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder for servers, below one that only its owner can enter."""
    tmp_path.chmod(0o700)
    place = tmp_path / ".local"
    yield place
    remove_server_folder(place, "postgres")


@contextmanager
def running(postgres: Postgres) -> Iterator[None]:
    process = subprocess.Popen(
        postgres.command,
        env={},
        stderr=subprocess.DEVNULL,
        **child_arguments(signal.SIGINT, postgres.account),
    )
    try:
        wait_until(postgres.is_ready)
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def modes(path: Path) -> list[int]:
    return [parent.stat().st_mode for parent in path.parents]


def test_it_starts_below_a_closed_folder_and_opens_none(folder: Path) -> None:
    before = modes(folder)
    postgres = Postgres(folder, throw_away=True)
    postgres.prepare()
    with running(postgres):
        with psycopg.connect(postgres.admin_url) as connection:
            assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        with pytest.raises(psycopg.OperationalError, match="authentication failed"):
            psycopg.connect(postgres.url("postgres", "guess", "postgres"))
    assert modes(folder) == before
    assert postgres.home.stat().st_mode & 0o777 == 0o700
    assert postgres.home.stat().st_uid == postgres.account.uid


@needs_root
def test_another_user_does_not_reach_the_socket(folder: Path) -> None:
    postgres = Postgres(folder, throw_away=True)
    postgres.prepare()
    if postgres.account.uid == NOBODY:
        pytest.skip("this machine's server runs as nobody")
    with running(postgres):
        path = postgres.socket / ".s.PGSQL.5432"
        assert path.is_socket()
        done = subprocess.run(
            ["test", "-e", path], user=NOBODY, group=NOBODY, extra_groups=[], check=False
        )
    assert done.returncode == 1


def test_data_outlive_the_server_and_the_password_the_object(folder: Path) -> None:
    postgres = Postgres(folder, throw_away=True)
    postgres.prepare()
    with running(postgres), psycopg.connect(postgres.admin_url) as connection:
        connection.execute("CREATE TABLE kept (id int)")
    again = Postgres(folder, throw_away=True)
    again.prepare()
    with running(again), psycopg.connect(again.admin_url) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_an_interrupted_initdb_is_done_again(folder: Path) -> None:
    postgres = Postgres(folder, throw_away=True)
    unfinished = postgres.home / "data.unfinished"
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18\n")
    postgres.prepare()
    assert not unfinished.exists()
    with running(postgres):
        assert postgres.running_pid() is not None
    assert postgres.running_pid() is None


def test_data_of_a_version_that_is_gone_are_named_not_replaced(folder: Path) -> None:
    postgres = Postgres(folder, throw_away=True)
    postgres.prepare()
    version = postgres.data / "PG_VERSION"
    version.write_text("14\n")
    with pytest.raises(StackError, match="no PostgreSQL 14"):
        Postgres(folder, throw_away=True)
    assert postgres.data.exists()


def test_a_socket_path_that_would_be_too_long_is_avoided(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * (LONGEST_FOLDER // 4))
    postgres = Postgres(folder, throw_away=True)
    try:
        assert len(str(postgres.socket / ".s.PGSQL.5432")) <= 107
        assert Postgres(folder, throw_away=True).home == postgres.home
    finally:
        remove_server_folder(folder, "postgres")
