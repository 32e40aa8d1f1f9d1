"""Stays from files to files: no service, no database, the caller's own identifiers."""

import csv
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import duckdb

from signaling import cells, compilation, events, reading, reduction, rule
from signaling.cells import CGI_PATTERN
from signaling.geography import Place
from signaling.progress import Progress

ROWS_AT_ONCE: Final = 8_000_000  # events read before they are reduced, about 0.2 GB
SIGHTINGS_AT_ONCE: Final = 4_000_000  # what the rule sees at a time, about 0.5 GB
BYTES_PER_ROW: Final = {"csv": 55, "gzip": 12}  # low guesses: rather read less at a time
MEMORY_LIMIT: Final = "1GB"  # DuckDB's; what is more goes to disk
REJECTS: Final = "rejects.csv"
BAD_CELL: Final = "row of the cell list that cannot be used"
UTC_MOMENT: Final = "CAST(make_timestamp_ms({}) AS TIMESTAMPTZ)"


@dataclass
class Summary:
    """What went in and came out."""

    events: int = 0
    unknown_cells: int = 0  # known by their country only, or not even that
    jumps: int = 0
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
    con.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
    con.execute("SET preserve_insertion_order = false")
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


def count_rows(con: duckdb.DuckDBPyConnection, source: reading.Source) -> int:
    """Exactly for Parquet; a guess for CSV."""
    if source.kind == "parquet":
        row = con.execute(
            f"SELECT num_rows FROM parquet_file_metadata({reading.quoted(source.path)})"
        ).fetchone()
        assert row is not None
        return int(row[0])
    with source.path.open("rb") as file:
        kind = "gzip" if file.read(2) == b"\x1f\x8b" else "csv"
    return source.path.stat().st_size // BYTES_PER_ROW[kind]


