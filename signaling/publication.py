"""From stored events to stay-points and coverage in the database: only what differs.

A bucket's affected subscribers are compiled from everything that is kept of them, what comes out is
compared with what was published, and the (subscriber, day) pairs that differ are replaced. A crash
at any point is repaired by the next run: files stay new, or the generation of the database is not
the one that the store remembers, and then everything of the bucket is published again.
"""

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from types import TracebackType
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from signaling import (
    compilation,
    digests,
    event_files,
    handover,
    local_days,
    reading,
    reduction,
    rule,
)
from signaling.models import Bucket
from signaling.store import BUCKETS, EventFile, Store

FORM: Final = 2  # of pieces and digests; another number publishes everything again
ROWS_AT_ONCE: Final = 12_000_000  # stored events that are compiled in memory at a time


@dataclass(frozen=True, slots=True)
class Days:
    """The local days whose stay-points are published."""

    first: date
    last: date
    zone: ZoneInfo


@dataclass
class Published:
    """What was done: subscribers compiled, (subscriber, day) pairs replaced, stay-points stored,
    jumps dropped."""

    subscribers: int = 0
    pairs: int = 0
    stay_points: int = 0
    jumps: int = 0


@dataclass(frozen=True, slots=True)
class Todo:
    """A bucket that needs work. `known` is what the database holds, None when that is not known;
    `everybody` is affected, or those in new files."""

    bucket: int
    files: list[EventFile]
    known: digests.DigestFile | None
    everybody: bool


def basis_of(where: Store, days: Days, parameters: rule.Parameters) -> str:
    """What stays depend on beside events: when it changes, everybody is compiled again.

    The first day is part of it, since the events before it are gone: what is published never
    depends on when it was compiled.
    """
    cells = hashlib.sha256(where.cells.read_bytes()).hexdigest()
    parts = (FORM, days.first, days.zone.key, rule.VERSION, rule.sql(parameters), cells)
    return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()[:16]


def stored_rows(files: Sequence[EventFile], zone: ZoneInfo) -> str:
    """SQL for the rows of files as (subscriber, t, cell, day, hours).

    `hours` are those that a row stands for: bit n is the n-th hour since the local midnight, so
    that a day of 25 hours has 25. Sketches bring theirs along.
    """
    parts = [
        "SELECT NULL::UUID AS subscriber, NULL::BIGINT AS t, NULL::INTEGER AS cell,"
        " NULL::DATE AS day, NULL::INTEGER AS hours WHERE false"
    ]
    groups: dict[tuple[date, bool], list[EventFile]] = {}
    for file in files:
        groups.setdefault((file.day, file.is_sketch), []).append(file)
    for (day, is_sketch), group in groups.items():
        [(_, low, _)] = local_days.day_bounds(day, day, zone)
        hours = "hours" if is_sketch else local_days.hour_bit_sql("t", low)
        parts.append(
            f"SELECT subscriber, t, cell, DATE '{day}' AS day, {hours} AS hours"
            f" FROM {event_files.rows_of(group)}"
        )
    return " UNION ALL ".join(parts)


