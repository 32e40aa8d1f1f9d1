"""Event files in, stay-points out: whole, once, and the same whatever happened in between."""

from datetime import timedelta
from pathlib import Path

import pytest

from core.models import Feed
from signaling import publication, services
from signaling.intake import NO_SUBSCRIBER
from signaling.models import IngestedFile
from signaling.store import EventFile, Store
from signaling.window import first_shown_day
from tests.factories import signaling as made
from tests.integration.signaling.conftest import Service


@pytest.fixture
def three(service: Service) -> Service:
    service.subscribe(made.open_subscriptions(3))
    return service


def phone_days(service: Service, phone: int, *, hours: float = 48) -> list[made.Event]:
    end = made.noon(service.yesterday, 24)
    return made.events_of(phone, [made.Leg(1, end - timedelta(hours=hours), end)])


def test_a_stay_is_cut_at_local_midnights_and_keeps_its_id(three: Service) -> None:
    three.take(phone_days(three, 0))
    points = three.rows("staypoint")
    assert [row[0] for row in points] == [three.yesterday - timedelta(days=1), three.yesterday]
    assert len({row[2] for row in points}) == 1
    assert points[0][7] == points[1][6] == made.noon(three.yesterday, 0)
    assert {(row[3], row[4], row[5]) for row in points} == {("stay", made.code(1), None)}


def test_a_stay_and_a_doubt_of_one_city_from_before_the_window_are_two(three: Service) -> None:
    """Each absence is bridged, so that both lie over the first midnight of the window, whose
    stays' beginnings are no part of their ids."""
    inland, border = [made.cgi(1, 3)], [made.cgi(1, made.EAST), made.cgi(2, made.WEST)]
    midnight = made.noon(first_shown_day(), 0)
    legs = [(-8.0, -3.0, inland), (-2.9, -0.6, border), (-0.5, 1.2, inland), (1.3, 4.0, border)]
    three.take(
        made.Event(
            made.imsi(0), midnight + timedelta(hours=start, minutes=5 * n), cgis[n % len(cgis)]
        )
        for start, end, cgis in legs
        for n in range(round((end - start) * 12) + 1)
    )
    points = three.rows("staypoint")
    city, other = made.code(1), made.code(2)
    assert {row[3:6] for row in points} == {("stay", city, None), ("border", city, other)}
    assert {row[6] for row in points} == {midnight}
    assert len({row[2] for row in points}) == len(points) == 2


def test_coverage_has_the_local_hours_with_events(three: Service) -> None:
    at = [made.noon(three.yesterday, hour) for hour in (0, 5.5, 23.9)]
    three.take(made.Event(made.imsi(0), moment, made.cgi(1, 3)) for moment in at)
    assert three.rows("coverage") == [
        (three.yesterday, three.reference(0), 1 << 0 | 1 << 5 | 1 << 23)
    ]


def test_the_same_file_twice_changes_nothing(three: Service) -> None:
    path = three.write("a.csv", phone_days(three, 0))
    three.ingest(path)
    before, files = three.everything(), three.store.files()
    report = three.ingest(path)
    assert (report.files, report.known_files, report.subscribers) == (0, 1, 0)
    assert three.everything() == before
    assert three.store.files() == files


def test_the_same_events_in_another_file_change_nothing(three: Service) -> None:
    events = phone_days(three, 0)
    three.take(events)
    before, files = three.everything(), three.store.files()
    report = three.ingest(three.write("b.csv.gz", reversed(events)))
    assert report.stored == len(events)
    assert report.subscribers == 0
    assert three.everything() == before
    assert three.store.files() == files


def test_late_and_overlapping_files_give_what_all_at_once_gives(three: Service) -> None:
    events = [e for p in range(3) for e in phone_days(three, p, hours=72)]
    events += made.events_of(
        1, [made.Leg(2, made.noon(three.yesterday, 8), made.noon(three.yesterday, 15))]
    )
    three.take(events)
    expected = three.everything()
    three.forget()
    halves = (events[::2], events[1::2], events[::3])
    for part in halves:
        three.take(part)
    assert three.everything() == expected


