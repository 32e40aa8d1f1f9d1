"""Erasing, purging, moving cells, waiting for each other; and many phones from end to end."""

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta

import duckdb
import psycopg
import pytest

from signaling import erasure, loading, locks, publication
from signaling.models import City
from signaling.store import Store
from tests.factories import signaling as made
from tests.integration.signaling.conftest import Service
from tests.integration.signaling.test_subscriptions import erase


def day_of(service: Service, phone: int, city: int = 1) -> list[made.Event]:
    end = made.noon(service.yesterday, 24)
    return made.events_of(phone, [made.Leg(city, end - timedelta(hours=30), end)])


def power_cut(*args: object, **kwargs: object) -> None:
    raise RuntimeError("the power went")


def stored_subscribers(store: Store) -> set[uuid.UUID]:
    found: set[uuid.UUID] = set()
    for file in store.files():
        rows = duckdb.execute("SELECT DISTINCT subscriber FROM read_parquet(?)", [str(file.path)])
        found.update(row[0] for row in rows.fetchall())
    return found


def test_erasure_leaves_no_event_and_no_file_brings_it_back(service: Service) -> None:
    service.subscribe(made.open_subscriptions(40))
    path = service.write("a.csv", [e for p in range(40) for e in day_of(service, p)])
    service.ingest(path)
    gone, others = service.reference(0), {service.reference(p) for p in range(1, 40)}
    erase(service, 0)
    before = service.everything()
    assert erasure.erase_pending() == 1
    assert stored_subscribers(service.store) == others
    assert erasure.erase_pending() == 0
    service.subscribe(made.open_subscriptions(40))
    service.ingest(path)
    assert stored_subscribers(service.store) == others
    assert service.everything() == before
    assert gone not in {row[1] for row in service.rows("staypoint")}


