"""Files in: CSV with a header (plain or gzip) and Parquet, read by DuckDB as text where it matters.

Identifiers stay text throughout: guessing types turns an IMSI into a number and strips a leading
zero or plus.
"""

import csv
import gzip
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

SUFFIXES: Final = (".csv", ".csv.gz", ".gz", ".parquet")
SMALLEST_MILLISECONDS: Final = 10**11  # 1973 in milliseconds, the year 5138 in seconds
LINE_REJECTS: Final = "line_rejects"


class UnreadableFileError(Exception):
    """A file that cannot be taken at all; the text names the file and what to do."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file as a relation: `sql` goes into FROM, `types` are DuckDB's names by column."""

    path: Path
    kind: str  # csv | parquet
    sql: str
    types: dict[str, str]


def connect(*, spill: Path | None = None, threads: int | None = None) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB that fetches no extension and, without `spill`, writes no file."""
    con = duckdb.connect(":memory:")
    con.execute("SET autoinstall_known_extensions = false")
    con.execute("SET autoload_known_extensions = false")
    con.execute("SET TimeZone = 'UTC'")
    con.execute("SET enable_progress_bar = false")
    con.execute("SET temp_directory = ?", [str(spill) if spill else ""])
    if threads:
        con.execute(f"SET threads = {int(threads)}")
    return con


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Turn DuckDB's complaints about a file into one line; theirs may quote what is in it."""
    try:
        yield
    except duckdb.InvalidInputException:
        raise UnreadableFileError(
            f"{path}: not readable as one kind of CSV; are its line endings mixed?"
        ) from None
    except duckdb.IOException:
        raise UnreadableFileError(f"{path}: the file is damaged or cut short") from None


def expand(paths: Sequence[Path]) -> list[Path]:
    """Files, with folders replaced by the files in them. Raises UnreadableFileError."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.name.endswith(SUFFIXES))
            if not inside:
                raise UnreadableFileError(f"{path}: no {', '.join(SUFFIXES)} files in this folder")
            found.extend(inside)
        elif path.is_file():
            found.append(path)
        else:
            raise UnreadableFileError(f"{path}: no such file")
    return found


def quoted(text: object) -> str:
    return "'" + str(text).replace("'", "''") + "'"


def open_source(
    con: duckdb.DuckDBPyConnection,
    path: Path,
    required: Sequence[str],
) -> Source:
    """Look at a file and say how to read it. Raises UnreadableFileError, no bare DuckDB error."""
    with path.open("rb") as file:
        magic = file.read(4)
    if magic == b"PAR1":
        return _parquet(con, path, required)
    return _csv(path, magic, required)


def header_of(path: Path, *, compressed: bool) -> list[str]:
    try:
        if compressed:
            with gzip.open(path, "rt", encoding="utf-8-sig", newline="") as file:
                first = file.readline()
        else:
            with path.open(encoding="utf-8-sig", newline="") as file:
                first = file.readline()
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise UnreadableFileError(f"{path}: {type(error).__name__} in the first line") from None
    return [name.strip() for name in next(csv.reader([first]), [])]


def _missing(path: Path, have: Sequence[str], required: Sequence[str]) -> None:
    missing = [name for name in required if name not in have]
    if missing:
        raise UnreadableFileError(
            f"{path}: missing column(s) {', '.join(missing)}; it has {', '.join(have) or 'none'}"
        )


def _csv(path: Path, magic: bytes, required: Sequence[str]) -> Source:
    if not magic:
        raise UnreadableFileError(f"{path}: the file is empty; at least a header is expected")
    compressed = magic[:2] == b"\x1f\x8b"
    names = header_of(path, compressed=compressed)
    _missing(path, names, required)
    if len(set(names)) != len(names) or "" in names:
        raise UnreadableFileError(
            f"{path}: the header repeats a column or leaves one without a name"
        )
    columns = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in names)
    sql = (
        f"read_csv({quoted(path)}, auto_detect = false, header = true, delim = ',', quote = '\"', "
        f"escape = '\"', columns = {{{columns}}}, "
        f"compression = '{'gzip' if compressed else 'none'}', store_rejects = true, "
        f"rejects_table = '{LINE_REJECTS}', rejects_scan = '{LINE_REJECTS}_scan')"
    )
    return Source(path, "csv", sql, dict.fromkeys(names, "VARCHAR"))


def _parquet(con: duckdb.DuckDBPyConnection, path: Path, required: Sequence[str]) -> Source:
    sql = f"read_parquet({quoted(path)}, file_row_number = true, hive_partitioning = false)"
    try:
        described = con.execute(f"DESCRIBE SELECT * FROM {sql}").fetchall()
    except duckdb.Error:
        raise UnreadableFileError(f"{path}: not a complete Parquet file") from None
    types = {row[0]: row[1] for row in described if row[0] != "file_row_number"}
    _missing(path, list(types), required)
    return Source(path, "parquet", sql, types)


def text(source: Source, column: str) -> str:
    """SQL for a column as text without surrounding blanks."""
    name = f'"{column}"'
    return f"trim({name})" if source.types[column] == "VARCHAR" else f"CAST({name} AS VARCHAR)"


def milliseconds(source: Source, column: str) -> str:
    """SQL for a moment as epoch milliseconds (BIGINT), NULL where it cannot be read.

    Text is ISO 8601 or epoch milliseconds; without a zone it is UTC.
    """
    name, kind = f'"{column}"', source.types[column]
    if kind == "VARCHAR":
        return f"coalesce(TRY_CAST({name} AS BIGINT), epoch_ms(TRY_CAST({name} AS TIMESTAMPTZ)))"
    if kind.startswith("TIMESTAMP"):
        zone = "TIMESTAMPTZ" if "TIME ZONE" in kind else "TIMESTAMP"
        return f"epoch_ms(CAST({name} AS {zone}))"
    if kind in {"BIGINT", "UBIGINT", "INTEGER", "UINTEGER", "HUGEINT"}:
        return f"TRY_CAST({name} AS BIGINT)"
    raise UnreadableFileError(
        f"{source.path}: column {column} is {kind}; a timestamp, text or epoch ms is expected"
    )


def row_number(source: Source) -> str:
    """SQL for the position of a row among the readable rows of its file, from 0."""
    return "file_row_number" if source.kind == "parquet" else "row_number() OVER () - 1"


def broken_lines(con: duckdb.DuckDBPyConnection) -> list[tuple[int, str]]:
    """(line, reason) of the lines that the last complete reading of a CSV could not take apart."""
    try:
        rows = con.execute(
            f"SELECT line, min(lower(CAST(error_type AS VARCHAR))) FROM {LINE_REJECTS}"
            " GROUP BY line ORDER BY line"
        ).fetchall()
    except duckdb.CatalogException:
        return []
    return [(int(line), str(reason)) for line, reason in rows]


def forget_broken_lines(con: duckdb.DuckDBPyConnection) -> None:
    """DuckDB gathers them over all readings of a connection."""
    for table in (LINE_REJECTS, f"{LINE_REJECTS}_scan"):
        con.execute(f"DROP TABLE IF EXISTS {table}")


def line_numbers(rows: Sequence[int], broken: Sequence[int], *, header: int) -> Iterator[int]:
    """Lines of the file for positions among the readable rows (both ascending)."""
    passed = 0
    for row in rows:
        line = row + 1 + header + passed
        while passed < len(broken) and broken[passed] <= line:
            passed += 1
            line += 1
        yield line
