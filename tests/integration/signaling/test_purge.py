"""What left the window goes, and releases never wait for it."""

import threading
from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest
from django.db import DatabaseError, connection

from core import clock
from signaling import locks, publication, rejects, retention
from signaling.models import Day, IngestedFile
from tests.factories import signaling as made
from tests.integration.signaling.conftest import Freeze, Service

READ = "SELECT count(*) FROM signaling_staypoint"
TABLES = "SELECT count(*) FROM pg_class WHERE relname ~ '^signaling_(staypoint|coverage)_[0-9]{8}$'"
ENTRIES = (
    "SELECT convert_from(body, 'UTF8')::jsonb ->> 'kind' FROM audit_entry"
    " WHERE convert_from(body, 'UTF8')::jsonb ->> 'event' = 'purge.run'"
)


@pytest.fixture
def expired(service: Service, freeze: Freeze) -> Service:
    """A day's stay-points that left the window, with the clock past it."""
    service.subscribe(made.open_subscriptions(1))
    end = made.noon(service.yesterday, 24)
    service.take(made.events_of(0, [made.Leg(1, end - timedelta(hours=30), end)]))
    freeze(made.noon(service.yesterday + timedelta(days=15), 12))
    return service


def test_days_that_left_the_window_go_with_an_entry_in_the_log(expired: Service) -> None:
    seen = max(row[0] for row in expired.rows("staypoint"))
    assert max(retention.purge()) == seen
    assert expired.everything() == ([], [])
    assert {file.day for file in expired.store.files()} <= {seen}
    assert [day.day for day in Day.objects.all()] == [file.day for file in expired.store.files()]
    kinds = [kind for (kind,) in expired.superuser.execute(ENTRIES).fetchall()]
    assert kinds.count("events") == 1
    assert kinds.count("stay_points") >= 1
    tables = expired.superuser.execute(TABLES).fetchone()
    assert retention.purge() == []
    assert expired.superuser.execute(TABLES).fetchone() == tables


def test_the_log_has_the_entry_also_when_the_store_is_busy(
    expired: Service, connect_as: Callable[[str], psycopg.Connection]
) -> None:
    other = connect_as("ingest")
    other.execute("SELECT pg_advisory_lock(%s)", [locks.LOCK])
    with pytest.raises(locks.StoreIsBusyError):
        retention.purge()
    kinds = {kind for (kind,) in expired.superuser.execute(ENTRIES).fetchall()}
    assert kinds == {"stay_points"}
    assert expired.rows("staypoint") == []


def test_a_reader_keeps_its_partition_and_others_read_on(
    expired: Service,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """While a release reads, purging tries and gives up again and again. Readers that come
    meanwhile are let through between two tries: none waits longer than one of them."""
    tried: list[float] = []
    pause, purged = threading.Event(), threading.Event()

    def sleep(seconds: float) -> None:
        tried.append(seconds)
        pause.wait(seconds)

    monkeypatch.setattr(retention, "PAUSES", (0.05,) * 400)
    monkeypatch.setattr("signaling.retention.time.sleep", sleep)

    def purge() -> None:
        retention.purge()
        purged.set()
        connection.close()

    owner = expired.superuser
    with psycopg.connect(owner.info.dsn, password=owner.info.password) as release:
        release.execute(READ)
        thread = threading.Thread(target=purge)
        thread.start()
        with psycopg.connect(
            owner.info.dsn, password=owner.info.password, autocommit=True
        ) as reader:
            reader.execute("SET lock_timeout = '2s'")
            while len(tried) < 5:
                reader.execute(READ)
        assert not purged.is_set()
        release.rollback()
        thread.join()
    assert purged.is_set()
    assert expired.rows("staypoint") == []


def test_a_partition_that_stays_locked_fails_the_purge_and_nothing_else(
    expired: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "PAUSES", (0.01, 0.01))
    owner = expired.superuser
    with psycopg.connect(owner.info.dsn, password=owner.info.password) as release:
        release.execute(READ)
        with pytest.raises(DatabaseError):
            retention.purge()
    assert retention.purge()


def test_what_was_detached_and_not_dropped_is_dropped_by_the_next(expired: Service) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT parent, day FROM signaling.detach_expired_day()")
        parent, day = cursor.fetchone()
    name = f"{parent}_{day:%Y%m%d}"
    there = "SELECT to_regclass(%s) IS NOT NULL"
    assert expired.superuser.execute(there, [name]).fetchone() == (True,)
    retention.purge()
    assert expired.superuser.execute(there, [name]).fetchone() == (False,)


def test_a_run_goes_on_past_midnight_without_the_day_that_left(
    service: Service, freeze: Freeze, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hourly purge detaches the day while the run that began before midnight is compiling."""
    midnight = made.noon(service.yesterday, 48)
    leaving = service.yesterday - timedelta(days=13)
    freeze(midnight - timedelta(minutes=1))
    service.subscribe(made.open_subscriptions(1))
    todo = publication.Publisher.todo

    def midnight_strikes(publisher: publication.Publisher) -> list[publication.Todo]:
        freeze(midnight + timedelta(minutes=1))
        retention.ensure_days()
        while retention._detach("system"):
            pass
        return todo(publisher)

    monkeypatch.setattr(publication.Publisher, "todo", midnight_strikes)
    stay = made.Leg(1, made.noon(leaving, 2), made.noon(leaving, 46))
    service.take(made.events_of(0, [stay]))
    points, coverage = service.everything()
    assert [row[0] for row in points] == [row[0] for row in coverage] == [leaving + timedelta(1)]
    monkeypatch.setattr(publication.Publisher, "todo", todo)
    service.ingest()
    again, same_coverage = service.everything()
    assert same_coverage == coverage
    # Its beginning is not kept in its name any more.
    assert [row[3:] for row in again] == [row[3:] for row in points]


def test_old_reject_files_and_old_names_of_files_go(service: Service, freeze: Freeze) -> None:
    service.subscribe([("12", made.imsi(0), "2020-01-01T00:00:00Z", "")])
    assert rejects.purge(service.store, now=clock.now()) == 0
    assert rejects.purge(service.store, now=clock.now() + timedelta(days=8)) == 1
    service.take([made.Event(made.imsi(0), made.noon(service.yesterday), made.cgi(1, 3))])
    assert IngestedFile.objects.count() == 1
    freeze(clock.now() + timedelta(days=46))
    retention.purge()
    assert IngestedFile.objects.count() == 0
