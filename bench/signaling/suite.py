"""All measurements of the signaling engine, in an order that keeps what is compared together.

What is compared runs in turns, each in a process of its own over the same files, which were read
through once before. A ratio is the median of the ratios of the turns, not a ratio of medians: the
machine may be busy in one turn and not in another.
"""

import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import duckdb

from bench.processes import ROOT, BrokenError, Measured, run
from bench.results import OUT, Result, against
from bench.signaling import ingesting
from bench.signaling.generator import Data, Size, make
from bench.signaling.scorer import Score, score
from bench.signaling.sizes import FULL, QUICK, Sizes
from bench.signaling.world import World, make_world

DATA: Final = OUT / "data"
MOBILITY: Final = ROOT / ".venv-bench-mobility" / "bin" / "python"
OURS, KERNEL, SPARK = "compile_files", "numba kernel", "Spark local[2], our SQL"
POLARS: Final = "Polars, the same rule"
MODULES: Final = {
    OURS: "ours",
    KERNEL: "kernel",
    "DuckDB scan, look-up, group": "scan",
    "textbook SQL on DuckDB": "textbook",
    POLARS: "frames",
    SPARK: "spark",
    "trackintel": "trackintel_stays",
    "scikit-mobility": "mobility_stays",
}
LEAST: Final = {  # the bars: our events per second by theirs
    KERNEL: 0.5,
    "textbook SQL on DuckDB": 4.0,
    POLARS: 1.5,
    SPARK: 8.0,
    "trackintel": 100.0,
}
LARGEST_MB: Final = 1_500.0
GROWTH: Final = 1.10
MINIMUM_MS: Final = 4 * 3_600_000
LONG: Final = f"alt_city_code IS NULL AND end_ms - start_ms >= {MINIMUM_MS}"


@dataclass
class Turns:
    """The turns of several ways over the same data."""

    data: Data
    found: dict[str, list[Measured]] = field(default_factory=dict)

    def take(self, ways: Sequence[str], rounds: int) -> "Turns":
        self._warm()
        for turn in range(rounds):
            for way in ways:
                say(f"{way}: {self.data.count:,} events, turn {turn + 1} of {rounds}")
                python = MOBILITY if way == "scikit-mobility" else None
                module = "bench.signaling.one"
                out = self.out(way)
                measured = run(module, MODULES[way], self.data.folder, out, python=python)
                self.found.setdefault(way, []).append(measured)
        return self

    def _warm(self) -> None:
        for path in self.data.events:
            with path.open("rb") as file:
                while file.read(1 << 24):
                    pass

    def out(self, way: str) -> Path:
        return self.data.folder / "out" / MODULES[way]

    def rate(self, way: str) -> float:
        """Million events per second."""
        return statistics.median(self.data.count / m.seconds / 1e6 for m in self.found[way])

    def ratio(self, ours: str, theirs: str) -> float:
        return statistics.median(
            b.seconds / a.seconds for a, b in zip(self.found[ours], self.found[theirs], strict=True)
        )

    def seconds(self, way: str) -> float:
        return statistics.median(m.seconds for m in self.found[way])

    def peak_mb(self, way: str) -> float:
        return max(m.peak_mb for m in self.found[way])

    def compared(self, way: str) -> Result:
        return against(
            f"{OURS} / {way}, {millions(self.data.count)}",
            self.rate(OURS),
            "M events/s",
            self.rate(way),
            least=LEAST.get(way),
            ratio=self.ratio(OURS, way),
        )


def measure(quick: bool) -> Iterator[Result]:
    sizes = QUICK if quick else FULL
    world = make_world(sizes.small.seed)
    yield from _plan(world, sizes)
    yield from _growth(world, sizes)
    yield from _peers(world, sizes)
    yield from _spark(world, sizes)
    yield from ingesting.measure(DATA, world, sizes, say)


def _plan(world: World, sizes: Sizes) -> Iterator[Result]:
    """Against the floors, and against what else could run the same plan."""
    data, cells = prepared(world, sizes.main)
    yield Result(
        f"{cells.facts['cells']:,} cells, their cities and partners", cells.seconds, "seconds"
    )
    others = [
        KERNEL,
        "DuckDB scan, look-up, group",
        POLARS,
        "textbook SQL on DuckDB",
    ]
    turns = Turns(data).take([OURS, *others], sizes.rounds)
    for way in others:
        yield turns.compared(way)
    for way in (OURS, *others):
        yield Result(f"{way}, {millions(data.count)}", turns.peak_mb(way), "MB at most")
    yield from _equality(turns, KERNEL)
    yield from _equality(turns, POLARS)
    yield from _accuracy(turns, [OURS])


def _sketches(data: Data) -> Iterator[Result]:
    """What is left of a day once it is sealed: the ends of each run of one place."""
    row = (
        duckdb.connect()
        .execute(
            f"""WITH seen AS (
            SELECT imsi, timestamp AS t, place, timestamp::DATE AS day
            FROM read_parquet('{data.folder}/events/*.parquet')
            JOIN read_parquet('{data.folder}/resolved.parquet') USING (cgi)
        )
        SELECT avg(CAST(before IS DISTINCT FROM place OR after IS DISTINCT FROM place AS INTEGER))
        FROM (SELECT place, lag(place) OVER person AS before, lead(place) OVER person AS after
              FROM seen WINDOW person AS (PARTITION BY imsi, day ORDER BY t, place))"""
        )
        .fetchone()
    )
    assert row is not None
    yield Result("of the events stay in the sketches of sealed days", row[0], "share")


