"""From stored events to stay-points and coverage in the database, whole subscribers at a time."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

import duckdb
from django.db import connection, transaction

from signaling import compilation, events, local_days, reading, rule
from signaling.store import EventFile, Store

SUBSCRIBERS_AT_ONCE: Final = 2_000  # per transaction: an erasure never waits long for its turn
LINES_AT_ONCE: Final = 20_000


@dataclass(frozen=True, slots=True)
class Days:
    """The local days whose stay-points are replaced."""

    first: date
    last: date
    zone: ZoneInfo


@dataclass
class Published:
    subscribers: int = 0
    stay_points: int = 0


def publish_bucket(store: Store, bucket: int, days: Days, parameters: rule.Parameters) -> Published:
    """Recompile every subscriber of the bucket's new files from all of their stored events, and
    replace what the database holds of them. Repeating it changes nothing."""
    files = store.files(bucket=bucket)
    new = [file for file in files if file.is_new]
    published = Published()
    if not new:
        return published
    con = reading.connect(spill=store.workspace())
    try:
        _prepare(con, store, files, new, days)
        for chunk in range(_chunks(con)):
            con.execute(
                f"""CREATE OR REPLACE TEMP VIEW events AS
                SELECT s.subscriber, s.t, p.place FROM stored s JOIN place_of_cell p USING (cell)
                WHERE s.subscriber IN (SELECT subscriber FROM affected WHERE chunk = {chunk})"""
            )
            compilation.compile_stays(con, parameters)
            _cut(con, chunk, days)
            published.stay_points += _replace(con, bucket, chunk)
        row = con.execute("SELECT count(*) FROM affected").fetchone()
        published.subscribers = int(row[0]) if row else 0
    finally:
        con.close()
    store.mark_done(new)
    return published


def _prepare(
    con: duckdb.DuckDBPyConnection,
    store: Store,
    files: list[EventFile],
    new: list[EventFile],
    days: Days,
) -> None:
    con.execute(f"CREATE TABLE cells AS FROM read_parquet({reading.quoted(store.cells)})")
    compilation.number_places(con)
    con.execute(
        "CREATE TABLE place_of_cell AS SELECT cell, place FROM cells JOIN known_cells USING (cgi)"
    )
    con.execute(f"CREATE VIEW stored AS FROM {events.in_list([file.path for file in files])}")
    con.execute(
        f"""CREATE TABLE affected AS
        SELECT subscriber, (row_number() OVER (ORDER BY subscriber) - 1) // {SUBSCRIBERS_AT_ONCE}
               AS chunk
        FROM (SELECT DISTINCT subscriber FROM {events.in_list([file.path for file in new])})"""
    )
    con.execute("CREATE TABLE days (day DATE, low BIGINT, high BIGINT)")
    con.executemany(
        "INSERT INTO days VALUES (?, ?, ?)",
        local_days.day_bounds(days.first, days.last, days.zone),
    )


def _chunks(con: duckdb.DuckDBPyConnection) -> int:
    row = con.execute("SELECT coalesce(max(chunk) + 1, 0) FROM affected").fetchone()
    return int(row[0]) if row else 0


def _cut(con: duckdb.DuckDBPyConnection, chunk: int, days: Days) -> None:
    """Stays cut at local midnights: `pieces`; and the local hours with an event: `coverage`.

    A stay's id is made of its subscriber, city and beginning: the same in all of its pieces, and
    the same again when it is compiled again.
    """
    con.execute(
        """CREATE OR REPLACE TEMP TABLE pieces AS
        SELECT d.day, s.subscriber,
               CAST(md5_number_lower(concat_ws(':', s.subscriber, c.code, s.start_ms)) >> 1
                    AS BIGINT) AS stay_id,
               CASE WHEN s.alt_city IS NULL THEN 'stay' ELSE 'border' END AS kind,
               c.code AS city_code, a.code AS alt_city_code,
               greatest(s.start_ms, d.low) AS start_ms, least(s.end_ms, d.high) AS end_ms
        FROM stays s
        JOIN days d ON s.start_ms < d.high AND s.end_ms > d.low AND s.start_ms < s.end_ms
        JOIN cities c ON c.city = s.city
        LEFT JOIN cities a ON a.city = s.alt_city"""
    )
    local = local_days.local_ms("t", days.first, days.last, days.zone)
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE coverage AS
        SELECT {local_days.day_sql(local)} AS day, subscriber,
               bit_or({local_days.hour_bit_sql(local)}) AS hours
        FROM stored
        WHERE t >= (SELECT min(low) FROM days) AND t < (SELECT max(high) FROM days)
          AND subscriber IN (SELECT subscriber FROM affected WHERE chunk = {chunk})
        GROUP BY ALL"""
    )


def _replace(con: duckdb.DuckDBPyConnection, bucket: int, chunk: int) -> int:
    """One transaction: hand the chunk to the database and have it replaced."""
    batch = uuid.uuid4()
    incoming = {
        "scope (batch, day, subscriber_ref)": f"""
            SELECT day, subscriber FROM days, affected WHERE chunk = {chunk}""",
        "coverage (batch, day, subscriber_ref, hours)": """
            SELECT day, subscriber, hours FROM coverage""",
        """staypoint (batch, day, subscriber_ref, stay_id, kind, city_code, alt_city_code,
            started_at, ended_at)""": f"""
            SELECT day, subscriber, stay_id, kind, city_code, coalesce(alt_city_code, '\\N'),
                   {_moment("start_ms")}, {_moment("end_ms")} FROM pieces""",
    }
    with transaction.atomic(), connection.cursor() as cursor:
        for table, rows in incoming.items():
            with cursor.copy(f"COPY signaling_incoming_{table} FROM STDIN") as target:
                for lines in _lines(con, batch, rows):
                    target.write(lines)
        cursor.execute("SELECT stored FROM signaling.replace(%s, %s)", [batch, bucket])
        row = cursor.fetchone()
    assert row is not None
    return int(row[0])


def _moment(column: str) -> str:
    """SQL for a moment as PostgreSQL reads it, whatever the session's time zone."""
    return f"strftime(make_timestamp_ms({column}), '%Y-%m-%d %H:%M:%S.%g') || '+00'"


def _lines(con: duckdb.DuckDBPyConnection, batch: uuid.UUID, rows: str) -> Iterator[str]:
    """Rows in PostgreSQL's text format for COPY, made by DuckDB: quicker than one by one."""
    result = con.execute(f"SELECT concat_ws('\t', '{batch}', *COLUMNS(*)) FROM ({rows})")
    while chunk := result.fetchmany(LINES_AT_ONCE):
        yield "".join(f"{line}\n" for (line,) in chunk)
