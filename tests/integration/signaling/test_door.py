"""The door: behind it nobody has an IMSI or a number, and what could not pass may try again."""

import logging
import uuid
from datetime import date, timedelta
from pathlib import Path

import duckdb
import psycopg
import pytest
from django.db import DatabaseError, connection

from core import clock
from core.models import Feed
from signaling import erasure, handover, intake, loading, subscription_files
from signaling.models import IngestedFile
from signaling.store import Store
from tests.factories import signaling as made
from tests.integration.signaling.conftest import Freeze, Service
from tests.integration.signaling.test_crashes import PowerCut, cut_at
from tests.integration.signaling.test_subscriptions import erase

PHONES = 3


@pytest.fixture
def three(service: Service) -> Service:
    service.subscribe(made.open_subscriptions(PHONES))
    return service


def one_day(service: Service, phone: int, *, minutes: float = 60) -> list[made.Event]:
    end = made.noon(service.yesterday, 24)
    return made.events_of(phone, [made.Leg(1, end - timedelta(hours=30), end)], minutes=minutes)


def secrets() -> list[str]:
    return [
        secret for phone in range(PHONES) for secret in (made.imsi(phone), made.msisdn(phone)[1:])
    ]


def assert_bare(where: Store) -> None:
    """No file holds one of the secrets: not in its bytes, and not in its values once unpacked."""
    found = [path for path in where.root.rglob("*") if path.is_file()]
    for path in found:
        texts = [path.read_bytes()]
        if path.suffix == ".parquet":
            rows = duckdb.execute("SELECT * FROM read_parquet(?)", [str(path)]).fetchall()
            texts.append(repr(rows).encode())
        for secret in secrets():
            assert all(secret.encode() not in text for text in texts), path.relative_to(where.root)


def dump(superuser: psycopg.Connection) -> str:
    """Every row of every table, as text."""
    tables = superuser.execute(
        "SELECT c.oid::regclass::text FROM pg_class c"
        " WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace"
    ).fetchall()
    texts = []
    for (table,) in tables:
        rows = superuser.execute(f"SELECT t::text FROM {table} t").fetchall()
        texts += [text for (text,) in rows]
    return "\n".join(texts)


