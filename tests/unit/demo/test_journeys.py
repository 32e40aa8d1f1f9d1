"""The demo's journeys: true places, the same every time, and what the rule makes of them."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demo import expected, fortnight, journeys, load
from demo.people import PEOPLE
from demo.places import PLACES
from signaling.files import compile_files
from signaling.geography import BUNDLED, read_places
from signaling.rule import Parameters
from travel.days import by_place
from travel.itinerary import Place, StayPoint, compile_itinerary
from travel.window import Window

FIRST_START = date(2026, 3, 10)
dates = st.integers(0, 400).map(lambda days: FIRST_START + timedelta(days=days))


def test_every_place_is_called_as_in_the_gazetteer() -> None:
    named = {place.code: place for place in read_places(BUNDLED)}
    for place in PLACES:
        assert (named[place.code].name, named[place.code].name_zh) == (place.en, place.zh)


def test_numbers_and_imsis_are_invented_and_each_is_one_persons() -> None:
    numbers = [person.number for person in PEOPLE]
    imsis = [sim.imsi for person in PEOPLE for sim in person.sims]
    assert len(set(numbers)) == len(numbers)
    assert len(set(imsis)) == len(imsis)
    assert all(number.startswith("+86154") and len(number) == 14 for number in numbers)
    assert all(len(imsi) == 15 for imsi in imsis)


@settings(max_examples=30)
@given(today=dates)
def test_a_journey_tells_its_story_on_every_day(today: date) -> None:
    """However long the demo runs, everybody has visits, and only the days off are without data."""
    for person in PEOPLE:
        told = expected.answer(person, today, FIRST_START)
        assert bool(told.visits) == bool(person.sims)
        assert set(told.days_with_data) <= set(fortnight.window(today))


@settings(max_examples=10)
@given(today=dates)
def test_the_same_day_gives_the_same_events(today: date) -> None:
    made = journeys.events(today, FIRST_START)
    assert made == journeys.events(today, FIRST_START)
    begins = fortnight.midnight(today)
    assert all(begins <= event.at < begins + timedelta(days=1) for event in made)


@pytest.mark.parametrize("later", [0, 9])
def test_the_rule_finds_in_the_events_what_the_stories_say(tmp_path: Path, later: int) -> None:
    """From the demo's files through the published rule to itineraries: the expected visits."""
    today = FIRST_START + timedelta(days=later)
    load.write_files(tmp_path, FIRST_START, today)
    compile_files(
        event_files=sorted((tmp_path / "events").iterdir()),
        cell_files=[tmp_path / "cells.csv"],
        places=read_places(BUNDLED),
        out=tmp_path / "out",
        parameters=Parameters(),
    )
    stays = stays_by_imsi(tmp_path / "out")
    window = Window.before(
        datetime.combine(today, datetime.min.time(), ZoneInfo("Asia/Shanghai")).astimezone(UTC)
        + timedelta(hours=3),
        days=14,
        zone=ZoneInfo("Asia/Shanghai"),
    )
    for person in PEOPLE:
        for sim in person.sims[-1:]:
            visits = compile_itinerary(stays[sim.imsi], (), window).visits
            found = [
                (visited.place, [(r.first, r.last) for r in visited.ranges])
                for visited in by_place(visits)
            ]
            told = expected.answer(person, today, FIRST_START)
            assert found == [
                (Place.of(place.code, place.beyond.code if place.beyond else None), ranges(days))
                for place, days in told.visits
            ], person.key


def stays_by_imsi(folder: Path) -> dict[str, list[StayPoint]]:
    with duckdb.connect(":memory:") as con:
        con.execute("SET TimeZone = 'UTC'")
        rows = con.execute(
            'SELECT imsi, city_code, alt_city_code, epoch_ms(start), epoch_ms("end")'
            f" FROM read_parquet('{folder}/stays-*.parquet')"
        ).fetchall()
    stays: dict[str, list[StayPoint]] = defaultdict(list)
    for imsi, city, other, start, end in rows:
        span = (datetime.fromtimestamp(ms / 1000, UTC) for ms in (start, end))
        stays[imsi].append(StayPoint(Place.of(city, other), *span))
    return stays


def ranges(days: tuple[date, ...]) -> list[tuple[date, date]]:
    found: list[tuple[date, date]] = []
    for day in days:
        if found and day - found[-1][1] == timedelta(days=1):
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found


def test_a_new_day_adds_its_file_and_the_oldest_goes(tmp_path: Path) -> None:
    load.write_files(tmp_path, FIRST_START, FIRST_START)
    before = {path.name: path.read_bytes() for path in (tmp_path / "events").iterdir()}
    load.write_files(tmp_path, FIRST_START, FIRST_START + timedelta(days=1))
    after = {path.name: path.read_bytes() for path in (tmp_path / "events").iterdir()}
    assert after.keys() - before.keys() == {f"{FIRST_START}.csv.gz"}
    assert before.keys() - after.keys() == {f"{FIRST_START - timedelta(days=14)}.csv.gz"}
    assert all(after[name] == before[name] for name in after.keys() & before.keys())
