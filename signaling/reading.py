"""Files in: CSV with a header (plain or gzip) and Parquet, read by DuckDB as text where it matters.

Identifiers stay text throughout: guessing types turns an IMSI into a number and strips a leading
zero or plus.
"""

import csv
import errno
import gzip
import os
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

from signaling import lines

SUFFIXES: Final = (".csv", ".csv.gz", ".gz", ".parquet")
SMALLEST_MILLISECONDS: Final = 10**11  # 1973 in milliseconds, the year 5138 in seconds
LARGEST_MILLISECONDS: Final = 253_402_300_799_999  # the end of 9999; 1978 in microseconds
# Moments in text, as far as every engine understands them alike.
WHOLE: Final = r"[+-]?\d{1,18}"
MOMENT: Final = (
    r"\d{4}-\d\d?-\d\d?([T ]([01]?\d|2[0-3]):[0-5]?\d"
    r"(:[0-5]?\d([.]\d{0,9})?(Z| UTC|[+-](0\d|1[0-7])(:?[0-5]\d)?)?)?)?"
)
LINE_REJECTS: Final = "line_rejects"
MOST_BROKEN: Final = 100_000  # complaints about lines, after which a file is not CSV of ours
MOST_NAMED: Final = 100_000  # bad rows that are named by their line; all are counted
LONGEST_LINE: Final = 65_536
AT_ONCE: Final = 1 << 20
NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # disk, quota, limit of a file

# What a file is when it is not what it should be, by its first bytes.
FOREIGN: Final = (
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd"),
    (b"BZh", "compressed with bzip2"),
    (b"\xfd7zXZ", "compressed with xz"),
    (b"\xff\xfe", "in UTF-16"),
    (b"\xfe\xff", "in UTF-16"),
    (b"Obj\x01", "an Avro file"),
    (b"ORC", "an ORC file"),
)
TAKEN: Final = "CSV in UTF-8 (plain or gzip) or Parquet is expected"
COLUMN_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_ ]{0,30}")


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
    """Turn DuckDB's complaints about a file into one line; theirs may quote what is in it.

    Raises UnreadableFileError; OSError when the disk is full, which is not the file's fault.
    """
    try:
        yield
    except duckdb.OutOfMemoryException:
        raise UnreadableFileError(
            f"{path}: needs more memory than there is; split it into smaller files"
        ) from None
    except duckdb.InvalidInputException:
        raise UnreadableFileError(
            f"{path}: damaged, or its line endings are mixed: give every line the same one"
        ) from None
    except duckdb.Error as error:
        for number in NO_ROOM:
            if os.strerror(number) in str(error):
                raise OSError(number, os.strerror(number)) from None
        raise UnreadableFileError(f"{path}: damaged or cut short; have it sent again") from None


def find_files(paths: Sequence[Path]) -> tuple[list[Path], list[str]]:
    """Files, with folders replaced by the files in them; and what cannot be read, in words.

    Names that begin with a dot or an underscore are left out: by custom they are not finished, or
    no data.
    """
    found: list[Path] = []
    problems: list[str] = []
    for path in dict.fromkeys(paths):
        if path.is_dir():
            inside = _files_in(path, problems)
            if not inside:
                problems.append(f"{path}: no {', '.join(SUFFIXES)} files in this folder")
            found.extend(inside)
        elif path.is_file():
            found.append(path)
        else:
            problems.append(f"{path}: {'not a file' if path.exists() else 'no such file'}")
    return [path for path in found if _is_readable(path, problems)], problems


def _is_readable(path: Path, problems: list[str]) -> bool:
    try:
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        problems.append(f"{path}: {error.strerror}")
        return False
    return True


def _files_in(folder: Path, problems: list[str]) -> list[Path]:
    def complain(error: OSError) -> None:
        problems.append(f"{error.filename}: {error.strerror}")

    return sorted(
        Path(parent, name)
        for parent, _, names in os.walk(folder, onerror=complain)
        for name in names
        if name.endswith(SUFFIXES) and not name.startswith((".", "_"))
    )


def expand(paths: Sequence[Path]) -> list[Path]:
    """The same for those who take all files or none. Raises UnreadableFileError."""
    found, problems = find_files(paths)
    if problems:
        raise UnreadableFileError("; ".join(problems))
    return found


def quoted(text: object) -> str:
    return "'" + str(text).replace("'", "''") + "'"


