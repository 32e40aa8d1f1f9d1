"""The door: a file of events becomes stored events of subscribers, and loses its IMSIs.

Two readings of the file. The first counts and gathers the distinct IMSIs, for which references are
looked up; the second writes what has a reference and a time that is still taken. A cell that is not
known is stored as the country of its MCC: a negative number, -460 for China. DuckDB may not spill
to disk here, since what it holds still carries IMSIs.
"""

import hashlib
import shutil
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import duckdb

from core.clock import start_of_day
from signaling import event_files, events, local_days, reading
from signaling.pseudonyms import holdings
from signaling.store import Store, bucket_of

CLOCK_SKEW: Final = timedelta(minutes=5)  # a network element may run ahead of us by this much
ROWS_HELD: Final = 65_536  # by each thread while it writes: hundreds of parts are open at once
AT_ONCE: Final = 50_000  # rows handed to DuckDB in one statement

TOO_OLD: Final = "older than what is kept"
NO_SUBSCRIBER: Final = "no subscription holds the IMSI at that time"


@dataclass(frozen=True, slots=True)
class Horizon:
    """Which moments are taken: from the beginning of `first` until a little after `now`, without
    the days that are sealed."""

    first: date
    now: datetime
    zone: ZoneInfo
    sealed: tuple[date, ...] = ()

    @property
    def low(self) -> int:
        return local_days.epoch_ms(start_of_day(self.first, self.zone))

    @property
    def high(self) -> int:
        return local_days.epoch_ms(self.now + CLOCK_SKEW)

    @property
    def last(self) -> date:
        return (self.now + CLOCK_SKEW).astimezone(self.zone).date()

    def day_sql(self, column: str) -> str:
        """SQL for the local day of a moment (epoch ms)."""
        local = local_days.local_ms(column, self.first, self.last, self.zone)
        return local_days.day_sql(local)

    def late_sql(self, column: str) -> str:
        """SQL for whether a moment (epoch ms) lies in a sealed day."""
        spans = [local_days.day_bounds(day, day, self.zone)[0] for day in self.sealed]
        tests = (f"{column} >= {low} AND {column} < {high}" for _, low, high in spans)
        return " OR ".join(tests) or "false"


@dataclass
class Intake:
    """What became of one file's rows."""

    rows: int = 0
    stored: int = 0
    unknown_cells: int = 0  # of the stored ones
    left_out: Counter[str] = field(default_factory=Counter)  # good rows that are of no use
    rejected: Counter[str] = field(default_factory=Counter)  # bad rows, by reason
    bad: list[tuple[int, str]] = field(default_factory=list)  # (line, reason); the first of them
    late: Counter[date] = field(default_factory=Counter)  # rejected ones, by their day
    last_event_at: datetime | None = None
    last_of_day: dict[date, datetime] = field(default_factory=dict)  # of stored events

    @property
    def waiting(self) -> int:
        """Rows that may become useful: once a subscription, or their cell, has been loaded."""
        return self.left_out[NO_SUBSCRIBER] + self.unknown_cells

    @property
    def future(self) -> int:
        return self.rejected[events.FUTURE]


def digest_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def take_in(store: Store, path: Path, horizon: Horizon) -> Intake:
    """Store the events of a file. Raises reading.UnreadableFileError; then nothing is stored.

    Stopped in between, it has stored some of the file: the whole file again brings the rest.
    """
    con = reading.connect()
    work = store.workspace()
    try:
        con.execute(events.AS_WRITTEN)
        con.execute(
            "CREATE TABLE known_cells AS SELECT cgi, cell AS place"
            f" FROM read_parquet({reading.quoted(store.cells)}) WHERE city_code IS NOT NULL"
        )
        with reading.naming(path):
            source = events.open_events(con, path)
            intake = _survey(con, source, horizon)
            _write_events(con, source, work, horizon)
        con.close()
        _put_away(store, work, intake, horizon.zone)
    finally:
        con.close()
        shutil.rmtree(work)
    known = intake.rows - intake.rejected.total() - intake.left_out.total()
    intake.left_out[NO_SUBSCRIBER] = known - intake.stored
    return intake


