"""Event files: `imsi, timestamp, cgi, event_type`, row by row judged usable or not."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import duckdb

from signaling import reading
from signaling.cells import CGI_PATTERN

COLUMNS: Final = ("imsi", "timestamp", "cgi")  # event_type is part of the format, not of the rule
FOREVER: Final = 2**62  # later than any epoch milliseconds
IMSI_PATTERN: Final = r"\d{6,15}"  # at most 15 digits: 3GPP TS 23.003

#: DuckDB takes any CSV for a few dozen rows, and would keep all of it in memory for a join. With
#: this the right side of a join is kept, as written.
AS_WRITTEN: Final = "SET disabled_optimizers = 'join_order,build_side_probe_side'"


def open_events(con: duckdb.DuckDBPyConnection, path: Path) -> reading.Source:
    """Raises reading.UnreadableFileError."""
    return reading.open_source(con, path, COLUMNS)


BAD_IMSI: Final = "imsi is not 6 to 15 digits"
BAD_TIMESTAMP: Final = "timestamp is neither ISO 8601 nor epoch milliseconds"
BAD_UNIT: Final = "timestamp is not in milliseconds"
BAD_CGI: Final = "cgi is not MCC-MNC-LAC-CI"
FUTURE: Final = "timestamp lies in the future"
LATE: Final = "late: its day takes no more events"


def judged(
    source: reading.Source,
    *,
    numbered: bool = False,
    latest: int = FOREVER,
    late: str = "false",
) -> str:
    """SELECT of every row as (imsi, t, cgi, place, reason[, row]).

    `place` comes from the table `known_cells(cgi, place)`, NULL where the cell is not known;
    `reason` says why a row is bad, NULL where it is not. Nothing may be after `latest` (epoch
    ms); `late` is SQL for whether `t` comes too late.
    """
    row = f", {reading.row_number(source)} AS row" if numbered else ""
    return f"""SELECT *, CASE
            WHEN imsi IS NULL OR NOT regexp_full_match(imsi, '{IMSI_PATTERN}')
                THEN '{BAD_IMSI}'
            WHEN t IS NULL THEN '{BAD_TIMESTAMP}'
            WHEN t NOT BETWEEN {reading.SMALLEST_MILLISECONDS} AND {reading.LARGEST_MILLISECONDS}
                THEN '{BAD_UNIT}'
            WHEN t > {latest} THEN '{FUTURE}'
            WHEN place IS NULL AND coalesce(NOT regexp_full_match(cgi, '{CGI_PATTERN}'), true)
                THEN '{BAD_CGI}'
            WHEN {late} THEN '{LATE}' END AS reason
        FROM (SELECT {reading.text(source, "imsi")} AS imsi, {reading.text(source, "cgi")} AS cgi,
                     {reading.milliseconds(source, "timestamp")} AS t{row} FROM {source.sql})
        LEFT JOIN known_cells USING (cgi)"""


def bad_rows(
    con: duckdb.DuckDBPyConnection,
    source: reading.Source,
    *,
    latest: int = FOREVER,
    late: str = "false",
) -> list[tuple[int, str]]:
    """(line, reason) of bad rows, the first `reading.MOST_NAMED` of them.

    Of a Parquet file the row is given, counted from 1. Raises reading.UnreadableFileError.
    """
    broken = reading.broken_lines(con)
    reading.forget_broken_lines(con)
    rows = con.execute(
        f"""SELECT row, reason FROM ({judged(source, numbered=True, latest=latest, late=late)})
        WHERE reason IS NOT NULL ORDER BY row LIMIT {reading.MOST_NAMED}"""
    ).fetchall()
    reading.forget_broken_lines(con)
    lines, listed = reading.line_numbers(source, [row for row, _ in rows], broken)
    listed += [(line, str(reason)) for line, (_, reason) in zip(lines, rows, strict=True)]
    return sorted(listed)[: reading.MOST_NAMED]


def in_list(paths: Sequence[Path]) -> str:
    """SQL for reading several of our own Parquet files as one relation."""
    listed = ", ".join(reading.quoted(path) for path in paths)
    return f"read_parquet([{listed}], hive_partitioning = false)"
