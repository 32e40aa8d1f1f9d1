"""Stays from files to files: no service, no database, the caller's own identifiers."""

import csv
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import duckdb

from signaling import cells, compilation, events, reading, rule
from signaling.geography import Place
from signaling.progress import Progress

ROWS_AT_ONCE: Final = 12_000_000  # events compiled in memory at a time, about 0.6 GB
BYTES_PER_ROW: Final = {"parquet": 6, "csv": 55, "gzip": 12}  # low guesses: rather one bucket more
REJECTS: Final = "rejects.csv"
BAD_CELL: Final = "row of the cell list that cannot be used"
UTC_MOMENT: Final = "CAST(make_timestamp_ms({}) AS TIMESTAMPTZ)"


@dataclass
class Summary:
    """What went in and came out."""

    events: int = 0
    unknown_cells: int = 0
    stays: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)


def compile_files(
    *,
    event_files: Sequence[Path],
    cell_files: Sequence[Path],
    places: Sequence[Place],
    out: Path,
    parameters: rule.Parameters,
) -> Summary:
    """Compile the stays of event files into `out`/stays-*.parquet.

    Columns: imsi, city_code, start, end (UTC, half-open), kind (stay, border, transit),
    alt_city_code. Rows that cannot be read are named in `out`/rejects.csv, without their IMSI.
    Raises reading.UnreadableFileError; then nothing is left in `out`.
    """
    out.mkdir(parents=True, exist_ok=True)
    if any(out.iterdir()):
        raise reading.UnreadableFileError(f"{out}: the folder must be empty")
    work = out / ".work"
    work.mkdir(mode=0o700)
    con = reading.connect(spill=work)
    job = _Job(con, work, parameters)
    try:
        job.summary.rejected.update(prepare_cells(con, cell_files, places))
        job.run(event_files)
        for path in sorted(work.glob("*.*")):
            path.rename(out / path.name)
    finally:
        con.close()
        shutil.rmtree(work)
    return job.summary


def prepare_cells(
    con: duckdb.DuckDBPyConnection, cell_files: Sequence[Path], places: Sequence[Place]
) -> dict[str, int]:
    """`known_cells`, `cities` and the tables of the rule; rows that cannot be used, by reason."""
    for path in cell_files:
        cells.read_cells(con, path)
    report = cells.resolve_cells(con, places)
    compilation.number_places(con)
    return {BAD_CELL: report.rejected} if report.rejected else {}


def kind_sql(parameters: rule.Parameters) -> str:
    """SQL for the kind of a stay of the rule; both engines read it."""
    return f"""CASE WHEN end_ms - start_ms < {parameters.minimum_stay} THEN 'transit'
                        WHEN alt_city IS NULL THEN 'stay' ELSE 'border' END"""


def guess_rows(path: Path) -> int:
    with path.open("rb") as file:
        magic = file.read(2)
    kind = {b"PA": "parquet", b"\x1f\x8b": "gzip"}.get(magic, "csv")
    return path.stat().st_size // BYTES_PER_ROW[kind]


class _Job:
    """One compilation: its connection, its folder, and what it has counted."""

    def __init__(
        self, con: duckdb.DuckDBPyConnection, work: Path, parameters: rule.Parameters
    ) -> None:
        self.con, self.work, self.parameters = con, work, parameters
        self.summary = Summary()

    def run(self, paths: Sequence[Path]) -> None:
        buckets = max(-(-sum(map(guess_rows, paths)) // ROWS_AT_ONCE), 1)
        self.con.execute("SET preserve_insertion_order = false")
        with Progress("Compiling stays", len(paths) + buckets) as progress:
            progress.watch(self.con)
            for number, path in enumerate(paths):
                self._take(path, None if buckets == 1 else self.work / f"part-{number}", buckets)
                progress.advance()
            for bucket in range(buckets):
                found = sorted(self.work.glob(f"part-*/bucket={bucket}/*.parquet"))
                if found:
                    self.con.execute(
                        "CREATE OR REPLACE TABLE taken AS"
                        f" SELECT subscriber, t, place, reason FROM {events.in_list(found)}"
                    )
                if found or buckets == 1:
                    self._compile(bucket)
                progress.advance()

    def _take(self, path: Path, folder: Path | None, buckets: int) -> None:
        """Read a file: into memory, or by bucket of subscribers, so that each fits into memory.

        The leading 1 keeps the leading zeros of an IMSI in a number.
        """
        source = events.open_events(self.con, path)
        rows = f"""SELECT
            CASE WHEN reason IS NULL THEN CAST('1' || imsi AS BIGINT) END AS subscriber, t,
            CAST(place AS INTEGER) AS place, reason IS NOT NULL AS reason
            FROM ({events.judged(source)})"""
        with reading.naming(path):
            if folder:
                self.con.execute(
                    f"""COPY (SELECT *, hash(coalesce(subscriber, 0)) % {buckets} AS bucket
                          FROM ({rows}))
                    TO {reading.quoted(folder)}
                    (FORMAT parquet, PARTITION_BY (bucket), COMPRESSION lz4)"""
                )
                taken = events.in_list(sorted(folder.rglob("*.parquet")))
            else:
                self.con.execute(
                    "CREATE TABLE IF NOT EXISTS taken"
                    " (subscriber BIGINT, t BIGINT, place INTEGER, reason BOOLEAN)"
                )
                self.con.execute(f"INSERT INTO taken {rows}")
                taken = "taken"
        bad = self.con.execute(f"SELECT count(*) FROM {taken} WHERE reason").fetchone()
        if (bad and bad[0]) or reading.broken_lines(self.con):
            self._name_bad_rows(source)

    def _name_bad_rows(self, source: reading.Source) -> None:
        bad = events.bad_rows(self.con, source)
        with (self.work / REJECTS).open("a", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows((source.path, line, reason) for line, reason in bad)
        self.summary.rejected.update(reason for _, reason in bad)

    def _compile(self, bucket: int) -> None:
        con = self.con
        con.execute(
            """CREATE OR REPLACE VIEW events AS SELECT subscriber, t, place FROM taken
            WHERE place IS NOT NULL AND NOT reason"""
        )
        row = con.execute(
            "SELECT count(*), count(*) FILTER (WHERE place IS NULL AND NOT reason) FROM taken"
        ).fetchone()
        assert row is not None
        self.summary.events += row[0]
        self.summary.unknown_cells += row[1]
        compilation.compile_stays(con, self.parameters)
        con.execute(
            f"""CREATE OR REPLACE TABLE result AS
            SELECT substr(CAST(subscriber AS TEXT), 2) AS imsi, c.code AS city_code,
                   {UTC_MOMENT.format("start_ms")} AS start,
                   {UTC_MOMENT.format("end_ms")} AS "end",
                   {kind_sql(self.parameters)} AS kind,
                   a.code AS alt_city_code
            FROM stays s JOIN cities c ON c.city = s.city LEFT JOIN cities a ON a.city = s.alt_city
            ORDER BY imsi, start, city_code"""
        )
        target = reading.quoted(self.work / f"stays-{bucket:04d}.parquet")
        con.execute(f"COPY result TO {target} (FORMAT parquet)")
        for kind, rows in con.execute("SELECT kind, count(*) FROM result GROUP BY 1").fetchall():
            self.summary.stays[kind] += rows
