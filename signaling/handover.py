"""From DuckDB's tables to the database's: what differs, whole subscribers in one transaction."""

import uuid
from dataclasses import dataclass
from typing import Final

import duckdb
from django.db import connection, transaction

SUBSCRIBERS_AT_ONCE: Final = 2_000  # per transaction: an erasure never waits long for its turn

PAIRS: Final = """
SELECT c.subscriber, c.day, coalesce(s.hours, 0) AS hours
FROM part c LEFT JOIN state s ON s.subscriber = c.subscriber AND s.day = c.day"""
POINTS: Final = """
SELECT p.* FROM pieces p SEMI JOIN part c ON c.subscriber = p.subscriber AND c.day = p.day"""


@dataclass(frozen=True, slots=True)
class HandedOver:
    """How many stay-points were stored, and the bucket's generation then; None if nothing was
    handed over."""

    stay_points: int
    generation: uuid.UUID | None


def hand_over(con: duckdb.DuckDBPyConnection, bucket: int) -> HandedOver:
    """Replace what the database holds for the table `part(subscriber, day)`, in one transaction,
    by what `pieces` and `state` say."""
    city, alternative = _quoted("city_code"), _quoted("alt_city_code")
    points = ("day", "subscriber", "stay_id", "kind", city, alternative, "start_ms", "end_ms")
    arrays = (
        *_arrays(con, PAIRS, "day", "subscriber", "hours"),
        *_arrays(con, POINTS, *points),
    )
    holes = ", ".join(["%s"] * len(arrays))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"SELECT stored, generation FROM signaling.replace(%s, {holes})", [bucket, *arrays]
        )
        row = cursor.fetchone()
    assert row is not None
    return HandedOver(int(row[0]), row[1])


def _arrays(con: duckdb.DuckDBPyConnection, rows: str, *columns: str) -> list[str]:
    """Columns of rows as PostgreSQL writes arrays, made by DuckDB: quicker than value by value."""
    lists = (
        f"'{{' || coalesce(string_agg(coalesce(CAST({column} AS TEXT), 'NULL'), ','"
        " ORDER BY n), '') || '}'"
        for column in columns
    )
    numbered = f"SELECT *, row_number() OVER () AS n FROM ({rows})"
    row = con.execute(f"SELECT {', '.join(lists)} FROM ({numbered})").fetchone()
    assert row is not None
    return list(row)


def _quoted(column: str) -> str:
    """SQL for a text as an array's element; codes are whatever the operator's places use."""
    return rf"""'"' || replace(replace({column}, '\', '\\'), '"', '\"') || '"'"""