def test_no_file_table_or_log_line_has_an_imsi_or_a_number(
    three: Service, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    events = [e for p in range(PHONES) for e in one_day(three, p)]
    path = three.write("events.csv", events)
    path.write_text(path.read_text() + f"{made.imsi(1)},soon,{made.cgi(1, 3)},data\n")
    three.ingest(path)
    assert three.store.files()
    assert_bare(three.store)
    said = caplog.text + "".join(capfd.readouterr()) + dump(three.superuser)
    assert str(three.reference(1)) in said
    assert [secret for secret in secrets() if secret in said] == []
    # Bytes of the numbers, as PostgreSQL shows them.
    assert [secret for secret in secrets() if secret.encode().hex() in said] == []


@pytest.mark.parametrize("step", [1, 2, 4, 6])
def test_neither_has_what_a_crash_left_behind(three: Service, step: int) -> None:
    path = three.write("events.csv", [e for p in range(PHONES) for e in one_day(three, p)])
    with cut_at(step), pytest.raises(PowerCut):
        three.ingest(path)
    assert_bare(three.store)


def test_everything_is_private(three: Service) -> None:
    path = three.write("events.csv", [e for p in range(PHONES) for e in one_day(three, p)])
    path.write_text(path.read_text() + "odd\n")
    three.ingest(path)
    for found in (three.store.root, *three.store.root.rglob("*")):
        assert found.stat().st_mode & 0o777 == (0o700 if found.is_dir() else 0o600), found


def test_a_new_sim_is_a_new_person_to_the_store(service: Service) -> None:
    """The same number, another IMSI from noon on: what was before is not of the new tenure."""
    change = made.noon(service.yesterday, 12)
    service.subscribe(
        [
            (made.msisdn(0), made.imsi(0), "2020-01-01T00:00:00Z", change.isoformat()),
            (made.msisdn(0), made.imsi(1), change.isoformat(), ""),
        ]
    )
    service.take([event for phone in (0, 1) for event in one_day(service, phone)])
    old, new = service.reference(0), service.reference(1)
    assert {row[1] for row in service.rows("staypoint")} == {old, new}
    assert all(row[7] <= change for row in service.rows("staypoint") if row[1] == old)
    assert all(row[6] >= change for row in service.rows("staypoint") if row[1] == new)


def test_ingestion_writes_what_it_cannot_read(three: Service) -> None:
    three.take(one_day(three, 0))
    readable = ["signaling_staypoint", "signaling_coverage", "consent_consent", "consent_release"]
    readable += ["sms_gateway_outboundmessage", "inquiry_conversation", "core_personkey"]
    for table in readable:
        with pytest.raises(DatabaseError, match="permission denied"), connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {table}")
    for call in ("gate.fetch(gen_random_uuid())", "gate.claim(gen_random_uuid(), 'inbound:1')"):
        with pytest.raises(DatabaseError, match="permission denied"), connection.cursor() as cursor:
            cursor.execute(f"SELECT {call}")
    for change in ("INSERT INTO signaling_bucket VALUES (0, gen_random_uuid())",
                   "DELETE FROM signaling_staypoint"):  # fmt: skip
        with pytest.raises(DatabaseError, match="permission denied"), connection.cursor() as cursor:
            cursor.execute(change)


def test_a_file_tries_again_once_its_cells_are_known(three: Service) -> None:
    path = three.write(
        "early.csv", [made.Event(e.imsi, e.at, "460-00-9-9") for e in one_day(three, 0)]
    )
    first = three.ingest(path)
    assert first.unknown_cells == first.stored == first.rows
    assert three.ingest(path).known_files == 1
    cells = three.folder / "more.csv"
    cells.write_text("cgi,lon,lat,range_m\n460-00-9-9,102.0,30.0,500\n")
    loading.load_cells(paths=[cells])
    again = three.ingest(path)
    assert (again.known_files, again.unknown_cells) == (0, 0)
    assert {row[4] for row in three.rows("staypoint")} == {made.code(2)}
    assert three.ingest(path).known_files == 1


def test_a_file_tries_again_when_its_time_has_come(three: Service, freeze: Freeze) -> None:
    now = clock.now()
    path = three.write(
        "ahead.csv", [made.Event(made.imsi(0), now + timedelta(hours=1), made.cgi(1, 3))]
    )
    freeze(now)
    assert three.ingest(path).rejected == {"timestamp lies in the future": 1}
    freeze(now + timedelta(hours=2))
    assert three.ingest(path).stored == 1
    assert three.ingest(path).known_files == 1


def test_subscriptions_loaded_while_a_file_is_taken_in_count_as_unseen(
    three: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = three.write("early.csv", one_day(three, 7))
    survey = intake._open_door

    def meanwhile(con: duckdb.DuckDBPyConnection) -> None:
        survey(con)
        three.subscribe(made.open_subscriptions(8))

    with monkeypatch.context() as patch:
        patch.setattr(intake, "_open_door", meanwhile)
        assert three.ingest(path).stored == 0
    assert three.ingest(path).stored > 0


def test_a_file_tries_again_after_a_load_of_which_a_part_was_refused(three: Service) -> None:
    path = three.write("early.csv", one_day(three, 7))
    assert three.ingest(path).stored == 0
    assert three.ingest(path).known_files == 1
    good = made.write_subscriptions(three.folder / "good.csv", made.open_subscriptions(8))
    bad = three.folder / "bad.csv"
    bad.write_text("")
    before = Feed.objects.get(name="subscriptions").refreshed_at
    assert not subscription_files.load_subscriptions(paths=[good, bad]).is_fresh
    assert Feed.objects.get(name="subscriptions").refreshed_at == before
    assert three.ingest(path).stored > 0
    assert three.ingest(path).known_files == 1


def test_a_load_that_changes_nothing_makes_no_file_new(three: Service) -> None:
    path = three.write("early.csv", one_day(three, 7))
    three.ingest(path)
    assert three.subscribe(made.open_subscriptions(PHONES)).unchanged == PHONES
    assert three.ingest(path).known_files == 1


def test_a_restored_database_is_brought_back_to_what_the_store_says(three: Service) -> None:
    """As after a restore from a copy that is older than the last run."""
    three.take([e for p in range(PHONES) for e in one_day(three, p)][::2])
    copies = {
        table: three.superuser.execute(f"SELECT * FROM {table}").fetchall()
        for table in ("signaling_staypoint", "signaling_coverage", "signaling_bucket")
    }
    three.take([e for p in range(PHONES) for e in one_day(three, p)])
    latest = three.everything()
    for table, rows in copies.items():
        three.superuser.execute(f"DELETE FROM {table}")
        holes = ", ".join(["%s"] * len(rows[0]))
        with three.superuser.cursor() as cursor:
            cursor.executemany(f"INSERT INTO {table} VALUES ({holes})", rows)
    assert three.everything() != latest
    three.ingest()
    assert three.everything() == latest


def test_only_what_differs_is_written(three: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    end = made.noon(three.yesterday, 24)
    days = made.events_of(0, [made.Leg(1, end - timedelta(days=6), end)], minutes=60)
    three.take(days)
    assert three.take(e for e in days[::3]).pairs == 0
    trip = made.Leg(3, end - timedelta(days=3, hours=20), end - timedelta(days=3, hours=10))
    written: list[date] = []
    real = handover.hand_over

    def noting(con: duckdb.DuckDBPyConnection, bucket: int) -> handover.HandedOver:
        written.extend(day for (day,) in con.execute("SELECT day FROM part").fetchall())
        return real(con, bucket)

    monkeypatch.setattr(handover, "hand_over", noting)
    report = three.take(made.events_of(0, [trip], minutes=30))
    assert report.pairs == len(written) > 0
    # What comes after the trip is another stay; what came before is as it was.
    assert min(written) >= three.yesterday - timedelta(days=4)


def test_erasure_reaches_sketches_and_digests(three: Service, freeze: Freeze) -> None:
    now = clock.now()
    three.take([e for p in range(PHONES) for e in one_day(three, p)])
    freeze(now + timedelta(days=4))
    three.ingest()
    assert all(file.is_sketch for file in three.store.files())
    gone = three.reference(0)
    erase(three, 0)
    before = three.everything()
    assert held(three.store, gone)
    assert erasure.erase_pending() == 1
    assert held(three.store, gone) == []
    assert three.ingest().pairs == 0
    assert three.everything() == before


def test_a_second_erasure_does_not_forget_the_first(three: Service) -> None:
    """The same IMSI, subscribed again and erased again, before the files have been rewritten."""
    three.take(one_day(three, 0))
    gone = three.reference(0)
    erase(three, 0)
    three.subscribe([(made.msisdn(0), made.imsi(0), clock.now().isoformat(), "")])
    erase(three, 0)
    assert held(three.store, gone)
    assert erasure.erase_pending() == 2
    assert held(three.store, gone) == []


def held(where: Store, reference: uuid.UUID) -> list[Path]:
    """The files that hold something of a subscriber."""
    return [
        path
        for path in where.root.rglob("*.parquet")
        if path != where.cells
        and duckdb.execute(
            "SELECT count(*) FROM read_parquet(?) WHERE subscriber = ?", [str(path), str(reference)]
        ).fetchall()
        != [(0,)]
    ]


def test_what_is_known_of_a_file_is_its_bytes_and_counts(three: Service) -> None:
    three.take(one_day(three, 0))
    row = IngestedFile.objects.get()
    assert (row.rejected, row.waiting, row.future) == (0, 0, 0)
    assert len(bytes(row.sha256)) == len(bytes(row.cells)) == 32
