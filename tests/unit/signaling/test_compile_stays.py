"""`manage.py compile_stays`: files in, files out, and no database."""

import gzip
import io
import os
import random
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signaling import files, reading, rule
from signaling.geography import read_places
from tests.factories import signaling as made
from tests.unit.signaling.test_rule_properties import GAPS, START

FIRST, LAST = date(2026, 11, 8), date(2026, 11, 21)
SCHEMA = [
    ("imsi", "VARCHAR"),
    ("city_code", "VARCHAR"),
    ("start", "TIMESTAMP WITH TIME ZONE"),
    ("end", "TIMESTAMP WITH TIME ZONE"),
    ("kind", "VARCHAR"),
    ("alt_city_code", "VARCHAR"),
]
ROOT = Path(__file__).parents[3]


@pytest.fixture
def land(tmp_path: Path) -> dict[str, Path]:
    return {
        "cells": made.write_cells(tmp_path / "cells.csv"),
        "cities": made.write_cities(tmp_path / "cities.geojson"),
        "out": tmp_path / "out",
    }


def compile_stays(land: dict[str, Path], *paths: Path, **options: Any) -> str:
    said = io.StringIO()
    call_command(
        "compile_stays",
        events=[str(path) for path in paths],
        cells=[land["cells"]],
        cities=land["cities"],
        out=str(land["out"]),
        stdout=said,
        **options,
    )
    return said.getvalue()


def stays(out: Path) -> list[tuple[Any, ...]]:
    return duckdb.execute(
        f"""SELECT imsi, city_code, epoch_ms("start"), epoch_ms("end"), kind, alt_city_code
        FROM read_parquet('{out}/stays-*.parquet') ORDER BY ALL"""
    ).fetchall()


def journeys(folder: Path, phones: int = 12, names: Sequence[str] = ("a.csv", "b.csv.gz")) -> Path:
    folder.mkdir()
    found = [
        event
        for phone in range(phones)
        for event in made.events_of(phone, made.fortnight(phone, LAST))
    ]
    found.sort(key=lambda event: event.at)
    size = -(-len(found) // len(names))
    for n, name in enumerate(names):
        made.write_events(folder / name, found[n * size : (n + 1) * size])
    return folder


def test_a_folder_becomes_stays(land: dict[str, Path], tmp_path: Path) -> None:
    said = compile_stays(land, journeys(tmp_path / "in"))
    assert f"rule {rule.VERSION}" in said
    assert "rejected" not in said
    rows = stays(land["out"])
    assert {row[0] for row in rows} == {made.imsi(phone) for phone in range(12)}
    assert {row[4] for row in rows} <= {"stay", "border", "transit"}
    assert all(low < high for _, _, low, high, *_ in rows)
    assert all((kind == "border") <= (alt is not None) for *_, kind, alt in rows)
    described = duckdb.execute(f"DESCRIBE FROM read_parquet('{land['out']}/*.parquet')").fetchall()
    assert [(name, kind) for name, kind, *_ in described] == SCHEMA
    assert [path.name for path in land["out"].iterdir()] == ["stays-0000.parquet"]


def test_what_is_written_is_for_its_user_alone(land: dict[str, Path], tmp_path: Path) -> None:
    folder = journeys(tmp_path / "in", 1, ["a.csv"])
    with (folder / "a.csv").open("a") as file:
        file.write("12,2026-11-08T10:00:00Z,460-00-1-1,data\n")
    before = os.umask(0o022)
    try:
        compile_stays(land, folder)
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in land["out"].iterdir()}
    assert modes == {"rejects.csv": 0o600, "stays-0000.parquet": 0o600}
    assert land["out"].stat().st_mode & 0o777 == 0o700


