"""What the database holds, as the store remembers it: so that only what differs is published.

One file per bucket, named by the bucket, the generation that the database gave the bucket when it
was last changed, and the basis that its stays were compiled on. Its rows are (subscriber, day,
hours, points): the hours of coverage, 0 where there is none, and a digest of the stay-points, 0
where there are none. The database cannot be asked for the same: ingestion may not read it.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final
from uuid import UUID

import duckdb

from signaling import reading
from signaling.store import Store, put

COLUMNS: Final = "subscriber UUID, day DATE, hours INTEGER, points UBIGINT"


@dataclass(frozen=True, slots=True)
class DigestFile:
    path: Path

    @property
    def bucket(self) -> int:
        return int(self._part(0))

    @property
    def generation(self) -> UUID:
        return UUID(hex=self._part(1))

    @property
    def basis(self) -> str:
        return self._part(2)

    def _part(self, number: int) -> str:
        return self.path.name.removesuffix(".parquet").split("-")[number]


def files(where: Store) -> list[DigestFile]:
    return [DigestFile(path) for path in sorted(where.digests.glob("*.parquet"))]


def find(where: Store, bucket: int, generation: UUID) -> DigestFile | None:
    """The bucket's file, if it is of this generation of the database."""
    for file in files(where):
        if file.bucket == bucket and file.generation == generation:
            return file
    return None


def rows_of(file: DigestFile | None) -> str:
    """SQL for the rows of a file, or for none."""
    if file is None:
        return f"(SELECT {_nulls()} LIMIT 0)"
    return f"read_parquet({reading.quoted(file.path)})"


def write(con: duckdb.DuckDBPyConnection, rows: str, target: Path) -> None:
    con.execute(f"COPY ({rows}) TO {reading.quoted(target)} (FORMAT parquet, COMPRESSION lz4)")


def keep(where: Store, made: Path, bucket: int, generation: UUID, basis: str) -> None:
    """Remember a finished file for a bucket; what was remembered before goes."""
    before = [file for file in files(where) if file.bucket == bucket]
    target = where.digests / f"{bucket:02d}-{generation.hex}-{basis}.parquet"
    put(made, target)
    for file in before:
        if file.path != target:
            file.path.unlink()


def subscribers_by_day(where: Store, con: duckdb.DuckDBPyConnection) -> dict[date, int]:
    """On how many subscribers there is data, by day."""
    found = [file.path for file in files(where)]
    if not found:
        return {}
    listed = ", ".join(reading.quoted(path) for path in found)
    rows = con.execute(
        f"SELECT day, count(*) FROM read_parquet([{listed}]) WHERE hours > 0 GROUP BY day"
    )
    return dict(rows.fetchall())


def forget(
    where: Store, con: duckdb.DuckDBPyConnection, bucket: int, gone: str, work: Path
) -> None:
    """Remove the subscribers of the relation `gone(subscriber)` from the bucket's file."""
    for file in files(where):
        if file.bucket == bucket:
            made = work / "digests.parquet"
            rows = f"SELECT * FROM {rows_of(file)} WHERE subscriber NOT IN (FROM {gone})"
            write(con, rows, made)
            put(made, file.path)


def _nulls() -> str:
    names = (column.split() for column in COLUMNS.split(", "))
    return ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in names)
