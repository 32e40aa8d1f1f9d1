"""DuckDB and Spark give the same rows from the same files, and judge the same rows bad."""

import csv
import gzip
import random
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from signaling import files, rule
from signaling.geography import read_places
from signaling.reading import UnreadableFileError
from tests.factories import signaling as made
from tests.unit.signaling.test_moments import MOMENTS, NO_MOMENTS
from tests.unit.signaling.test_rule_properties import GAPS, START

pyspark = pytest.importorskip("pyspark", reason="pyspark is not installed")
if shutil.which("java") is None:
    pytest.skip("there is no Java for Spark", allow_module_level=True)

from signaling.spark import engine, session  # noqa: E402

pytestmark = pytest.mark.xdist_group("spark")
CITIES = 4
PEOPLE = 40
OUTSIDE = "460-00-7-7"  # a cell that is in no list
HEARD = st.one_of(
    st.tuples(st.integers(0, CITIES - 1), st.integers(0, made.CELLS - 1)).map(
        lambda where: made.cgi(*where)
    ),
    st.just(OUTSIDE),
)
TRACKS = st.lists(
    st.lists(st.tuples(GAPS, HEARD), min_size=1, max_size=25), min_size=PEOPLE, max_size=PEOPLE
)
Row = tuple[str, int, str]  # imsi, t, cgi


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    """Quick for a handful of rows: nothing is compiled to machine code that runs once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        with session.spark_session("local[2]") as started:
            started.conf.set("spark.sql.shuffle.partitions", "2")
            started.conf.set("spark.sql.codegen.wholeStage", "false")
            started.conf.set("spark.sql.codegen.factoryMode", "NO_CODEGEN")
            yield started


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("country")
    return {
        "cell_files": [made.write_cells(folder / "cells.csv", CITIES)],
        "places": read_places(made.write_cities(folder / "cities.geojson", CITIES)),
        "parameters": rule.Parameters(),
    }


def iso(t: int, digits: int = 3) -> str:
    return f"{datetime.fromtimestamp(t / 1000, UTC):%Y-%m-%dT%H:%M:%S}.{t % 1000:03d}"[
        : 20 + digits
    ]


def write(path: Path, rows: list[Row]) -> Path:
    """Moments in each of the ways that a file may give them."""
    if path.suffix == ".parquet":
        con = duckdb.connect()
        con.execute("CREATE TABLE e (imsi TEXT, t BIGINT, cgi TEXT)")
        con.executemany("INSERT INTO e VALUES (?, ?, ?)", rows)
        moment = {"i": "t", "n": "make_timestamp_ms(t)"}.get(
            path.stem[0], "CAST(make_timestamp_ms(t) AS TIMESTAMPTZ)"
        )
        con.execute("SET TimeZone = 'UTC'")
        con.execute(
            f"""COPY (SELECT imsi, {moment} AS "timestamp", cgi, 'data' AS event_type FROM e)
            TO '{path}' (FORMAT parquet)"""
        )
        return path
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "wt", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["imsi", "timestamp", "cgi", "event_type"])
        for n, (imsi, t, cgi) in enumerate(rows):
            moment = (iso(t) + "Z", iso(t), str(t), iso(t + 28_800_000) + "+08:00")[n % 4]
            writer.writerow([imsi, moment, cgi, "data"])
    return path


def both(country: dict[str, Any], paths: list[Path], out: Path) -> files.Summary:
    """Compile on both engines; what the two say and write must be the same."""
    on_duckdb = files.compile_files(event_files=paths, out=out / "duckdb", **country)
    on_spark = engine.compile_files(
        event_files=[str(path) for path in paths],
        out=str(out / "spark"),
        master="local[2]",
        **country,
    )
    assert on_spark == on_duckdb
    one, other = (f"read_parquet('{out}/{name}/stays-*.parquet')" for name in ("duckdb", "spark"))
    con = duckdb.connect()
    described = [con.execute(f"DESCRIBE FROM {rows}").fetchall() for rows in (one, other)]
    assert described[0] == described[1]
    differing = con.execute(
        f"""SELECT (SELECT count(*) FROM (FROM {one} EXCEPT ALL FROM {other})),
                   (SELECT count(*) FROM (FROM {other} EXCEPT ALL FROM {one}))"""
    ).fetchone()
    assert differing == (0, 0)
    assert not (out / "spark" / ".work").exists()
    return on_spark


@given(TRACKS, st.randoms(use_true_random=False))
@settings(
    max_examples=1,  # one run of so many people tells as much as many runs, each of one
    deadline=None,
    phases=[Phase.generate],  # a run takes seconds: none is spent on making it smaller
    suppress_health_check=list(HealthCheck),
)
def test_same_rows_in_any_order_of_arrival(
    spark: Any,
    country: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
    tracks: list[list[tuple[int, str]]],
    dice: random.Random,
) -> None:
    assume(len({len(steps) for steps in tracks}) > 5)  # hypothesis begins with the simplest
    folder = tmp_path_factory.mktemp("files")
    rows: list[Row] = []
    for phone, steps in enumerate(tracks):
        t = START
        for gap, cgi in steps:
            t += gap
            rows.append((("0" if phone % 5 == 0 else "46") + str(10**8 + phone), t, cgi))
    rows += dice.sample(rows, len(rows) // 3)
    dice.shuffle(rows)
    names = ["a b.csv", "day=1[0].csv.gz", "z.parquet", "i.parquet", "n.parquet"]
    paths = [write(folder / name, rows[n :: len(names)]) for n, name in enumerate(names)]
    summary = both(country, paths, folder / "out")
    assert summary.events == len(rows)
    assert not summary.rejected
    assert summary.stays.total() > PEOPLE / 2


BAD = [
    *(f"460001234567890,{text},460-00-1000-10000000,data" for text in NO_MOMENTS),
    "12345,2026-11-08T10:00:00Z,460-00-1000-10000000,data",
    "+46000123456789,2026-11-08T10:00:00Z,460-00-1000-10000000,data",
    ",2026-11-08T10:00:00Z,460-00-1000-10000000,data",
    "460001234567890,,460-00-1000-10000000,data",
    "460001234567890,yesterday,460-00-1000-10000000,data",
    "460001234567890,2026-02-30T10:00:00Z,460-00-1000-10000000,data",
    "460001234567890,1794132001,460-00-1000-10000000,data",
    "460001234567890,99999999999999999999,460-00-1000-10000000,data",
    "460001234567890,2026-11-08T10:00:00Z,460-00-1000,data",
    "460001234567890,2026-11-08T10:00:00Z,,data",
    "460001234567890,2026-11-08T10:00:00Z",
    "460001234567890,2026-11-08T10:00:00Z,460-00-1000-10000000,data,more",
]
GOOD = [
    " 460001234567890 ,2026-11-08T10:00:00Z, 460-00-1000-10000000 ,data",
    '"460001234567890","2026-11-08 11:00:00.5","460-00-1000-10000000","da,ta"',
    "460001234567890,2026-11-08T20:00:00.1239999+08:00,460-00-1000-10000000,data",
    "460001234567890,2026-11-08T20:30:00.0004999+0800,460-00-1000-10000000,data",
    "460001234567890,1794186001000,460-00-1000-10000000,data",
    f"460001234567890,2026-11-08T10:00:00Z,{OUTSIDE},data",
    *(f"46000123456{n:04},{text},460-00-1000-10000000,data" for n, text in enumerate(MOMENTS)),
    # A stay shows the moment itself: first and last event are its ends.
    *(f"46000123456{n:04},1794200001000,460-00-1000-10000000,data" for n in range(len(MOMENTS))),
]


def test_bad_rows_are_the_same(spark: Any, country: dict[str, Any], tmp_path: Path) -> None:
    lines = ["imsi,timestamp,cgi,event_type", *GOOD, "", *BAD]
    text = tmp_path / "events.csv"
    text.write_text("\r\n".join(lines) + "\r\n")
    short = tmp_path / "short.csv"
    short.write_text("Timestamp, cgi ,imsi\n1794132001000,460-00-1000-10000000,1234567\n1,2\n")
    rows = [("460001234567890", START, made.cgi(1, 1)), ("4600", START, made.cgi(1, 1))]
    parquet = write(tmp_path / "z.parquet", rows)
    summary = both(country, [text, short, parquet], tmp_path / "out")
    assert summary.rejected.total() == len(BAD) + 2
    written = tmp_path / "out" / "spark"
    assert written.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in written.iterdir()} == {0o600}
    assert summary.unknown_cells == 1
    named = {
        name: [
            tuple(line.split(","))
            for line in (tmp_path / "out" / name / files.REJECTS).read_text().splitlines()
        ]
        for name in ("duckdb", "spark")
    }
    without_lines = {
        name: sorted((file, reason) for file, _, reason in rows) for name, rows in named.items()
    }
    assert without_lines["spark"] == without_lines["duckdb"]
    assert (str(parquet), "2", "imsi is not 6 to 15 digits") in named["spark"]


def test_addresses_that_only_spark_reads(
    spark: Any, country: dict[str, Any], tmp_path: Path
) -> None:
    events = tmp_path / "events"
    events.mkdir()
    leg = made.Leg(1, made.noon(date(2026, 11, 8)), made.noon(date(2026, 11, 9)))
    for phone, name in enumerate(("one.csv", "two.csv.gz")):
        made.write_events(events / name, made.events_of(phone, [leg]))
    (events / "_SUCCESS").touch()
    out = tmp_path / "out"
    summary = engine.compile_files(
        event_files=[f"file://{events}"], out=f"file://{out}", master="local[2]", **country
    )
    assert summary.stays == {"stay": 2}
    assert all(path.name.startswith("stays-") for path in out.iterdir())
    with pytest.raises(UnreadableFileError, match="must be empty"):
        engine.compile_files(
            event_files=[f"file://{events}"], out=f"file://{out}", master="local[2]", **country
        )


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("events.csv", b"imsi,when,cgi\n1,2,3\n", "missing column"),
        (
            "events.csv.gz",
            gzip.compress(b"imsi,timestamp,cgi\n" * 9000, mtime=0)[:-40],
            "damaged|missing",
        ),
        ("events.parquet", b"PAR1 and no more", "."),
        ("events.txt", b"", "no .csv"),
    ],
)
def test_bad_files_at_addresses(
    spark: Any, country: dict[str, Any], tmp_path: Path, name: str, content: bytes, complaint: str
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / name).write_bytes(content)
    out = tmp_path / "out"
    with pytest.raises(UnreadableFileError, match=complaint):
        engine.compile_files(
            event_files=[f"file://{tmp_path}/in"], out=str(out), master="local[2]", **country
        )
    assert not out.exists() or not any(out.iterdir())


def test_without_java_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setattr(pyspark.sql.SparkSession, "getActiveSession", lambda: None)
    with (
        pytest.raises(session.NoSparkError, match="openjdk-17-jre-headless"),
        session.spark_session("local[2]"),
    ):
        raise AssertionError
