"""The door: a file of events becomes stored events of subscribers, and loses its IMSIs.

Two readings of the file. The first counts and gathers the distinct IMSIs, for which references are
looked up; the second writes what has a reference, a known cell and a time that is still of use.
DuckDB may not spill to disk here, since what it holds still carries IMSIs.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import duckdb

from core.clock import start_of_day
from signaling import events, local_days, reading
from signaling.pseudonyms import holdings
from signaling.store import Store, bucket_of

CLOCK_SKEW: Final = timedelta(minutes=5)  # a network element may run ahead of us by this much
AT_ONCE: Final = 50_000  # rows handed to DuckDB in one statement

TOO_OLD: Final = "older than what is kept"
UNKNOWN_CELL: Final = "unknown cell"
NO_SUBSCRIBER: Final = "no subscription holds the IMSI at that time"


@dataclass(frozen=True, slots=True)
class Horizon:
    """Which moments are taken: from the beginning of `first` until a little after `now`."""

    first: date
    now: datetime
    zone: ZoneInfo

    @property
    def low(self) -> int:
        return local_days.epoch_ms(start_of_day(self.first, self.zone))

    @property
    def high(self) -> int:
        return local_days.epoch_ms(self.now + CLOCK_SKEW)

    @property
    def last(self) -> date:
        return (self.now + CLOCK_SKEW).astimezone(self.zone).date()


@dataclass
class Intake:
    """What became of one file's rows."""

    rows: int = 0
    stored: int = 0
    left_out: Counter[str] = field(default_factory=Counter)  # good rows that are of no use
    rejected: Counter[str] = field(default_factory=Counter)  # bad rows, by reason
    bad: list[tuple[int, str]] = field(default_factory=list)  # (line, reason); the first of them
    last_event_at: datetime | None = None
    files_added: int = 0


def digest_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def take_in(store: Store, path: Path, horizon: Horizon) -> Intake:
    """Store the events of a file. Raises reading.UnreadableFileError; then nothing is stored."""
    con = reading.connect()
    work = store.workspace()
    try:
        con.execute(
            "CREATE TABLE known_cells AS SELECT cgi, cell AS place"
            f" FROM read_parquet({reading.quoted(store.cells)}) WHERE city_code IS NOT NULL"
        )
        with reading.naming(path):
            source = events.open_events(con, path)
            intake = _survey(con, source, horizon)
            _write_events(con, source, work, horizon)
    finally:
        con.close()
    _put_away(store, work, intake)
    known = intake.rows - intake.rejected.total() - intake.left_out.total()
    intake.left_out[NO_SUBSCRIBER] = known - intake.stored
    return intake


def _survey(con: duckdb.DuckDBPyConnection, source: reading.Source, horizon: Horizon) -> Intake:
    """First reading: counts, bad rows, and the table `door` of references by IMSI."""
    con.execute(
        f"""CREATE TEMP TABLE surveyed AS
        SELECT CASE WHEN reason IS NULL THEN imsi END AS imsi, reason, count(*) AS rows,
               count(*) FILTER (WHERE t < {horizon.low}) AS too_old,
               count(*) FILTER (WHERE place IS NULL AND t >= {horizon.low}) AS unknown_cell,
               max(t) AS last_t
        FROM ({events.judged(source, latest=horizon.high)}) GROUP BY 1, 2"""
    )
    row = con.execute(
        """SELECT coalesce(sum(rows), 0), coalesce(sum(too_old), 0),
                  coalesce(sum(unknown_cell), 0), max(last_t) FROM surveyed WHERE reason IS NULL"""
    ).fetchone()
    assert row is not None
    good, too_old, unknown_cell, last_t = row
    intake = Intake()
    intake.left_out.update({TOO_OLD: int(too_old), UNKNOWN_CELL: int(unknown_cell)})
    intake.rejected.update(line.reason for line in reading.broken_lines(con))
    counted = "SELECT reason, rows FROM surveyed WHERE reason IS NOT NULL"
    intake.rejected.update(dict(con.execute(counted).fetchall()))
    intake.rows = int(good) + intake.rejected.total()
    if intake.rejected:
        intake.bad = events.bad_rows(con, source, latest=horizon.high)
    if last_t is not None:
        intake.last_event_at = datetime.fromtimestamp(last_t / 1000, horizon.zone)
    _open_door(con)
    return intake


