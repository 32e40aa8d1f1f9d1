"""Stays on Apache Spark: the same files in, the one text of the rule, the same rows out.

For what one machine cannot hold. Spark reads the events and writes the stays itself, in pieces:
only the cells and places, which DuckDB looks up as always, go through this process, and at most
`reading.MOST_NAMED` bad rows. Addresses that only Spark reads (hdfs://, s3a://) are passed on.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import duckdb
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import Observation, SparkSession
from pyspark.sql.functions import expr

from signaling import compilation, files, reading, rule
from signaling.geography import Place
from signaling.progress import Progress
from signaling.spark.inputs import find_inputs, judged, rows_of
from signaling.spark.session import Folder, spark_session

TYPES: Final = {"VARCHAR": "string", "INTEGER": "int", "BIGINT": "bigint", "BOOLEAN": "boolean"}
LOCAL: Final = re.compile("^file:/+")
FILE_IN_ERROR: Final = re.compile(r"while reading file (\S+?)[.]?(?=\s|$)")


def compile_files(
    *,
    event_files: Sequence[str],
    cell_files: Sequence[Path],
    places: Sequence[Place],
    out: str,
    parameters: rule.Parameters,
    master: str,
) -> files.Summary:
    """What `files.compile_files` does, on Spark; `event_files` and `out` may be URLs.

    Raises reading.UnreadableFileError (then nothing is left in `out`) and session.NoSparkError.
    """
    con = reading.connect()
    try:
        rejected = files.prepare_cells(con, cell_files, places)
        with spark_session(master) as spark, naming(out):
            target = Folder(spark, out)
            if target.names():
                raise reading.UnreadableFileError(f"{out}: the folder must be empty")
            job = _Job(spark, con, parameters)
            job.summary.rejected.update(rejected)
            work = target.inside(".work")
            work.make()
            try:
                job.run(event_files, work)
                for name in work.names():
                    work.move(name, target, name)
            finally:
                work.delete()
                job.forget()
    finally:
        con.close()
    return job.summary


@contextmanager
def naming(out: str) -> Iterator[None]:
    """Turn Spark's complaints into one line; theirs go over pages and may quote what is in a file.

    Raises UnreadableFileError.
    """
    try:
        yield
    except (PySparkException, Py4JJavaError) as error:
        found = FILE_IN_ERROR.search(str(error))
        if found:
            path = LOCAL.sub("/", found[1])
            text = f"{path}: damaged or cut short; have it sent again"
        elif isinstance(error, PySparkException):
            text = f"{out}: Spark stopped: {error.getCondition() or type(error).__name__}"
        else:
            text = f"{out}: Spark stopped: {error.java_exception.getClass().getName()}"
        raise reading.UnreadableFileError(text) from None


class _Job:
    """One compilation: its session, its views, and what it has counted."""

    def __init__(
        self, spark: SparkSession, con: duckdb.DuckDBPyConnection, parameters: rule.Parameters
    ) -> None:
        self.spark, self.con, self.parameters = spark, con, parameters
        self.summary = files.Summary()
        self.views: list[str] = []

    def run(self, paths: Sequence[str], work: Folder) -> None:
        with Progress("Compiling stays on Spark", 4) as progress:
            for table in ("known_cells", "place_of_mcc", "cities", *compilation.RULE_TABLES):
                self._hand_over(table)
            self._read(paths)
            progress.advance()
            self._count()
            progress.advance()
            if self.summary.rejected:
                self._name_bad_rows(work)
            progress.advance()
            self._compile(work)
            progress.advance()

    def forget(self) -> None:
        for view in self.views:
            self.spark.catalog.dropTempView(view)

    def _view(self, name: str, frame: Any) -> None:
        frame.createOrReplaceTempView(name)
        self.views.append(name)

    def _hand_over(self, table: str) -> None:
        columns = self.con.execute(f"DESCRIBE {table}").fetchall()
        schema = ", ".join(f"`{name}` {TYPES[kind]}" for name, kind, *_ in columns)
        rows = self.con.execute(f"FROM {table}").fetchall()
        self._view(table, self.spark.createDataFrame(rows, schema))

    def _read(self, paths: Sequence[str]) -> None:
        parts = []
        for number, source in enumerate(find_inputs(self.spark, self.con, paths)):
            view = f"input_{number}"
            self._view(view, rows_of(self.spark, source))
            parts.append(judged(source, view))
        self._view("judged", self.spark.sql(" UNION ALL ".join(parts)))
        self._view(
            "sightings",
            self.spark.sql(
                "SELECT subscriber, t, place FROM judged WHERE reason IS NULL AND place IS NOT NULL"
            ),
        )

    def _count(self) -> None:
        found = self.spark.sql(
            """SELECT reason, broken, coalesce(place, -1) < 0 AS unknown, count(*) AS rows
            FROM judged GROUP BY 1, 2, 3"""
        ).collect()
        for reason, broken, unknown, rows in found:
            if not broken:
                self.summary.events += rows
            if reason is not None:
                self.summary.rejected[reason] += rows
            elif unknown:
                self.summary.unknown_cells += rows

    def _name_bad_rows(self, work: Folder) -> None:
        bad = self.spark.sql(
            f"""SELECT url_decode(replace(file, '+', '%2B')) AS file, row, reason FROM judged
            WHERE reason IS NOT NULL ORDER BY 1, 2, 3 LIMIT {reading.MOST_NAMED}"""
        ).collect()
        if bad:
            text = io.StringIO(newline="")
            rows = ((LOCAL.sub("/", file), row, reason) for file, row, reason in bad)
            csv.writer(text).writerows(rows)
            work.write(files.REJECTS, text.getvalue().encode())

    def _compile(self, work: Folder) -> None:
        seen = Observation()
        stays = self.spark.sql(rule.sql(self.parameters))
        self._view("stays", stays.observe(seen, expr("count(*) - count(city) AS jumps")))
        result = self.spark.sql(
            f"""SELECT substr(CAST(subscriber AS STRING), 2) AS imsi, c.code AS city_code,
                   timestamp_millis(start_ms) AS `start`, timestamp_millis(end_ms) AS `end`,
                   {files.kind_sql(self.parameters)} AS kind, a.code AS alt_city_code
            FROM stays s JOIN cities c ON c.city = s.city
            LEFT JOIN cities a ON a.city = s.alt_city"""
        )
        parts = work.inside("parts")
        result.sortWithinPartitions("imsi", "start", "city_code").write.parquet(parts.url)
        self.summary.jumps = seen.get["jumps"]
        counted = self.spark.read.parquet(parts.url).groupBy("kind").count().collect()
        self.summary.stays = Counter(dict(counted))
        made = [name for name in parts.names() if name.endswith(".parquet")]
        for number, name in enumerate(made):
            parts.move(name, work, f"stays-{number:04d}.parquet")
        parts.delete()
