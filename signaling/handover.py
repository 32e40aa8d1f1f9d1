"""From DuckDB's tables to the database's: what differs, whole subscribers in one transaction."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import duckdb
from django.db import connection, transaction

LINES_AT_ONCE: Final = 20_000
SUBSCRIBERS_AT_ONCE: Final = 2_000  # per transaction: an erasure never waits long for its turn


@dataclass(frozen=True, slots=True)
class HandedOver:
    """How many stay-points were stored, and the bucket's generation then; None if nothing was
    handed over."""

    stay_points: int
    generation: uuid.UUID | None


def hand_over(con: duckdb.DuckDBPyConnection, bucket: int, changed: str) -> HandedOver:
    """Replace what the database holds for the relation `changed(subscriber, day)`, from `pieces`
    and `state`, in one transaction."""
    batch = uuid.uuid4()
    incoming = {
        "scope (batch, day, subscriber_ref)": f"SELECT day, subscriber FROM {changed}",
        "coverage (batch, day, subscriber_ref, hours)": f"""
            SELECT s.day, s.subscriber, s.hours FROM state s
            JOIN {changed} c ON c.subscriber = s.subscriber AND c.day = s.day WHERE s.hours > 0""",
        """staypoint (batch, day, subscriber_ref, stay_id, kind, city_code, alt_city_code,
            started_at, ended_at)""": f"""
            SELECT p.day, p.subscriber, p.stay_id, p.kind, p.city_code,
                   coalesce(p.alt_city_code, '\\N'), {_moment("start_ms")}, {_moment("end_ms")}
            FROM pieces p JOIN {changed} c ON c.subscriber = p.subscriber AND c.day = p.day""",
    }
    with transaction.atomic(), connection.cursor() as cursor:
        for table, rows in incoming.items():
            with cursor.copy(f"COPY signaling_incoming_{table} FROM STDIN") as target:
                for lines in _lines(con, batch, rows):
                    target.write(lines)
        cursor.execute("SELECT stored, generation FROM signaling.replace(%s, %s)", [batch, bucket])
        row = cursor.fetchone()
    assert row is not None
    return HandedOver(int(row[0]), row[1])


def _moment(column: str) -> str:
    """SQL for a moment as PostgreSQL reads it, whatever the session's time zone."""
    return f"strftime(make_timestamp_ms({column}), '%Y-%m-%d %H:%M:%S.%g') || '+00'"


def _lines(con: duckdb.DuckDBPyConnection, batch: uuid.UUID, rows: str) -> Iterator[str]:
    """Rows in PostgreSQL's text format for COPY, made by DuckDB: quicker than one by one."""
    result = con.execute(f"SELECT concat_ws('\t', '{batch}', *COLUMNS(*)) FROM ({rows})")
    while chunk := result.fetchmany(LINES_AT_ONCE):
        yield "".join(f"{line}\n" for (line,) in chunk)