def _open_door(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "CREATE TEMP TABLE door"
        " (imsi TEXT, subscriber UUID, low BIGINT, high BIGINT, bucket INTEGER)"
    )
    imsis = [
        i for (i,) in con.execute("SELECT imsi FROM surveyed WHERE imsi IS NOT NULL").fetchall()
    ]
    rows = [
        (
            h.imsi,
            str(h.subscriber_ref),
            local_days.epoch_ms(h.valid_from),
            local_days.epoch_ms(h.valid_to) if h.valid_to else events.FOREVER,
            bucket_of(h.subscriber_ref),
        )
        for h in holdings(imsis)
    ]
    for start in range(0, len(rows), AT_ONCE):
        columns = [list(column) for column in zip(*rows[start : start + AT_ONCE], strict=True)]
        con.execute(
            "INSERT INTO door SELECT unnest(?::TEXT[]), unnest(?::UUID[]), unnest(?::BIGINT[]),"
            " unnest(?::BIGINT[]), unnest(?::INTEGER[])",
            columns,
        )


def _write_events(
    con: duckdb.DuckDBPyConnection, source: reading.Source, work: Path, horizon: Horizon
) -> None:
    """Second reading: what passes the door, by local day and bucket."""
    local = local_days.local_ms("e.t", horizon.first, horizon.last, horizon.zone)
    con.execute("SET preserve_insertion_order = false")
    con.execute(
        f"""COPY (
            SELECT d.subscriber, e.t, CAST(e.place AS INTEGER) AS cell,
                   {local_days.day_sql(local)} AS day, d.bucket
            FROM ({events.judged(source, latest=horizon.high)}) e
            JOIN door d ON d.imsi = e.imsi AND e.t >= d.low AND e.t < d.high
            WHERE e.reason IS NULL AND e.place IS NOT NULL
              AND e.t >= {horizon.low}
        ) TO {reading.quoted(work)} (FORMAT parquet, PARTITION_BY (day, bucket), COMPRESSION lz4,
                                     OVERWRITE_OR_IGNORE)"""
    )


def _put_away(store: Store, work: Path, intake: Intake) -> None:
    """Sort each day's bucket, name it by what is in it, and move it to its place."""
    con = reading.connect(spill=work)
    try:
        for folder in sorted(work.glob("day=*/bucket=*")):
            parts = events.in_list(sorted(folder.glob("*.parquet")))
            row = con.execute(f"SELECT count(*) FROM {parts}").fetchone()
            assert row is not None
            intake.stored += int(row[0])
            made = work / "made.parquet"
            name = write_sorted(con, f"SELECT subscriber, t, cell FROM {parts}", made)
            day = date.fromisoformat(folder.parent.name.removeprefix("day="))
            bucket = int(folder.name.removeprefix("bucket="))
            intake.files_added += store.add(made, day=day, bucket=bucket, name=name)
    finally:
        con.close()


def write_sorted(con: duckdb.DuckDBPyConnection, rows: str, target: Path) -> str:
    """Write events (subscriber, t, cell) without duplicates; the name that says what is in them."""
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE sorted AS SELECT DISTINCT subscriber, t, cell FROM ({rows})"
    )
    row = con.execute(
        """SELECT count(*), coalesce(bit_xor(h), 0), coalesce(sum(h), 0) % 18446744073709551616
        FROM (SELECT hash(subscriber, t, cell) AS h FROM sorted)"""
    ).fetchone()
    assert row is not None
    con.execute(
        f"""COPY (SELECT subscriber, t, cell FROM sorted ORDER BY subscriber, t, cell)
        TO {reading.quoted(target)} (FORMAT parquet, COMPRESSION zstd)"""
    )
    return f"{int(row[0]):x}-{int(row[1]):016x}{int(row[2]):016x}"