class _Job:
    """One compilation: its connection, its folder, and what it has counted."""

    def __init__(
        self, con: duckdb.DuckDBPyConnection, work: Path, parameters: rule.Parameters
    ) -> None:
        self.con, self.work, self.parameters = con, work, parameters
        self.summary = Summary()

    def run(self, paths: Sequence[Path]) -> None:
        pieces = self._pieces([events.open_events(self.con, path) for path in paths])
        reduction.prepare(self.con)
        with Progress("Compiling stays", len(pieces) + 2) as progress:
            progress.watch(self.con)
            for number, piece in enumerate(pieces):
                self._take(piece)
                reduction.reduce(self.con, number)
                progress.advance()
            for number in reduction.find_torn(self.con):
                self._take(pieces[number], again=True)
                reduction.mend(self.con)
            self.con.execute("DROP TABLE taken")
            progress.advance()
            parts = -(-reduction.count(self.con) // SIGHTINGS_AT_ONCE) or 1
            for part in range(parts):
                reduction.sightings(self.con, part, parts)
                self._compile(part)
            progress.advance()

    def _pieces(self, sources: Sequence[reading.Source]) -> list[list[reading.Source]]:
        """Files that are read together: several small ones, or a large one."""
        pieces: list[list[reading.Source]] = []
        room = 0
        for source in sources:
            rows = count_rows(self.con, source)
            if rows > room or not pieces:
                pieces.append([])
                room = ROWS_AT_ONCE
            pieces[-1].append(source)
            room -= rows
        return pieces

    def _take(self, piece: Sequence[reading.Source], *, again: bool = False) -> None:
        """Read the good rows of files into `taken(subscriber, t, place)`; at a cell that is not
        known, place is minus the mobile country code. `again`: all has been counted before."""
        self.con.execute(
            "CREATE OR REPLACE TEMP TABLE taken (subscriber BIGINT, t BIGINT, place INTEGER)"
        )
        alike: dict[tuple[str, ...], list[reading.Source]] = {}
        for source in piece:
            key = (
                tuple(map(str, source.types.items())) if _is_plain(source) else (str(source.path),)
            )
            alike.setdefault(key, []).append(source)
        for group in alike.values():
            if not (_is_plain(group[0]) and self._take_quickly(group)):
                for source in group:
                    self._take_with_care(source, again=again)
        if not again:
            self._count("count(*), count(*) FILTER (WHERE place <= 0) FROM taken")

    def _count(self, what: str) -> None:
        row = self.con.execute(f"SELECT {what}").fetchone()
        assert row is not None
        self.summary.events += row[0]
        self.summary.unknown_cells += row[1]

    def _take_quickly(self, group: Sequence[reading.Source]) -> bool:
        """Whether every row was as it should be; else nothing is taken.

        The test of the IMSI stands alone in a filter, so that DuckDB does it once for each entry
        of a Parquet file's dictionary and not for each row.
        """
        listed = ", ".join(reading.quoted(source.path) for source in group)
        expected = sum(count_rows(self.con, source) for source in group)
        self.con.execute("BEGIN")
        expected += self._rows_taken()
        try:
            self.con.execute(
                f"""INSERT INTO taken
                SELECT TRY_CAST(imsi AS BIGINT) * 16 + strlen(imsi) AS subscriber, t,
                       CASE WHEN place IS NULL THEN {_country("cgi")} ELSE place END AS place
                FROM (SELECT imsi, cgi, {reading.milliseconds(group[0], "timestamp")} AS t
                      FROM read_parquet([{listed}], hive_partitioning = false)
                      WHERE CAST(TRY_CAST('1' || imsi AS BIGINT) AS TEXT) = '1' || imsi
                        AND strlen(imsi) BETWEEN 6 AND 15)
                LEFT JOIN known_cells USING (cgi)"""
            )
        except duckdb.Error:  # one of them is damaged: read one by one, it is named
            self.con.execute("ROLLBACK")
            return False
        whole = self._rows_taken() == expected
        self.con.execute("COMMIT" if whole else "ROLLBACK")
        return whole

    def _rows_taken(self) -> int:
        """-1 when there is one among them that cannot be right."""
        row = self.con.execute(
            f"""SELECT CASE WHEN count(*) = count(t) AND count(*) = count(place)
                    AND coalesce(min(t), {reading.SMALLEST_MILLISECONDS})
                        >= {reading.SMALLEST_MILLISECONDS}
                    AND coalesce(max(t), 0) <= {reading.LARGEST_MILLISECONDS}
                THEN count(*) ELSE -1 END FROM taken"""
        ).fetchone()
        assert row is not None
        return int(row[0])

    def _take_with_care(self, source: reading.Source, *, again: bool) -> None:
        """Each row judged. The length beside the digits keeps the leading zeros of an IMSI."""
        with reading.naming(source.path):
            self.con.execute(
                f"""CREATE OR REPLACE TEMP TABLE judged AS
                SELECT CASE WHEN reason IS NULL
                            THEN CAST(imsi AS BIGINT) * 16 + strlen(imsi) END AS subscriber, t,
                       coalesce(place, {_country("cgi")}) AS place, reason
                FROM ({events.judged(source)})"""
            )
        self.con.execute(
            "INSERT INTO taken SELECT subscriber, t, place FROM judged WHERE reason IS NULL"
        )
        if not again:
            self._count("count(*), 0 FROM judged WHERE reason IS NOT NULL")
            self._name_bad_rows(source)
        reading.forget_broken_lines(self.con)
        self.con.execute("DROP TABLE judged")

    def _name_bad_rows(self, source: reading.Source) -> None:
        found = self.con.execute(
            "SELECT reason, count(*) FROM judged WHERE reason IS NOT NULL GROUP BY 1"
        ).fetchall()
        broken = Counter(line.reason for line in reading.broken_lines(self.con))
        if found or broken:
            self.summary.rejected.update(dict(found))
            self.summary.rejected.update(broken)
            bad = events.bad_rows(self.con, source)
            with (self.work / REJECTS).open("a", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows((source.path, line, reason) for line, reason in bad)

    def _compile(self, part: int) -> None:
        con = self.con
        self.summary.jumps += compilation.apply_rule(con, self.parameters).jumps
        con.execute(
            f"""CREATE OR REPLACE TABLE result AS
            SELECT lpad(CAST(subscriber >> 4 AS TEXT), CAST(subscriber & 15 AS INTEGER), '0')
                       AS imsi, c.code AS city_code,
                   {UTC_MOMENT.format("start_ms")} AS start,
                   {UTC_MOMENT.format("end_ms")} AS "end",
                   {kind_sql(self.parameters)} AS kind,
                   a.code AS alt_city_code
            FROM stays s JOIN cities c ON c.city = s.city LEFT JOIN cities a ON a.city = s.alt_city
            ORDER BY imsi, start, city_code"""
        )
        target = reading.quoted(self.work / f"stays-{part:04d}.parquet")
        con.execute(f"COPY result TO {target} (FORMAT parquet)")
        for kind, rows in con.execute("SELECT kind, count(*) FROM result GROUP BY 1").fetchall():
            self.summary.stays[kind] += rows


def _country(cgi: str) -> str:
    """SQL for minus the mobile country code of a cell that is not known, NULL if it is no CGI."""
    return f"""CASE WHEN regexp_full_match({cgi}, '{CGI_PATTERN}')
        THEN -CAST(left({cgi}, 3) AS INTEGER) END"""


def _is_plain(source: reading.Source) -> bool:
    """A Parquet file with the types that almost all have."""
    return source.kind == "parquet" and source.types["imsi"] == source.types["cgi"] == "VARCHAR"