class Publisher:
    """Compiles buckets and publishes what differs, on a DuckDB connection that knows the cells."""

    def __init__(self, where: Store, days: Days, parameters: rule.Parameters) -> None:
        self.where, self.days, self.parameters = where, days, parameters
        self.basis = basis_of(where, days, parameters)
        self.work = where.workspace()
        self.con = reading.connect(spill=self.work)

    def __enter__(self) -> "Publisher":
        cells = reading.quoted(self.where.cells)
        self.con.execute(f"CREATE TABLE cells AS FROM read_parquet({cells})")
        compilation.number_places(self.con)
        self.con.execute(
            """CREATE TABLE place_of_cell AS
            SELECT cell, place FROM cells JOIN known_cells USING (cgi)
            UNION ALL SELECT -mcc, place FROM place_of_mcc"""
        )
        self.con.execute("CREATE TABLE days (day DATE, low BIGINT, high BIGINT)")
        bounds = local_days.day_bounds(self.days.first, self.days.last, self.days.zone)
        self.con.executemany("INSERT INTO days VALUES (?, ?, ?)", bounds)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.con.close()
        shutil.rmtree(self.work)

    def todo(self) -> list[Todo]:
        """The buckets with new events, another basis, or a database that is not as it was left."""
        generations = dict(Bucket.objects.values_list("bucket", "generation"))
        by_bucket: dict[int, list[EventFile]] = {bucket: [] for bucket in range(BUCKETS)}
        for file in self.where.files():
            by_bucket[file.bucket].append(file)
        found = []
        for bucket, files in by_bucket.items():
            generation = generations.get(bucket)
            known = digests.find(self.where, bucket, generation) if generation else None
            if known is None:
                everybody = bool(files) or generation is not None
            else:
                everybody = known.basis != self.basis
            if everybody or any(file.is_new for file in files):
                found.append(Todo(bucket, files, known, everybody))
        return found

    def publish(self, job: Todo) -> Published:
        """Bring the database to what the stored events of the bucket say. Repeating it changes
        nothing."""
        published = Published()
        generation = job.known.generation if job.known else None
        slices = self.find_affected(job)
        self.con.execute(f"CREATE OR REPLACE TEMP TABLE bucket_state ({digests.COLUMNS})")
        for number in range(slices):
            published.jumps += self.compile_slice(number)
            self._compare(job, number)
            done = self._hand_over(job.bucket)
            published.stay_points += done.stay_points
            generation = done.generation or generation
            published.pairs += self._count("changed")
            self.con.execute("INSERT INTO bucket_state FROM state")
        published.subscribers = self._count("affected")
        if generation is None:  # nothing to publish, and from here on that is known
            self.con.execute("CREATE OR REPLACE TEMP TABLE part AS FROM changed LIMIT 0")
            generation = handover.hand_over(self.con, job.bucket).generation
        assert generation is not None
        self._remember(job, generation)
        self.where.mark_done(job.files)
        return published

    def find_affected(self, job: Todo) -> int:
        """The view `stored(subscriber, t, cell, day, hours)` and `affected(subscriber, n, slice)`.

        Returns the number of slices, each small enough to be compiled in memory.
        """
        con, zone = self.con, self.days.zone
        con.execute(f"CREATE OR REPLACE TEMP VIEW stored AS {stored_rows(job.files, zone)}")
        files = job.files if job.everybody else [file for file in job.files if file.is_new]
        slices = max(-(-sum(file.rows for file in job.files) // ROWS_AT_ONCE), 1)
        con.execute(
            f"""CREATE OR REPLACE TEMP TABLE affected AS
            SELECT subscriber, CAST(row_number() OVER () AS INTEGER) AS n,
                   CAST(row_number() OVER () % {slices} AS INTEGER) AS slice
            FROM (SELECT DISTINCT subscriber FROM ({stored_rows(files, zone)}))"""
        )
        return slices

    def compile_slice(self, number: int) -> int:
        """One slice of the affected: their `pieces`, stays cut at local midnights, and `state`: the
        hours of coverage and a digest of the pieces for each day with either.

        A stay's id is made of its subscriber, cities and beginning: the same in all of its pieces,
        and the same again when it is compiled again. Where it began before the window, when is no
        part of it: that leaves the store while the stay goes on.
        """
        con = self.con
        con.execute(
            f"""CREATE OR REPLACE TEMP TABLE taken AS
            SELECT a.n AS subscriber, s.t, p.place, s.day, s.hours
            FROM stored s JOIN affected a ON a.subscriber = s.subscriber AND a.slice = {number}
            LEFT JOIN place_of_cell p ON p.cell = s.cell"""
        )
        reduction.prepare(con)
        reduction.reduce(con, 0)
        reduction.sightings(con, 0, 1)
        compiled = compilation.apply_rule(con, self.parameters)
        con.execute(
            """CREATE OR REPLACE TEMP TABLE pieces AS
            SELECT d.day, u.subscriber,
                   CAST(md5_number_lower(concat_ws(':', u.subscriber, c.code,
                            a.code, CASE WHEN s.start_ms < w.low THEN -1 ELSE s.start_ms END)) >> 1
                        AS BIGINT) AS stay_id,
                   CASE WHEN s.alt_city IS NULL THEN 'stay' ELSE 'border' END AS kind,
                   c.code AS city_code, a.code AS alt_city_code,
                   greatest(s.start_ms, d.low) AS start_ms, least(s.end_ms, d.high) AS end_ms
            FROM stays s
            JOIN days d ON s.start_ms < d.high AND s.end_ms > d.low AND s.start_ms < s.end_ms
            CROSS JOIN (SELECT min(low) AS low FROM days) w
            JOIN affected u ON u.n = s.subscriber
            JOIN cities c ON c.city = s.city
            LEFT JOIN cities a ON a.city = s.alt_city"""
        )
        con.execute(
            """CREATE OR REPLACE TEMP TABLE state AS
            WITH coverage AS (
                SELECT u.subscriber, t.day, t.hours
                FROM (SELECT subscriber, day, bit_or(hours) AS hours FROM taken GROUP BY ALL) t
                SEMI JOIN days USING (day)
                JOIN affected u ON u.n = t.subscriber
            ), points AS (
                SELECT subscriber, day,
                       bit_xor(hash(stay_id, kind, city_code, alt_city_code, start_ms, end_ms))
                       AS points
                FROM pieces GROUP BY ALL
            )
            SELECT subscriber, day, coalesce(hours, 0) AS hours, coalesce(points, 0) AS points
            FROM coverage FULL JOIN points USING (subscriber, day)"""
        )
        return compiled.jumps

    def _compare(self, job: Todo, number: int) -> None:
        """The pairs that are not in the database as they should be: `changed(subscriber, day,
        part)`, all of a subscriber's in one part."""
        who = f"SELECT subscriber FROM affected WHERE slice = {number}"
        if job.known is None:
            pairs = f"SELECT subscriber, day FROM ({who}) CROSS JOIN days"
        else:
            pairs = f"""
                SELECT subscriber, day FROM state s
                FULL JOIN (SELECT * FROM {digests.rows_of(job.known)}
                           WHERE subscriber IN ({who}) AND day IN (SELECT day FROM days)) k
                    USING (subscriber, day)
                WHERE s.hours IS DISTINCT FROM k.hours OR s.points IS DISTINCT FROM k.points"""
        self.con.execute(
            f"""CREATE OR REPLACE TEMP TABLE changed AS
            SELECT subscriber, day, CAST((dense_rank() OVER (ORDER BY subscriber) - 1)
                                         // {handover.SUBSCRIBERS_AT_ONCE} AS INTEGER) AS part
            FROM ({pairs})"""
        )

    def _hand_over(self, bucket: int) -> handover.HandedOver:
        """Publish `changed`, part after part."""
        row = self.con.execute("SELECT coalesce(max(part) + 1, 0) FROM changed").fetchone()
        total = handover.HandedOver(0, None)
        for part in range(row[0] if row else 0):
            self.con.execute(
                "CREATE OR REPLACE TEMP TABLE part AS"
                f" SELECT subscriber, day FROM changed WHERE part = {part}"
            )
            done = handover.hand_over(self.con, bucket)
            total = handover.HandedOver(total.stay_points + done.stay_points, done.generation)
        return total

    def _remember(self, job: Todo, generation: UUID) -> None:
        """Of the affected what was compiled now, of the others what was known, in the window."""
        rows = f"""SELECT * FROM bucket_state
            UNION ALL
            SELECT * FROM {digests.rows_of(None if job.everybody else job.known)}
            WHERE day >= DATE '{self.days.first}'
              AND subscriber NOT IN (SELECT subscriber FROM affected)"""
        made = self.work / "digests.parquet"
        digests.write(self.con, rows, made)
        digests.keep(self.where, made, job.bucket, generation, self.basis)

    def _count(self, table: str) -> int:
        row = self.con.execute(f"SELECT count(*) FROM {table}").fetchone()
        return int(row[0]) if row else 0