def test_nobody_without_a_subscription_is_stored(three: Service) -> None:
    report = three.take(phone_days(three, 7))
    assert report.stored == 0
    assert report.left_out["no subscription holds the IMSI at that time"] == report.rows > 0
    assert three.everything() == ([], [])
    assert three.store.files() == []


def test_a_file_counts_anew_once_its_subscribers_are_known(three: Service) -> None:
    path = three.write("early.csv", phone_days(three, 7))
    three.ingest(path)
    three.subscribe(made.open_subscriptions(8))
    assert three.ingest(path).stored > 0
    assert len(three.rows("staypoint")) == 2


def test_a_new_holder_of_the_sim_sees_nothing_of_the_old(service: Service) -> None:
    change = made.noon(service.yesterday, 12)
    service.subscribe(
        [
            (made.msisdn(0), made.imsi(0), "2020-01-01T00:00:00Z", change.isoformat()),
            (made.msisdn(1), made.imsi(0), change.isoformat(), ""),
        ]
    )
    service.take(phone_days(service, 0))
    by_reference: dict[object, list[object]] = {}
    for _, reference, _, _, _, _, start, end in service.rows("staypoint"):
        by_reference.setdefault(reference, []).extend([start, end])
    old, new = sorted(by_reference.values(), key=str)
    assert max(old, key=str) <= change <= min(new, key=str)  # type: ignore[operator]


