"""Files as an operator would deliver them, and the truth behind them, made once and kept."""

import json
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Final
from zoneinfo import ZoneInfo

import duckdb
import numpy as np

from bench.signaling.people import DAY, EVENTS_PER_DAY, Noted, Stays, live, note
from bench.signaling.world import World, cgi_sql, make_world, write_places

ZONE: Final = ZoneInfo("Asia/Shanghai")
AT_ONCE: Final = 2_000_000  # events made at a time
LARGEST_FILE: Final = 8_000_000  # events; a busier day is delivered by the hour
EVENT: Final = np.dtype([("t", "i8"), ("arrival", "i8"), ("person", "i4"), ("cell", "i4")])
VERSION: Final = 2


@dataclass(frozen=True)
class Size:
    """What to make. `end` is the last local day."""

    people: int
    days: int
    end: date = date(2026, 11, 21)
    seed: int = 5

    @property
    def name(self) -> str:
        return f"v{VERSION}-{self.people}x{self.days}-{self.end:%Y%m%d}-{self.seed}"


@dataclass(frozen=True)
class Data:
    """The files of one size."""

    folder: Path

    @property
    def events(self) -> list[Path]:
        return sorted((self.folder / "events").glob("*.parquet"))

    @property
    def cells(self) -> Path:
        return self.folder / "cells.parquet"

    @property
    def places(self) -> Path:
        return self.folder / "places.geojson.gz"

    @property
    def truth(self) -> Path:
        return self.folder / "truth.parquet"

    @property
    def count(self) -> int:
        return int(json.loads((self.folder / "made.json").read_text())["events"])


def imsi_sql(person: str) -> str:
    return f"concat('46000', lpad(CAST({person} AS TEXT), 10, '0'))"


def make(parent: Path, size: Size, world: World | None = None) -> Data:
    """The data of this size, made unless they are there already."""
    data = Data(parent / size.name)
    if (data.folder / "made.json").exists():
        return data
    began = time.monotonic()
    unfinished = parent / f"{size.name}.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    (unfinished / "events").mkdir(parents=True)
    maker = _Maker(unfinished, size, world or make_world(size.seed))
    events = maker.run()
    made = {**asdict(size), "end": str(size.end), "events": events}
    made["seconds"] = round(time.monotonic() - began, 1)
    (unfinished / "made.json").write_text(json.dumps(made))
    unfinished.rename(data.folder)
    return data


class _Maker:
    def __init__(self, folder: Path, size: Size, world: World) -> None:
        self.folder, self.size, self.world = folder, size, world
        midnight = datetime.combine(size.end - timedelta(days=size.days - 1), datetime.min.time())
        self.zero = int(midnight.replace(tzinfo=ZONE).astimezone(UTC).timestamp() * 1000)
        by_hour = size.people * EVENTS_PER_DAY > LARGEST_FILE
        self.slice = DAY // 24 if by_hour else DAY
        self.con = duckdb.connect()
        self.con.execute("SET TimeZone = 'UTC'")

    def run(self) -> int:
        self._write_cells()
        slices = self.size.days * DAY // self.slice
        parts = [self.folder / f"slice-{n}" for n in range(slices)]
        files = [part.open("wb") for part in parts]
        for number, (first, people) in enumerate(self._groups()):
            dice = np.random.default_rng([self.size.seed, 2, number])
            stays = live(self.world, dice, people, self.size.days)
            self._keep_truth(stays, first)
            self._append(files, note(self.world, dice, stays, people, self.size.days), first)
        for file in files:
            file.close()
        self.con.execute(f"COPY truth TO '{self.folder}/truth.parquet'")
        return sum(self._deliver(n, part) for n, part in enumerate(parts))

    def _groups(self) -> Iterator[tuple[int, int]]:
        step = max(AT_ONCE // (EVENTS_PER_DAY * self.size.days), 1)
        for first in range(0, self.size.people, step):
            yield first, min(step, self.size.people - first)

    def _append(self, files: Sequence[BinaryIO], noted: Noted, first: int) -> None:
        rows = np.empty(len(noted.t), dtype=EVENT)
        rows["t"], rows["arrival"] = noted.t, noted.arrival
        rows["person"], rows["cell"] = noted.person + first, noted.cell
        nth = noted.t // self.slice
        order = np.argsort(nth, kind="stable")
        bounds = np.searchsorted(nth[order], np.arange(len(files) + 1))
        rows = rows[order]
        for n, file in enumerate(files):
            rows[bounds[n] : bounds[n + 1]].tofile(file)

    def _deliver(self, number: int, part: Path) -> int:
        """One file, in the order of arrival."""
        rows = np.fromfile(part, dtype=EVENT)
        part.unlink()
        rows = rows[np.argsort(rows["arrival"], kind="stable")]
        columns = {name: np.ascontiguousarray(rows[name]) for name in ("t", "person", "cell")}
        self.con.register("part", columns)
        self.con.execute(
            f"""COPY (
                SELECT {imsi_sql("person")} AS imsi,
                       CAST(make_timestamp_ms({self.zero} + t) AS TIMESTAMPTZ) AS timestamp,
                       {cgi_sql("cell")} AS cgi,
                       (['data', 'data', 'tau', 'handover', 'periodic', 'call', 'sms', 'attach']
                       )[1 + t % 8] AS event_type
                FROM part
            ) TO '{self.folder}/events/part-{number:04d}.parquet' (FORMAT parquet)"""
        )
        self.con.unregister("part")
        return len(rows)

    def _keep_truth(self, stays: Stays, first: int) -> None:
        """One row for each dwell in one city, cut at the ends of the data."""
        city = self.world.city[stays.address]
        inside = stays.end > 0
        person, city = stays.person[inside], city[inside]
        start, end = np.maximum(stays.start[inside], 0), stays.end[inside]
        new = np.append(True, (person[1:] != person[:-1]) | (city[1:] != city[:-1]))
        begins = np.flatnonzero(new)
        ends = np.append(begins[1:], len(person)) - 1
        border = np.isin(stays.address[inside], self.world.border)
        self.con.register(
            "dwells",
            {
                "person": person[begins] + first,
                "city": city[begins],
                "start_ms": self.zero + start[begins],
                "end_ms": self.zero + np.minimum(end[ends], self.size.days * DAY),
                "border": np.logical_or.reduceat(border, begins),
            },
        )
        select = f"""SELECT {imsi_sql("person")} AS imsi, code AS city_code,
            start_ms, end_ms, border FROM dwells JOIN codes USING (city) WHERE start_ms < end_ms"""
        known = self.con.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'truth'")
        is_first = known.fetchone() is None
        self.con.execute(
            f"CREATE TABLE truth AS {select}" if is_first else f"INSERT INTO truth {select}"
        )
        self.con.unregister("dwells")

    def _write_cells(self) -> None:
        write_places(self.world, self.folder / "places.geojson.gz")
        codes = np.array([place.code for place in self.world.places], dtype=object)
        self.con.register("code_list", {"city": np.arange(len(codes)), "code": codes})
        self.con.execute("CREATE TABLE codes AS FROM code_list")
        self.con.register(
            "sites",
            {
                "cell": np.arange(len(self.world.cell_lon)),
                "lon": self.world.cell_lon.round(6),
                "lat": self.world.cell_lat.round(6),
                "range_m": self.world.cell_range.round(),
            },
        )
        self.con.execute(
            f"""COPY (SELECT {cgi_sql("cell")} AS cgi, lon, lat, range_m FROM sites)
            TO '{self.folder}/cells.parquet' (FORMAT parquet)"""
        )
        self.con.unregister("sites")