def test_without_service_or_database(land: dict[str, Path], tmp_path: Path) -> None:
    land["out"].mkdir()
    done = subprocess.run(
        [
            *(sys.executable, str(ROOT / "manage.py"), "compile_stays"),
            *("--events", str(journeys(tmp_path / "in", 2)), "--cells", str(land["cells"])),
            *("--cities", str(land["cities"]), "--out", str(land["out"])),
        ],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert stays(land["out"])


def test_bad_rows_are_counted_and_named(land: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    good = f"46000000000001,2026-11-08T10:00:00Z,{made.cgi(1, 1)},data"
    path.write_text(
        "imsi,timestamp,cgi,event_type\n"
        f"{good}\n12,2026-11-08T10:00:00Z,{made.cgi(1, 1)},data\n{good}\n"
        f"46000000000001,1794132001,{made.cgi(1, 1)},data\n"
        f"46000000000001,1794132001000,{made.cgi(1, 1)},data\n46000000000001,2\n"
    )
    said = compile_stays(land, path)
    assert "5 events" in said
    assert "1 rejected: imsi is not 6 to 15 digits" in said
    assert "1 rejected: timestamp is not in milliseconds" in said
    assert "1 rejected: line has fewer columns than the header" in said
    named = (land["out"] / files.REJECTS).read_text().splitlines()
    assert [line.split(",")[1] for line in named] == ["3", "5", "7"]
    assert "46000000000001" not in "".join(named)


def test_many_bad_rows_are_all_counted(
    land: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_NAMED", 2)
    path = tmp_path / "events.csv"
    path.write_text("imsi,timestamp,cgi\n" + f"1,2026-11-08T10:00:00Z,{made.cgi(1, 1)}\n" * 9)
    assert "9 rejected" in compile_stays(land, path)
    assert len((land["out"] / files.REJECTS).read_text().splitlines()) == 2


PARQUET = b"PAR1" + b"\0" * 40


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("events.csv", b"", "empty"),
        ("events.csv", b"imsi,when,cgi\n1,2,3\n", "missing column"),
        (
            "events.csv.gz",
            gzip.compress(b"imsi,timestamp,cgi\n" * 999, mtime=0)[:-9],
            "damaged or cut",
        ),
        ("events.parquet", PARQUET, "not a whole Parquet file"),
        ("events.txt", b"", r"no \.csv"),
    ],
)
def test_a_bad_file_leaves_nothing_half_made(
    land: dict[str, Path], tmp_path: Path, name: str, content: bytes, complaint: str
) -> None:
    folder = journeys(tmp_path / "in", 1)
    (folder / name).write_bytes(content)
    path = folder if name != "events.txt" else tmp_path / "in2"
    if name == "events.txt":
        path.mkdir()
    with pytest.raises(CommandError, match=complaint):
        compile_stays(land, path)
    assert not land["out"].exists() or not any(land["out"].iterdir())


def test_a_parquet_file_damaged_within_is_named(land: dict[str, Path], tmp_path: Path) -> None:
    whole, path = tmp_path / "a.parquet", tmp_path / "b.parquet"
    rows = f"SELECT '46000000000001' AS imsi, t AS \"timestamp\", '{made.cgi(1, 1)}' AS cgi"
    moments = "range(1794132001000, 1794232001000, 1000) r(t)"
    duckdb.execute(f"COPY ({rows} FROM {moments}) TO '{whole}' (FORMAT parquet)")
    content = bytearray(whole.read_bytes())
    content[8:400] = b"\xff" * 392
    path.write_bytes(content)
    with pytest.raises(CommandError, match=r"b\.parquet: damaged"):
        compile_stays(land, whole, path)
    assert not any(land["out"].iterdir())


def test_the_folder_must_be_empty(land: dict[str, Path], tmp_path: Path) -> None:
    folder = journeys(tmp_path / "in", 1)
    compile_stays(land, folder)
    before = stays(land["out"])
    with pytest.raises(CommandError, match="must be empty"):
        compile_stays(land, folder)
    assert stays(land["out"]) == before


def test_what_only_spark_can(land: dict[str, Path], tmp_path: Path) -> None:
    folder = journeys(tmp_path / "in", 1)
    with pytest.raises(CommandError, match="belongs to --engine spark"):
        compile_stays(land, folder, master="local[2]")
    for option in ("events", "out"):
        options: dict[str, Any] = {"events": [str(folder)], "out": str(land["out"])}
        options[option] = ["s3a://bucket/in"] if option == "events" else "s3a://bucket/out"
        with pytest.raises(CommandError, match="use --engine spark"):
            call_command("compile_stays", cells=[land["cells"]], **options)


def test_without_pyspark_it_says_what_to_install(
    land: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [*sys.modules]:
        if name.startswith(("pyspark", "signaling.spark")):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(CommandError, match=r"requirements-spark\.txt"):
        compile_stays(land, journeys(tmp_path / "in", 1), engine="spark")


HEARD = st.one_of(
    st.tuples(st.integers(0, 2), st.integers(0, made.CELLS - 1)).map(lambda c: made.cgi(*c)),
    st.sampled_from(["460-00-7-7", "262-01-7-7", "999-99-7-7"]),  # cells that are in no list
)
TRACKS = st.lists(st.lists(st.tuples(GAPS, HEARD), max_size=30), min_size=1, max_size=6)


@given(TRACKS, st.randoms(use_true_random=False))
@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_pieces_and_parts_make_no_difference(
    tmp_path_factory: pytest.TempPathFactory,
    tracks: list[list[tuple[int, str]]],
    dice: random.Random,
) -> None:
    """Read at once in one file, or in pieces that tear every block: the rows are the same."""
    folder = tmp_path_factory.mktemp("pieces")
    rows = []
    for phone, steps in enumerate(tracks):
        t = START
        for gap, cgi in steps:
            t += gap
            rows.append(f"{'0' * (phone % 2)}46000{phone:06},{t},{cgi}")
    dice.shuffle(rows)
    country: dict[str, Any] = {
        "cell_files": [made.write_cells(folder / "cells.csv", 3)],
        "places": read_places(made.write_cities(folder / "cities.geojson", 3)),
        "parameters": rule.Parameters(),
    }
    parts = [rows[n::3] for n in range(3)]
    paths = [folder / f"{n}.csv" for n in range(3)]
    for path, lines in zip([*paths, folder / "all.csv"], [*parts, rows], strict=True):
        path.write_text("\n".join(["imsi,timestamp,cgi", *lines, ""]))
    duckdb.execute(
        f"""COPY (FROM read_csv('{paths[0]}', all_varchar = true, header = true))
        TO '{folder}/0.parquet' (FORMAT parquet)"""
    )
    whole = files.compile_files(event_files=[folder / "all.csv"], out=folder / "one", **country)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "ROWS_AT_ONCE", 1)
        patch.setattr(files, "SIGHTINGS_AT_ONCE", 5)
        pieces = files.compile_files(
            event_files=[folder / "0.parquet", *paths[1:]], out=folder / "many", **country
        )
    assert pieces == whole
    assert stays(folder / "many") == stays(folder / "one")