def test_a_crash_before_the_database_is_repaired_by_the_next_run(
    three: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = three.write("a.csv", phone_days(three, 0))
    with monkeypatch.context() as broken:
        broken.setattr(publication.Publisher, "publish", _crash)
        with pytest.raises(RuntimeError):
            three.ingest(path)
    assert three.everything() == ([], [])
    three.ingest()
    assert len(three.rows("staypoint")) == 2
    assert not any(file.is_new for file in three.store.files())


def test_a_crash_after_the_database_is_repaired_too(
    three: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = three.write("a.csv", phone_days(three, 0))
    with monkeypatch.context() as broken:
        broken.setattr(Store, "mark_done", _crash)
        with pytest.raises(RuntimeError):
            three.ingest(path)
    before = three.everything()
    assert len(before[0]) == 2
    three.ingest(path)
    assert three.everything() == before


def test_a_crash_between_file_and_note_is_repaired(
    three: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = three.write("a.csv", phone_days(three, 0))
    with monkeypatch.context() as broken:
        broken.setattr(services, "record", _crash)
        with pytest.raises(RuntimeError):
            three.ingest(path)
    assert not IngestedFile.objects.exists()
    three.ingest(path)
    assert len(three.rows("staypoint")) == 2
    assert len({file.name for file in three.store.files()}) == len(three.store.files())


def _crash(*args: object, **kwargs: object) -> None:
    raise RuntimeError("the power went")


def test_bad_rows_are_named_and_the_rest_goes_in(three: Service) -> None:
    path = three.write("bad.csv", phone_days(three, 0, hours=10))
    good = len(path.read_text().splitlines()) - 1
    future = made.noon(three.yesterday, 24 * 5).strftime("%Y-%m-%dT%H:%M:%SZ")
    with path.open("a") as file:
        file.write(
            f"46000x,2026-01-01T00:00:00Z,{made.cgi(1, 3)},data\n"
            + f"{made.imsi(0)},yesterday,{made.cgi(1, 3)},data\n"
            + f"{made.imsi(0)},1795255200,{made.cgi(1, 3)},data\n"
            + f"{made.imsi(0)},{future},{made.cgi(1, 3)},data\n"
            + f"{made.imsi(0)},{made.noon(three.yesterday).isoformat()},nowhere,data\n"
            + f"{made.imsi(0)},too,few\n"
            + f"{made.imsi(0)},{made.noon(three.yesterday).isoformat()},460-00-1-1,data\n"
            + f"{made.imsi(0)},2020-01-01T00:00:00Z,{made.cgi(1, 3)},data\n"
            + f"{made.imsi(9)},{made.noon(three.yesterday).isoformat()},460-00-1-1,data\n"
        )
    report = three.ingest(path)
    assert report.stored == good + 1
    assert report.rows == good + 9
    assert report.left_out[NO_SUBSCRIBER] == 1
    assert report.unknown_cells == report.left_out["older than what is kept"] == 1
    assert report.reject_file is not None
    listed = [line.split(",") for line in report.reject_file.read_text().splitlines()[1:]]
    assert [(file, int(line) - good - 1) for file, line, _ in listed] == [
        (str(path), n) for n in range(1, 7)
    ]
    assert made.imsi(0) not in report.reject_file.read_text()
    assert report.reject_file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("kind", ["columns", "empty", "gzip", "parquet", "endings"])
def test_an_unreadable_file_leaves_nothing_and_stops_no_other(three: Service, kind: str) -> None:
    good = three.write("good.csv", phone_days(three, 0))
    bad = _unreadable(three, kind)
    report = three.ingest(bad, good)
    assert report.files == 1
    assert len(report.unreadable) == 1
    assert bad.name in report.unreadable[0]
    assert len(three.rows("staypoint")) == 2
    assert IngestedFile.objects.count() == 1
    assert list(three.store.staging.glob("*/*.parquet")) == []


def _unreadable(service: Service, kind: str) -> Path:
    path = service.folder / f"{kind}.csv"
    if kind == "columns":
        path.write_text("imsi,when\n1,2\n")
    elif kind == "empty":
        path.write_text("")
    elif kind == "gzip":
        whole = service.write("whole.csv.gz", phone_days(service, 1, hours=300)).read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
    elif kind == "endings":
        lines = service.write("whole.csv", phone_days(service, 1)).read_bytes().split(b"\n")
        path.write_bytes(b"\r\n".join(lines[:9]) + b"\n" + b"\n".join(lines[9:]))
    else:
        path.write_bytes(b"PAR1 and then nothing")
    return path


def test_nothing_behind_the_door_holds_an_imsi_or_a_number(three: Service) -> None:
    three.take(e for p in range(3) for e in phone_days(three, p))
    found = [path for path in three.store.root.rglob("*") if path.is_file()]
    assert any(EventFile(path).path.suffix == ".parquet" for path in found)
    for path in found:
        content = path.read_bytes()
        for phone in range(3):
            assert made.imsi(phone).encode() not in content
            assert made.msisdn(phone)[1:].encode() not in content
    assert all(path.stat().st_mode & 0o077 == 0 for path in three.store.root.rglob("*"))


def test_freshness_is_the_last_day_seen_to_its_end(three: Service) -> None:
    three.take(phone_days(three, 0))
    assert Feed.objects.get(name="events").data_through == three.yesterday
    three.forget()
    three.take(e for e in phone_days(three, 0) if e.at < made.noon(three.yesterday, 15))
    through = Feed.objects.get(name="events").data_through
    assert through == three.yesterday - timedelta(days=1)


def test_an_event_of_today_completes_no_day_before(three: Service) -> None:
    """It would hide an outage of yesterday afternoon."""
    midnight = made.noon(three.yesterday, 24)
    seen = [e for e in phone_days(three, 0) if e.at < midnight - timedelta(hours=9)]
    three.take([*seen, made.Event(made.imsi(0), midnight, made.cgi(1, 3))])
    through = Feed.objects.get(name="events").data_through
    assert through == three.yesterday - timedelta(days=1)
    three.take([made.Event(made.imsi(0), midnight - timedelta(hours=3), made.cgi(1, 3))])
    assert Feed.objects.get(name="events").data_through == three.yesterday


def test_without_a_day_seen_to_its_end_none_is_complete(three: Service) -> None:
    three.take([made.Event(made.imsi(0), made.noon(three.yesterday), made.cgi(1, 3))])
    assert Feed.objects.get(name="events").data_through is None


def test_ingest_cannot_read_what_it_wrote(three: Service) -> None:
    from django.db import DatabaseError, connection

    three.take(phone_days(three, 0))
    for table in ("staypoint", "coverage"):
        with pytest.raises(DatabaseError, match="permission denied"):
            connection.cursor().execute(f"SELECT * FROM signaling_{table}")