def _growth(world: World, sizes: Sizes) -> Iterator[Result]:
    """Three times the events: three times the seconds, and no more memory than there may be."""
    main, large = (Turns(prepared(world, size)[0]) for size in (sizes.main, sizes.large))
    growths = []
    for _ in range(max(sizes.rounds - 1, 1)):
        main.take([OURS], 1)
        large.take([OURS], 1)
        a, b = main.found[OURS][-1].seconds, large.found[OURS][-1].seconds
        growths.append((b / large.data.count) / (a / main.data.count))
    name = f"{OURS}, {millions(large.data.count)}"
    yield Result(name, large.rate(OURS), "M events/s")
    yield against(f"{name}: limit", large.peak_mb(OURS), "MB at most", LARGEST_MB, most=1.0)
    yield against(
        f"{name} / in proportion to {millions(main.data.count)}",
        large.seconds(OURS),
        "seconds",
        main.seconds(OURS) * large.data.count / main.data.count,
        most=GROWTH,
        ratio=statistics.median(growths),
    )


def _peers(world: World, sizes: Sizes) -> Iterator[Result]:
    """Libraries for movement data, and everybody's accuracy on the same events."""
    data, _ = prepared(world, sizes.small)
    turns = Turns(data).take([OURS, "trackintel"], 1)
    yield turns.compared("trackintel")
    scored = [OURS, "trackintel"]
    if MOBILITY.exists():
        try:
            turns.found.pop(OURS)
            turns.take([OURS, "scikit-mobility"], 1)
            yield turns.compared("scikit-mobility")
            scored.append("scikit-mobility")
        except BrokenError as error:
            say(str(error))
            yield Result("scikit-mobility does not run here", 0.0, "M events/s")
    else:
        yield Result("scikit-mobility is not installed here", 0.0, "M events/s")
    yield from _sketches(data)
    others = [POLARS, "textbook SQL on DuckDB"]
    turns.take(others, 1)
    yield from _accuracy(turns, [*scored, *others])


def _spark(world: World, sizes: Sizes) -> Iterator[Result]:
    data, _ = prepared(world, sizes.middle)
    try:
        turns = Turns(data).take([OURS, SPARK], 1)
    except BrokenError as error:
        say(str(error))
        yield Result("Spark does not run here (is there a Java?)", 0.0, "M events/s")
        return
    yield turns.compared(SPARK)
    yield Result(f"{SPARK}, {millions(data.count)}", turns.peak_mb(SPARK), "MB at most")
    yield from _equality(turns, SPARK)


def _equality(turns: Turns, way: str) -> Iterator[Result]:
    """The same rows, to the last one."""
    con = duckdb.connect()
    con.execute(f"CREATE VIEW ours AS SELECT {ROW} FROM {_rows_of(turns, OURS)}")
    con.execute(f"CREATE VIEW theirs AS SELECT {ROW} FROM {_rows_of(turns, way)}")
    row = con.execute(
        """SELECT (SELECT count(*) FROM (FROM ours EXCEPT ALL FROM theirs))
                + (SELECT count(*) FROM (FROM theirs EXCEPT ALL FROM ours)),
                  (SELECT count(*) FROM ours)"""
    ).fetchone()
    assert row is not None
    name = f"rows not the same, {OURS} and {way}, of {row[1]:,}"
    yield Result(name, row[0], "rows", holds=row[0] == 0)


ROW: Final = "imsi, city_code, alt_city_code, start_ms, end_ms"


def _rows_of(turns: Turns, way: str) -> str:
    out = turns.out(way)
    if way in (OURS, SPARK):
        return f"""(SELECT *, epoch_ms("start") AS start_ms, epoch_ms("end") AS end_ms
            FROM read_parquet('{out}/stays-*.parquet'))"""
    return f"read_parquet('{out}')"


def _accuracy(turns: Turns, ways: Sequence[str]) -> Iterator[Result]:
    con = duckdb.connect()
    con.execute(
        f"""CREATE TABLE seen AS SELECT DISTINCT imsi
        FROM read_parquet('{turns.data.folder}/events/*.parquet')"""
    )
    for way in ways:
        which = {OURS: "kind = 'stay'", SPARK: "kind = 'stay'", KERNEL: LONG, POLARS: LONG}.get(
            way, "true"
        )
        con.execute(
            f"""CREATE OR REPLACE VIEW reported AS SELECT DISTINCT imsi, city_code
            FROM {_rows_of(turns, way)} WHERE {which}"""
        )
        found: Score = score(con, turns.data.truth)
        name = f"{way}, {millions(turns.data.count)}"
        yield Result(f"{name}: person and city", found.f1, "F1")
        yield Result(f"{name}: who was near a border", found.border_f1, "F1")
        if way == OURS:
            yield Result(f"{name}: of its cities are right", found.precision, "share")


def prepared(world: World, size: Size) -> tuple[Data, Measured]:
    """The data of a size, with its cells looked up as the present code does it."""
    say(f"data: {size.people:,} people, {size.days} days")
    DATA.mkdir(parents=True, exist_ok=True)
    data = make(DATA, size, world)
    return data, run("bench.signaling.prepare", data.folder)


def millions(events: int) -> str:
    return f"{events / 1e6:.3g} M events"


def say(text: str) -> None:
    print(f"… {text}", file=sys.stderr, flush=True)
