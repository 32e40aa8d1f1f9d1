"""Which line of a CSV file a row stands on: DuckDB counts rows, people look lines up.

Blank lines are no rows, a quoted value may go over several lines, and a line that cannot be taken
apart is not among the rows that were read. So the file is gone through once more, line by line,
but only when there is something to name.
"""

import gzip
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, cast

# What may follow at the beginning of a value: a whole quoted one with its closing quote, or a
# plain one. A quote inside a plain value is just a character.
VALUE: Final = re.compile(rb'(?:"(?:[^"]|"")*"[^,]*|(?!")[^,]*)(?:,|$)')


class OpenQuoteError(Exception):
    """A quoted value never ends; `line` is where it begins."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


@dataclass(frozen=True, slots=True)
class Record:
    """A row as it stands in the file: where it begins (bytes) and on which lines (from 1)."""

    offset: int
    line: int
    lines: int


def open_bytes(path: Path) -> BinaryIO:
    """A file's content, unpacked when it is gzip."""
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return cast(BinaryIO, gzip.open(path, "rb")) if packed else path.open("rb")


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Lines with their ends: LF, CRLF or CR."""
    for line in file:
        if b"\r" in line[:-2]:
            yield from line.splitlines(keepends=True)
        else:
            yield line


def _is_open(record: bytes) -> bool:
    """Whether a quoted value at the end of this text still waits for its closing quote."""
    text, at = record.rstrip(b"\r\n"), 0
    while at < len(text):
        value = VALUE.match(text, at)
        if value is None:
            return True
        at = value.end()
    return False


def records(path: Path) -> Iterator[Record]:
    """Every record after the header. Raises OpenQuoteError."""
    with open_bytes(path) as file:
        offset = number = 0
        lines = _lines(file)
        for line in lines:
            begin, first, whole = offset, number + 1, line
            offset, number = offset + len(line), number + 1
            while b'"' in whole and _is_open(whole):
                more = next(lines, None)
                if more is None:
                    raise OpenQuoteError(first)
                whole += more
                offset, number = offset + len(more), number + 1
            if first > 1 and line not in (b"\n", b"\r\n", b"\r"):
                yield Record(begin, first, number - first + 1)


def find(
    path: Path, rows: Sequence[int], broken: Sequence[tuple[int, str]]
) -> tuple[list[int], list[tuple[int, str]]]:
    """The lines of the rows at these positions (ascending, from 0, among the readable rows), and
    (line, reason) of the broken records, given by the offset at which they begin (ascending).

    DuckDB counts blank lines to the record after them, so that a broken record may begin after
    its offset. Raises OpenQuoteError where a broken record goes over its line: an opened quote
    swallowed what follows, and rows would be lost uncounted.
    """
    found: list[int] = []
    named: list[tuple[int, str]] = []
    row = 0
    for record in records(path):
        if len(found) == len(rows) and len(named) == len(broken):
            break
        if len(named) < len(broken) and broken[len(named)][0] <= record.offset:
            if record.lines > 1:
                raise OpenQuoteError(record.line)
            named.append((record.line, broken[len(named)][1]))
            continue
        if len(found) < len(rows) and rows[len(found)] == row:
            found.append(record.line)
        row += 1
    return found, named
