"""Stored events as Parquet: reading and writing them, and nothing else does."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import duckdb

from signaling import reading
from signaling.store import SKETCH, EventFile

EVENT: Final = "subscriber, t, cell"
SKETCHED: Final = "subscriber, t, cell, hours"


def rows_of(files: Sequence[EventFile]) -> str:
    """SQL for the rows of files of one kind: raw, or sketches."""
    listed = ", ".join(reading.quoted(file.path) for file in files)
    columns = SKETCHED if files[0].is_sketch else EVENT
    return f"(SELECT {columns} FROM read_parquet([{listed}], hive_partitioning = false))"


def write(con: duckdb.DuckDBPyConnection, rows: str, target: Path, *, sketch: bool = False) -> str:
    """Write events without duplicates; the name that says what is in them."""
    columns = SKETCHED if sketch else EVENT
    con.execute(f"CREATE OR REPLACE TEMP TABLE sorted AS SELECT DISTINCT {columns} FROM ({rows})")
    row = con.execute(
        f"""SELECT count(*), coalesce(bit_xor(h), 0), coalesce(sum(h), 0) % 18446744073709551616
        FROM (SELECT hash({columns}) AS h FROM sorted)"""
    ).fetchone()
    assert row is not None
    con.execute(
        f"""COPY (SELECT {columns} FROM sorted ORDER BY subscriber, t, cell)
        TO {reading.quoted(target)} (FORMAT parquet, COMPRESSION zstd)"""
    )
    con.execute("DROP TABLE sorted")
    kind = SKETCH if sketch else ""
    return f"{kind}{int(row[0]):x}-{int(row[1]):016x}{int(row[2]):016x}"