def open_source(
    con: duckdb.DuckDBPyConnection,
    path: Path,
    required: Sequence[str],
) -> Source:
    """Look at a file and say how to read it. Raises UnreadableFileError, no bare DuckDB error."""
    try:
        with path.open("rb") as file:
            first = file.read(LONGEST_LINE)
        packed = first[:2] == b"\x1f\x8b"
        if packed:
            first = _unpacked(path)
    except (OSError, EOFError, zlib.error) as error:
        raise _damaged(path, error) from None
    if first[:4] == b"PAR1" and not packed:
        return _parquet(con, path, required)
    return _csv(path, first, required, packed=packed)


def _unpacked(path: Path) -> bytes:
    """The beginning of a gzip file. All of it is read: DuckDB does not look at the check sums."""
    with gzip.open(path, "rb") as file:
        first = file.read(LONGEST_LINE)
        while file.read(AT_ONCE):
            pass
    return first


def _damaged(path: Path, error: Exception) -> UnreadableFileError:
    reason = error.strerror if isinstance(error, OSError) else None
    return UnreadableFileError(f"{path}: {reason or 'damaged or cut short; have it sent again'}")


def read_whole(path: Path, *, most: int) -> str:
    """A small text file, plain or gzip. Raises UnreadableFileError."""
    try:
        with lines.open_bytes(path) as file:
            content = file.read(most + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise _damaged(path, error) from None
    if len(content) > most:
        raise UnreadableFileError(f"{path}: larger than {most >> 20} MiB; simplify its shapes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableFileError(f"{path}: not text in UTF-8") from None


def _header(path: Path, first: bytes, required: Sequence[str]) -> list[str]:
    """The names in the first line. What the line holds is not repeated: it may be a data row."""
    for magic, what in (*FOREIGN, (b"PAR1", "Parquet inside gzip")):
        if first.startswith(magic):
            raise UnreadableFileError(f"{path}: it is {what}; {TAKEN}")
    if not first:
        raise UnreadableFileError(f"{path}: the file is empty; at least a header is expected")
    line = re.split(rb"[\r\n]", first.removeprefix(b"\xef\xbb\xbf"), maxsplit=1)[0]
    try:
        text = line.decode()
    except UnicodeDecodeError:
        raise UnreadableFileError(f"{path}: its first line is not text; {TAKEN}") from None
    names = [name.strip().lower() for name in next(csv.reader([text]), [])]
    for mark, word in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        if set(required) <= {name.strip(' "').lower() for name in text.split(mark)}:
            raise UnreadableFileError(f"{path}: its columns are separated by {word}, not commas")
    _missing(path, names, required)
    if len(set(names)) != len(names) or "" in names:
        raise UnreadableFileError(
            f"{path}: the header repeats a column or leaves one without a name"
        )
    return names


def _missing(path: Path, have: Sequence[str], required: Sequence[str]) -> None:
    missing = [name for name in required if name not in have]
    if not missing:
        return
    if not have or not all(COLUMN_NAME.fullmatch(name) for name in have):
        raise UnreadableFileError(f"{path}: the first line must name {', '.join(required)}")
    raise UnreadableFileError(
        f"{path}: missing column(s) {', '.join(missing)}; it has {', '.join(have[:20])}"
    )


def _csv(path: Path, first: bytes, required: Sequence[str], *, packed: bool) -> Source:
    names = _header(path, first, required)
    columns = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in names)
    sql = (
        f"read_csv({quoted(path)}, auto_detect = false, header = true, delim = ',', quote = '\"', "
        f"escape = '\"', columns = {{{columns}}}, max_line_size = {LONGEST_LINE}, "
        f"compression = '{'gzip' if packed else 'none'}', store_rejects = true, "
        f"rejects_table = '{LINE_REJECTS}', rejects_scan = '{LINE_REJECTS}_scan', "
        f"rejects_limit = {MOST_BROKEN})"
    )
    return Source(path, "csv", sql, dict.fromkeys(names, "VARCHAR"))


def _parquet(con: duckdb.DuckDBPyConnection, path: Path, required: Sequence[str]) -> Source:
    sql = f"read_parquet({quoted(path)}, file_row_number = true, hive_partitioning = false)"
    try:
        described = con.execute(f"DESCRIBE SELECT * FROM {sql}").fetchall()
    except duckdb.Error:
        raise UnreadableFileError(f"{path}: not a whole Parquet file; have it sent again") from None
    types = {row[0].lower(): row[1] for row in described if row[0] != "file_row_number"}
    _missing(path, list(types), required)
    return Source(path, "parquet", sql, types)


def text(source: Source, column: str) -> str:
    """SQL for a column as text without surrounding blanks."""
    name = f'"{column}"'
    return f"trim({name})" if source.types[column] == "VARCHAR" else f"CAST({name} AS VARCHAR)"


def milliseconds(source: Source, column: str) -> str:
    """SQL for a moment as epoch milliseconds (BIGINT), NULL where it cannot be read.

    Text is ISO 8601 or epoch milliseconds, as `MOMENT` and `WHOLE` say; without a zone it is UTC.
    """
    name, kind = f'"{column}"', source.types[column]
    if kind == "VARCHAR":
        # Trimmed only where blanks are in the way, which is rare: trimming costs more than reading.
        return f"""CASE WHEN regexp_full_match({name}, ' *{MOMENT} *')
                THEN epoch_ms(coalesce(TRY_CAST({name} AS TIMESTAMPTZ),
                                       TRY_CAST(trim({name}) AS TIMESTAMPTZ)))
            WHEN regexp_full_match({name}, ' *{WHOLE} *') THEN TRY_CAST({name} AS BIGINT) END"""
    if kind.startswith("TIMESTAMP"):
        zone = "TIMESTAMPTZ" if "TIME ZONE" in kind else "TIMESTAMP"
        return f"epoch_ms(TRY_CAST({name} AS {zone}))"
    if kind in {"BIGINT", "UBIGINT", "INTEGER", "UINTEGER", "HUGEINT"}:
        return f"TRY_CAST({name} AS BIGINT)"
    raise UnreadableFileError(
        f"{source.path}: column {column} is {kind}; a timestamp, text or epoch ms is expected"
    )


def row_number(source: Source) -> str:
    """SQL for the position of a row among the readable rows of its file, from 0."""
    return "file_row_number" if source.kind == "parquet" else "row_number() OVER () - 1"


@dataclass(frozen=True, slots=True)
class Broken:
    """A line that could not be taken apart, and where it begins (bytes, from 0)."""

    offset: int
    reason: str


def broken_lines(con: duckdb.DuckDBPyConnection) -> list[Broken]:
    """What the last complete reading of a CSV could not take apart.

    Raises UnreadableFileError when that is so much that DuckDB stopped noting it.
    """
    try:
        rows = con.execute(
            "SELECT line_byte_position - 1, min(lower(CAST(error_type AS VARCHAR))), count(*),"
            f" min(file_path) FROM {LINE_REJECTS} JOIN {LINE_REJECTS}_scan USING (scan_id, file_id)"
            " GROUP BY 1 ORDER BY 1"
        ).fetchall()
    except duckdb.CatalogException:
        return []
    if sum(complaints for _, _, complaints, _ in rows) >= MOST_BROKEN:
        raise UnreadableFileError(
            f"{rows[0][3]}: too many lines do not have the header's columns; is it the right file?"
        )
    return [Broken(int(offset), REASONS.get(reason, reason)) for offset, reason, *_ in rows]


# What DuckDB calls it, and what an operator can do something with.
REASONS: Final = {
    "missing columns": "line has fewer columns than the header",
    "too many columns": "line has more columns than the header",
    "unquoted value": "line has a quote that is not closed, or text after it",
    "line size over maximum": f"line is longer than {LONGEST_LINE} bytes",
    "invalid encoding": "line is not UTF-8",
}


def forget_broken_lines(con: duckdb.DuckDBPyConnection) -> None:
    """DuckDB gathers them over all readings of a connection."""
    for table in (LINE_REJECTS, f"{LINE_REJECTS}_scan"):
        con.execute(f"DROP TABLE IF EXISTS {table}")


def line_numbers(
    source: Source, rows: Sequence[int], broken: Sequence[Broken]
) -> tuple[list[int], list[tuple[int, str]]]:
    """Lines of the file for positions among its readable rows (ascending), and (line, reason) of
    the broken ones. Of a Parquet file the row is given, counted from 1.

    Raises UnreadableFileError when a quote that never closes has swallowed lines.
    """
    if source.kind == "parquet":
        return [row + 1 for row in rows], []
    try:
        return lines.find(source.path, rows, [(line.offset, line.reason) for line in broken])
    except lines.OpenQuoteError as error:
        raise UnreadableFileError(
            f"{source.path}: the quote that opens on line {error.line} never closes"
        ) from None
