"""Event files as Spark reads them: rows judged by the same rules as on DuckDB.

A cluster reads a large CSV in pieces, so bad rows of a CSV have no line; those of a Parquet file
have their number.
"""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb
from pyspark.sql import DataFrame, SparkSession

from signaling import events, reading
from signaling.cells import CGI_PATTERN
from signaling.spark.session import Folder, url_of

BROKEN: Final = "_broken"  # the column for lines that cannot be taken apart
GLOB: Final = re.compile(r"[][{}*?\\]")  # what would make a pattern of a name


@dataclass(frozen=True, slots=True)
class Input:
    """Files that are read alike. `columns`: name to Spark's type; all text for CSV."""

    kind: str  # csv | parquet
    urls: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]
    same_header: bool


def find_inputs(
    spark: SparkSession, con: duckdb.DuckDBPyConnection, paths: Sequence[str]
) -> list[Input]:
    """Local paths are looked at as on DuckDB; what a URL names must all be of one kind.

    Raises reading.UnreadableFileError.
    """
    local = reading.expand([Path(path) for path in paths if "://" not in path])
    alike: dict[tuple[str, tuple[str, ...]], list[Path]] = {}
    for path in local:
        source = events.open_events(con, path)
        reading.milliseconds(source, "timestamp")
        alike.setdefault((source.kind, tuple(map(str, source.types.items()))), []).append(path)
    inputs = [
        _looked_at(spark, kind, [GLOB.sub(r"\\\g<0>", url_of(str(path))) for path in group], True)
        for (kind, _), group in alike.items()
    ]
    return inputs + [_at_url(spark, path) for path in paths if "://" in path]


def _at_url(spark: SparkSession, url: str) -> Input:
    found = [
        file
        for file in Folder(spark, url).files()
        if file.endswith(reading.SUFFIXES) and not file.rpartition("/")[2].startswith((".", "_"))
    ]
    if not found:
        raise reading.UnreadableFileError(f"{url}: no {', '.join(reading.SUFFIXES)} files there")
    kinds = {"parquet" if file.endswith(".parquet") else "csv" for file in found}
    if len(kinds) > 1:
        raise reading.UnreadableFileError(f"{url}: CSV and Parquet together; name them one by one")
    return _looked_at(spark, kinds.pop(), found, False)


def _looked_at(spark: SparkSession, kind: str, urls: list[str], same_header: bool) -> Input:
    if kind == "parquet":
        columns = [(n.lower(), t) for n, t in spark.read.parquet(urls[0]).dtypes]
    else:
        first = spark.read.text(urls[0]).first()
        names = next(csv.reader([first[0] if first else ""]), [])
        columns = [(name.strip().lower(), "string") for name in names]
    have = [name for name, _ in columns]
    missing = [name for name in events.COLUMNS if name not in have]
    if missing:
        raise reading.UnreadableFileError(f"{urls[0]}: missing column(s) {', '.join(missing)}")
    return Input(kind, tuple(urls), tuple(columns), same_header)


def rows_of(spark: SparkSession, source: Input) -> DataFrame:
    """The rows with where they stand: `_file` and `_row`, from 1 and of a Parquet file only."""
    if source.kind == "parquet":
        rows = spark.read.parquet(*source.urls)
        return rows.selectExpr("*", "_metadata.file_path _file", "_metadata.row_index + 1 _row")
    schema = ", ".join(f"`{name}` string" for name in [*dict(source.columns), BROKEN])
    rows = spark.read.csv(
        list(source.urls),
        schema=schema,
        header=True,
        enforceSchema=source.same_header,
        mode="PERMISSIVE",
        columnNameOfCorruptRecord=BROKEN,
        escape='"',
    )
    return rows.selectExpr("*", "_metadata.file_path _file", "CAST(NULL AS BIGINT) _row")


def judged(source: Input, view: str) -> str:
    """SELECT of a view's rows as (subscriber, t, place, reason, broken, file, row).

    The same judgement as `events.judged`; `broken` is a line that cannot be taken apart. The
    leading 1 keeps the leading zeros of an IMSI in a number.
    """
    columns = dict(source.columns)
    text = BROKEN if source.kind == "csv" else "CAST(NULL AS STRING)"
    return f"""SELECT
            CASE WHEN reason IS NULL THEN CAST(concat('1', imsi) AS BIGINT) END AS subscriber,
            t, place, reason, text IS NOT NULL AS broken, file, row
        FROM (
            SELECT /*+ BROADCAST(k), BROADCAST(m) */ e.*, coalesce(k.place, m.place) AS place, CASE
                WHEN text IS NOT NULL THEN {_what_is_broken(len(columns))}
                WHEN imsi IS NULL OR NOT imsi RLIKE {_whole(events.IMSI_PATTERN)}
                    THEN '{events.BAD_IMSI}'
                WHEN t IS NULL THEN '{events.BAD_TIMESTAMP}'
                WHEN t NOT BETWEEN {reading.SMALLEST_MILLISECONDS}
                               AND {reading.LARGEST_MILLISECONDS} THEN '{events.BAD_UNIT}'
                WHEN k.place IS NULL
                     AND coalesce(NOT e.cgi RLIKE {_whole(CGI_PATTERN)}, true)
                    THEN '{events.BAD_CGI}' END AS reason
            FROM (SELECT trim(CAST(imsi AS STRING)) AS imsi, trim(CAST(cgi AS STRING)) AS cgi,
                         {_milliseconds(columns["timestamp"])} AS t, {text} AS text,
                         _file AS file, _row AS row
                  FROM {view}) e
            LEFT JOIN known_cells k ON k.cgi = e.cgi
            LEFT JOIN place_of_mcc m
              ON m.mcc = CASE WHEN k.place IS NULL THEN try_cast(left(e.cgi, 3) AS INT) END)"""


def _whole(pattern: str) -> str:
    return rf"r'\A{pattern}\z'"


def _what_is_broken(columns: int) -> str:
    commas = "length(text) - length(replace(text, ',', ''))"
    fewer, more = reading.REASONS["missing columns"], reading.REASONS["too many columns"]
    return f"CASE WHEN {commas} < {columns - 1} THEN '{fewer}' ELSE '{more}' END"


def _milliseconds(kind: str) -> str:
    """SQL for `timestamp` as epoch milliseconds, NULL where it cannot be read.

    DuckDB rounds to microseconds, and those to milliseconds. Spark cuts off: the seventh decimal,
    and half a millisecond, make the difference.
    """
    if kind in ("timestamp", "timestamp_ntz"):
        return "(unix_micros(CAST(timestamp AS TIMESTAMP)) + 500) DIV 1000"
    if kind != "string":
        return "try_cast(timestamp AS BIGINT)"
    text = "trim(timestamp)"
    carry = rf"CASE WHEN {text} RLIKE r'[.]\d{{6}}[5-9]' THEN 1 ELSE 0 END"
    moment = f"unix_micros(try_cast({text} AS TIMESTAMP)) + {carry}"
    return f"""CASE WHEN {text} RLIKE {_whole(reading.WHOLE)} THEN try_cast({text} AS BIGINT)
        WHEN {text} RLIKE {_whole(reading.MOMENT)} THEN ({moment} + 500) DIV 1000 END"""