def _judged(source: reading.Source, horizon: Horizon) -> str:
    return events.judged(source, latest=horizon.high, late=horizon.late_sql("t"))


def _survey(con: duckdb.DuckDBPyConnection, source: reading.Source, horizon: Horizon) -> Intake:
    """First reading: counts, bad rows, and the table `door` of references by IMSI."""
    con.execute(
        f"""CREATE TEMP TABLE surveyed AS
        SELECT CASE WHEN reason IS NULL THEN imsi END AS imsi, reason,
               CASE WHEN reason = '{events.LATE}' THEN {horizon.day_sql("t")} END AS late_for,
               count(*) AS rows,
               count(*) FILTER (WHERE t < {horizon.low}) AS too_old,
               max(t) AS last_t
        FROM ({_judged(source, horizon)}) GROUP BY 1, 2, 3"""
    )
    row = con.execute(
        """SELECT coalesce(sum(rows), 0), coalesce(sum(too_old), 0), max(last_t)
        FROM surveyed WHERE reason IS NULL"""
    ).fetchone()
    assert row is not None
    good, too_old, last_t = row
    intake = Intake()
    intake.left_out[TOO_OLD] = int(too_old)
    intake.rejected.update(line.reason for line in reading.broken_lines(con))
    counted = "SELECT reason, late_for, rows FROM surveyed WHERE reason IS NOT NULL"
    for reason, day, rows in con.execute(counted).fetchall():
        intake.rejected[reason] += rows
        if day is not None:
            intake.late[day] += rows
    intake.rows = int(good) + intake.rejected.total()
    if intake.rejected:
        intake.bad = events.bad_rows(con, source, latest=horizon.high, late=horizon.late_sql("t"))
    if last_t is not None:
        intake.last_event_at = _moment(last_t, horizon.zone)
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
    con.execute("SET preserve_insertion_order = false")
    con.execute(f"SET partitioned_write_flush_threshold = {ROWS_HELD}")
    con.execute(
        f"""COPY (
            SELECT d.subscriber, e.t,
                   CAST(coalesce(e.place, -TRY_CAST(split_part(e.cgi, '-', 1) AS INTEGER))
                        AS INTEGER) AS cell,
                   {horizon.day_sql("e.t")} AS day, d.bucket
            FROM ({_judged(source, horizon)}) e
            JOIN door d ON d.imsi = e.imsi AND e.t >= d.low AND e.t < d.high
            WHERE e.reason IS NULL AND e.t >= {horizon.low}
        ) TO {reading.quoted(work)} (FORMAT parquet, PARTITION_BY (day, bucket), COMPRESSION lz4,
                                     ROW_GROUP_SIZE {ROWS_HELD // 4}, OVERWRITE_OR_IGNORE)"""
    )


def _put_away(store: Store, work: Path, intake: Intake, zone: ZoneInfo) -> None:
    """Sort each day's bucket, name it by what is in it, and move it to its place."""
    con = reading.connect(spill=work)
    try:
        for folder in sorted(work.glob("day=*/bucket=*")):
            parts = events.in_list(sorted(folder.glob("*.parquet")))
            row = con.execute(
                f"SELECT count(*), count(*) FILTER (cell <= 0), max(t) FROM {parts}"
            ).fetchone()
            assert row is not None
            rows, unknown_cells, last_t = row
            intake.stored += rows
            intake.unknown_cells += unknown_cells
            made = work / "made.parquet"
            name = event_files.write(con, parts, made)
            day = date.fromisoformat(folder.parent.name.removeprefix("day="))
            bucket = int(folder.name.removeprefix("bucket="))
            store.add(made, day=day, bucket=bucket, name=name)
            last = _moment(last_t, zone)
            intake.last_of_day[day] = max(last, intake.last_of_day.get(day, last))
    finally:
        con.close()


def _moment(milliseconds: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, zone)
