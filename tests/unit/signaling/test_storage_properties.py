"""However the same events lie in files, the same pieces come out of them."""

import random
import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import clock
from signaling import event_files, publication, rule, tidying
from signaling.publication import Days, Publisher, Todo
from signaling.store import Store

ZONE = ZoneInfo("Europe/Berlin")
FIRST = date(2026, 10, 23)  # clocks go back on the 25th
DAYS = 5
PHONES = [uuid.UUID(int=n) for n in range(1, 4)]
CELLS = {1: ("A", None), 2: ("A", "B"), 3: ("B", "A"), 4: ("B", None), 5: ("C", None)}
Event = tuple[int, int, int]  # phone, minutes since the beginning, cell

# A phone hops between a few cells, in bursts of minutes and with silences of hours.
hops = st.lists(
    st.tuples(
        st.integers(0, len(PHONES) - 1),
        st.one_of(st.integers(0, 40), st.integers(0, 30 * 60)),
        st.sampled_from([1, 1, 1, 2, 3, 4, 5, -262]),
    ),
    min_size=1,
    max_size=120,
)


def events_of(steps: Sequence[tuple[int, int, int]]) -> list[Event]:
    clocks, found = [0] * len(PHONES), []
    for phone, minutes, cell in steps:
        clocks[phone] += minutes
        if clocks[phone] < (DAYS - 1) * 24 * 60:
            found.append((phone, clocks[phone], cell))
    return found


def store_at(root: Path) -> Store:
    where = Store(root)
    where.prepare()
    con = duckdb.connect()
    con.execute(
        "CREATE TABLE cells (cell INTEGER, cgi TEXT, lon DOUBLE, lat DOUBLE, range_m DOUBLE,"
        " given_code TEXT, city_code TEXT, alt_city_code TEXT)"
    )
    con.executemany(
        "INSERT INTO cells VALUES (?, ?, ?, 50, 1000, NULL, ?, ?)",
        [
            [n, f"262-01-1-{n}", 8 + ord(city) / 100, city, other]
            for n, (city, other) in CELLS.items()
        ],
    )
    con.execute(f"COPY cells TO '{where.cells}' (FORMAT parquet)")
    return where


@pytest.fixture(scope="module")
def start() -> datetime:
    return clock.start_of_day(FIRST, ZONE).astimezone(UTC)


def add(where: Store, events: Sequence[Event], start: datetime) -> None:
    """One file for each day, as the door makes them."""
    con = duckdb.connect()
    by_day: dict[date, list[str]] = {}
    for phone, minutes, cell in events:
        at = start + timedelta(minutes=minutes)
        row = f"('{PHONES[phone]}'::UUID, {int(at.timestamp() * 1000)}::BIGINT, {cell}::INTEGER)"
        by_day.setdefault(clock.local_day(at, ZONE), []).append(row)
    for day, rows in by_day.items():
        made = where.staging / "made.parquet"
        listed = f"FROM (VALUES {', '.join(rows)}) v (subscriber, t, cell)"
        name = event_files.write(con, listed, made)
        where.add(made, day=day, bucket=0, name=name)


def compiled(where: Store) -> tuple[list[tuple[object, ...]], ...]:
    """Everybody's pieces and state."""
    shown = Days(FIRST + timedelta(days=1), FIRST + timedelta(days=DAYS), ZONE)
    with Publisher(where, shown, rule.Parameters()) as publisher:
        found: tuple[list[tuple[object, ...]], ...] = ([], [])
        for number in range(publisher.find_affected(Todo(0, where.files(), None, everybody=True))):
            publisher.compile_slice(number)
            for rows, table in zip(found, ("pieces", "state"), strict=True):
                rows += publisher.con.execute(f"FROM {table}").fetchall()
    return tuple(sorted(rows, key=str) for rows in found)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=hops, seed=st.integers(0, 10**6))
def test_files_cut_merged_and_sketched_anyhow_say_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    start: datetime,
    steps: list[tuple[int, int, int]],
    seed: int,
) -> None:
    events, dice = events_of(steps), random.Random(seed)
    whole = store_at(tmp_path_factory.mktemp("whole"))
    parts = store_at(tmp_path_factory.mktemp("parts"))
    add(whole, events, start)
    for _ in range(3):
        add(parts, [event for event in events if dice.random() < 0.5], start)
    dice.shuffle(events)
    add(parts, events, start)
    parts.mark_done(parts.files())
    shown = Days(FIRST + timedelta(days=1), FIRST + timedelta(days=DAYS), ZONE)
    sealed = [FIRST + timedelta(days=n) for n in range(DAYS) if dice.random() < 0.6]
    with Publisher(parts, shown, rule.Parameters()) as publisher:
        tidying.tidy(publisher, [])
        tidying.tidy(publisher, sealed)
    assert all(file.is_sketch == (file.day in sealed) for file in parts.files())
    assert compiled(parts) == compiled(whole)


def test_a_day_of_25_hours_has_25_and_one_of_23_has_23(tmp_path: Path) -> None:
    for name, day, hours in (("back", date(2026, 10, 25), 25), ("on", date(2026, 3, 29), 23)):
        where = store_at(tmp_path / name)
        start = clock.start_of_day(day, ZONE)
        con = duckdb.connect()
        rows = ", ".join(
            f"('{PHONES[0]}'::UUID, {int(start.timestamp() * 1000) + n * 900_000}::BIGINT, 1)"
            for n in range(hours * 4)
        )
        made = where.staging / "made.parquet"
        where.add(
            made,
            day=day,
            bucket=0,
            name=event_files.write(con, f"FROM (VALUES {rows}) v (subscriber, t, cell)", made),
        )
        with Publisher(where, Days(day, day, ZONE), rule.Parameters()) as publisher:
            publisher.find_affected(Todo(0, where.files(), None, everybody=True))
            publisher.compile_slice(0)
            seen = publisher.con.execute("SELECT hours FROM state").fetchall()
            [piece] = publisher.con.execute("SELECT start_ms, end_ms FROM pieces").fetchall()
        assert seen == [((1 << hours) - 1,)]
        assert piece[1] - piece[0] == (hours * 4 - 1) * 900_000


def test_slices_of_a_bucket_are_compiled_like_the_whole(
    tmp_path: Path, start: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = store_at(tmp_path)
    dice = random.Random(1)
    events = events_of([(dice.randrange(3), dice.randrange(90), 1 + n % 5) for n in range(200)])
    add(where, events, start)
    whole = compiled(where)
    monkeypatch.setattr(publication, "ROWS_AT_ONCE", 80)
    assert compiled(where) == whole