def test_what_an_erasure_overtakes_is_not_stored(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Erased between the door and the database: the events are there, the stay-points are not."""
    service.subscribe(made.open_subscriptions(2))
    with monkeypatch.context() as broken:
        broken.setattr(publication.Publisher, "publish", power_cut)
        with pytest.raises(RuntimeError):
            service.take([e for p in range(2) for e in day_of(service, p)])
    erase(service, 0)
    service.ingest()
    assert {row[1] for row in service.rows("staypoint")} == {service.reference(1)}


def test_runs_one_after_the_other_do_not_keep_an_erasure_out(service: Service) -> None:
    service.subscribe(made.open_subscriptions(2))
    service.take([e for p in range(2) for e in day_of(service, p)])
    erase(service, 0)
    service.ingest()
    assert stored_subscribers(service.store) == {service.reference(1)}
    assert erasure.erase_pending() == 0


def test_cells_that_move_to_another_city_take_their_stays_along(service: Service) -> None:
    service.subscribe(made.open_subscriptions(1))
    service.take(day_of(service, 0, city=1))
    path = service.folder / "moved.csv"
    lines = ["cgi,lon,lat,range_m,city_code"]
    lines += [f"{made.cgi(1, c)},101.0,30.0,1000,{made.code(4)}" for c in range(made.CELLS)]
    path.write_text("\n".join(lines) + "\n")
    assert loading.load_cells(paths=[path]).moved == made.CELLS
    service.ingest()
    assert {row[4] for row in service.rows("staypoint")} == {made.code(4)}


def test_a_later_row_without_a_city_takes_a_given_one_back(service: Service) -> None:
    path = service.folder / "given.csv"
    row = f"{made.cgi(1, 3)},101.0,30.0,1000"
    city = "SELECT given_code, city_code FROM read_parquet(?) WHERE cgi = ?"

    def known() -> tuple[object, ...] | None:
        return duckdb.execute(city, [str(service.store.cells), made.cgi(1, 3)]).fetchone()

    path.write_text(f"cgi,lon,lat,range_m,city_code\n{row},{made.code(4)}\n")
    loading.load_cells(paths=[path])
    assert known() == (made.code(4), made.code(4))
    path.write_text(f"cgi,lon,lat,range_m\n{row}\n")
    assert loading.load_cells(paths=[path]).moved == 1
    assert known() == (None, made.code(1))


def test_cells_outside_every_place_and_bad_rows_are_counted(service: Service) -> None:
    path = service.folder / "odd.csv"
    path.write_text(
        "cgi,lon,lat,range_m\n460-00-1-1,10,10,500\nx,100,30,500\n460-00-1-2,200,30,500\n"
        "460-00-1-3,100,30,-1\n"
    )
    done = loading.load_cells(paths=[path])
    assert (done.without_city, done.rejected.total()) == (1, 3)
    assert done.reject_file is not None
    assert len(done.reject_file.read_text().splitlines()) == 4


def test_opencellid_columns_are_read(service: Service) -> None:
    path = service.folder / "ocid.csv"
    path.write_text(
        "radio,mcc,net,area,cell,unit,lon,lat,range\nLTE,460,0,77,88,,101.0,30.0,900\n"
        "LTE,310,4,77,88,,101.0,30.0,900\n"
    )
    loading.load_cells(paths=[path])
    known = duckdb.execute(
        "SELECT cgi, city_code FROM read_parquet(?) WHERE cgi LIKE '%-77-88' ORDER BY 1",
        [str(service.store.cells)],
    ).fetchall()
    assert known == [("310-004-77-88", made.code(1)), ("460-00-77-88", made.code(1))]


def test_the_bundled_places_have_the_names_people_use(service: Service) -> None:
    loading.load_cities(path=None)
    names = dict(City.objects.values_list("code", "name"))
    chinese = dict(City.objects.values_list("code", "name_zh"))
    for code, name, name_zh in (
        ("110000", "Beijing", "北京"),
        ("310000", "Shanghai", "上海"),
        ("440100", "Guangzhou", "广州"),
        ("440300", "Shenzhen", "深圳"),
        ("420100", "Wuhan", "武汉"),
        ("510100", "Chengdu", "成都"),
        ("330100", "Hangzhou", "杭州"),
        ("320500", "Suzhou", "苏州"),
        ("441900", "Dongguan", "东莞"),
        ("440600", "Foshan", "佛山"),
        ("TH-1609350", "Bangkok", "曼谷"),
        ("JP-1850147", "Tokyo", "东京"),
        ("SG", "Singapore", "新加坡"),
    ):
        assert (names[code], chinese[code]) == (name, name_zh)


def test_a_second_run_waits_for_the_first(
    service: Service, connect_as: Callable[[str], psycopg.Connection]
) -> None:
    other = connect_as("ingest")
    other.execute("SELECT pg_advisory_lock(%s)", [locks.LOCK])
    with pytest.raises(locks.StoreIsBusyError), locks.store_lock(patience=0):
        pass
    waiting = threading.Event()

    def release() -> None:
        waiting.wait(30)
        other.execute("SELECT pg_advisory_unlock(%s)", [locks.LOCK])

    thread = threading.Thread(target=release)
    thread.start()
    with locks.store_lock(patience=30, waiting=waiting.set):
        assert waiting.is_set()
    thread.join()


def test_many_phones_from_end_to_end(service: Service) -> None:
    """Homes and trips come out; a home at a border is never another city alone."""
    phones, last = 200, service.yesterday
    service.subscribe(made.open_subscriptions(phones))
    legs = {p: made.fortnight(p, last) for p in range(phones)}
    events = [e for p in range(phones) for e in made.events_of(p, legs[p], minutes=30)]
    half = len(events) // 2
    service.take(events[half:])
    service.take(events[: half + 1000])
    person = {service.reference(p): p for p in range(phones)}
    seen: dict[int, set[str]] = {p: set() for p in range(phones)}
    for row in service.rows("staypoint"):
        if row[7] - row[6] >= timedelta(hours=4):
            seen[person[row[1]]].update(code for code in (row[4], row[5]) if code)
    for phone, where in legs.items():
        assert seen[phone] >= {made.code(leg.city) for leg in where}
        extra = seen[phone] - {made.code(leg.city) for leg in where}
        assert not extra or where[0].border
    wrong = sum(bool(seen[p] - {made.code(leg.city) for leg in legs[p]}) for p in legs)
    assert wrong <= phones // 100
