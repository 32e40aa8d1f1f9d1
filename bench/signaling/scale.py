"""`python -m bench.signaling.scale`: the tables of docs/scale.md, from bench/out/signaling.json.

What one machine does was measured; what many would need is that, multiplied. Every table says how.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.processes import ROOT
from bench.results import OUT

PAGE: Final = ROOT / "docs" / "scale.md"
BEGIN: Final = "<!-- figures: make bench, then python -m bench.signaling.scale -->"
END: Final = "<!-- end of figures -->"
EVENTS_A_DAY: Final = 100
CORES: Final = 2  # of the machine that was measured
BUSIEST: Final = 1.7  # the busiest hour's share of the day, by an hour's
SPARE: Final = 0.6  # of a core that is planned to be busy
RAW_DAYS: Final = 4  # 48 hours of lateness touch three local days, and the open one
SKETCH_DAYS: Final = 15
SHOWN_DAYS: Final = 15  # days of stay-points in the database: the window and today
RECOMPUTED_IN_HOURS: Final = 6
CORES_PER_EXECUTOR: Final = 4
LARGEST_DATABASE: Final = 2e12  # bytes that one PostgreSQL is planned to hold
WHO: Final = {
    "a city, 1 M": 1e6,
    "a province, 50 M": 50e6,
    "a large province, 100 M": 100e6,
    "a country, 1.57 billion": 1.57e9,
}


@dataclass(frozen=True)
class Figures:
    """Per core and second, per event, per person: what the bench measured."""

    compiled: float  # events, from files to files
    ingested: float  # events, from files into the database
    batch_events: float
    batch_seconds: float
    batch_compiling: float  # of these
    batch_people: float  # who are in the store that the batch meets, with one day of events
    on_spark: float  # events
    delivered: float  # bytes of an event
    stored: float
    kept: float  # share of events in sketches
    in_database: float  # bytes of a person and day
    subscription: float  # bytes of a person
    sizes: str


def read(path: Path) -> Figures:
    rows = json.loads(path.read_text(encoding="utf-8"))

    def find(*parts: str, unit: str, floor: bool = False) -> float:
        for row in rows:
            if row["unit"] == unit and all(part in row["name"] for part in parts):
                return float(row["floor" if floor else "value"])
        raise SystemExit(f"{path}: no figure for {' … '.join(parts)}; is it of a whole run?")

    batch = _named(rows, "a batch of")
    at = next(n for n, row in enumerate(rows) if row["name"] == batch)
    compiling = [row["value"] for row in rows[at:] if row["name"] == "… of these compiling"]
    people = _named(rows, "", "subscriptions loaded").split()[0]
    rate = "M events/s"
    return Figures(
        compiled=find("compile_files / numba", unit=rate) * 1e6 / CORES,
        ingested=find("ingest of", unit=rate) * 1e6 / CORES,
        batch_events=float(batch.split()[3].replace(",", "")),
        batch_seconds=find("a batch of", unit="seconds"),
        batch_compiling=float(compiling[0]) if compiling else 0.0,
        batch_people=float(people.replace(",", "")),
        on_spark=find("/ Spark", unit=rate, floor=True) * 1e6 / CORES,
        delivered=find("delivered events", unit="bytes"),
        stored=find("stored events", unit="bytes"),
        kept=find("of the events stay in the sketches", unit="share"),
        in_database=find("stay-points and coverage", unit="bytes"),
        subscription=find("subscriptions in PostgreSQL", unit="bytes"),
        sizes=f"{_named(rows, 'compile_files / numba')}; {_named(rows, 'ingest of')}",
    )


def _named(rows: Sequence[dict[str, object]], begin: str, end: str = "") -> str:
    names = [str(row["name"]) for row in rows]
    return next(name for name in names if name.startswith(begin) and name.endswith(end))


def tables(f: Figures) -> Iterator[str]:
    yield f"Measured on two cores ({f.sizes}). The second table is arithmetic on it, not a run.\n"
    yield from _table(
        ["figure", "value"],
        [
            ["compile, files to files, each core", f"{f.compiled:,.0f} events/s"],
            ["ingest, files to PostgreSQL, each core", f"{f.ingested:,.0f} events/s"],
            [
                f"a batch of {f.batch_events:,.0f} events of {f.batch_people:,.0f} people",
                f"{f.batch_seconds:.1f} s, {f.batch_compiling:.1f} of them compiling",
            ],
            ["Spark with our SQL text, each core", f"{f.on_spark:,.0f} events/s"],
            ["a delivered event (Parquet)", f"{f.delivered:.1f} bytes"],
            ["a stored event", f"{f.stored:.1f} bytes"],
            ["events that a sealed day keeps", f"{100 * f.kept:.1f} %"],
            ["stay-points and coverage, a person's day", f"{f.in_database:,.0f} bytes"],
            ["a subscription", f"{f.subscription:,.0f} bytes"],
        ],
    )
    columns = [_one(f, people) for people in WHO.values()]
    names = list(columns[0])
    yield from _table(["", *WHO], [[name, *(column[name] for column in columns)] for name in names])


def _batch_seconds(f: Figures, people: float) -> float:
    """Of the machine that was measured, with all days in the store instead of one."""
    rows = RAW_DAYS + (SKETCH_DAYS - RAW_DAYS) * f.kept  # by those of one day
    rest = f.batch_seconds - f.batch_compiling
    return (rest + rows * f.batch_compiling) * people / f.batch_people


def _one(f: Figures, people: float) -> dict[str, str]:
    day = people * EVENTS_A_DAY
    busiest = day / 86_400 * BUSIEST
    database = people * (f.in_database * SHOWN_DAYS + f.subscription)
    sketched = day * SKETCH_DAYS * f.kept
    executors = sketched / (f.on_spark * SPARE * RECOMPUTED_IN_HOURS * 3600 * CORES_PER_EXECUTOR)
    return {
        "events a day": _big(day),
        "events a second, busiest hour": _big(busiest),
        "network in, busiest hour": f"{_big(busiest * f.delivered * 8)}bit/s",
        "a day at once, in a day: cores": _count(day / 86_400 / (f.ingested * SPARE)),
        "a batch every 5 minutes: cores": _count(_batch_seconds(f, people) * CORES / 300 / SPARE),
        "a batch every 15 minutes: cores": _count(_batch_seconds(f, people) * CORES / 900 / SPARE),
        "delivered files, 48 h": f"{_big(2 * day * f.delivered)}B",
        f"raw events, {RAW_DAYS} days": f"{_big(RAW_DAYS * day * f.stored)}B",
        f"sketches, {SKETCH_DAYS} days": f"{_big(sketched * f.stored)}B",
        "PostgreSQL": f"{_big(database)}B",
        f"databases of {LARGEST_DATABASE / 1e12:.0f} TB": _count(database / LARGEST_DATABASE),
        "people in each": _big(people / max(-(-database // LARGEST_DATABASE), 1)),
        f"all sketches again in {RECOMPUTED_IN_HOURS} h, DuckDB: cores": _count(
            sketched / (f.compiled * SPARE * RECOMPUTED_IN_HOURS * 3600)
        ),
        f"the same on Spark: executors of {CORES_PER_EXECUTOR} cores": _count(executors),
    }


def _count(number: float) -> str:
    return f"{max(-(-number // 1), 1):,.0f}"


def _big(number: float) -> str:
    for letter, size in (("P", 1e15), ("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= size:
            return f"{number / size:.3g} {letter}"
    return f"{number:.3g} "


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


def main() -> int:
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    made = "\n".join(tables(read(OUT / "signaling.json")))
    PAGE.write_text(f"{before}{BEGIN}\n\n{made}\n{END}{after}", encoding="utf-8")
    print(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
