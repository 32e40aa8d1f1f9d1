"""Files of people to be asked: CSV as spreadsheets write it. docs/portal.md describes the columns.

What is wrong is told by line, and concerns the form of the line alone.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from consent import sharing_codes
from core.numbers import SenderKind, number_index, parse
from core.text import fold
from verification.forms import reference_problem

MOST_ROWS = 10_000
MOST_BYTES = 2_000_000
LONGEST_LINE = 500
#: What a column may be called, folded. Anything else in the file is not read.
COLUMNS = {
    "NUMBER": "number", "PHONE": "number", "手机号": "number", "手机号码": "number",
    "号码": "number", "电话": "number",
    "CODE": "code", "分享码": "code",
    "REFERENCE": "reference", "编号": "reference", "备注": "reference",
}  # fmt: skip


class FileError(ValueError):
    """The file as a whole cannot be read; the message is a key of the words `file.*`."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the file; with `problem`, a key of the words `row.*`, nobody is asked for it."""

    line: int
    number: str = field(default="", repr=False)
    code: str = field(default="", repr=False)
    reference: str = field(default="", repr=False)
    problem: str = ""


def read(content: bytes) -> list[Row]:
    """The rows of a file, empty lines left out. Raises FileError."""
    if len(content) > MOST_BYTES:
        raise FileError("too_large")
    lines = _decoded(content).splitlines(keepends=True)
    if any(len(line) > LONGEST_LINE for line in lines):
        raise FileError("not_csv")
    if not lines:
        raise FileError("empty")
    reader = csv.reader(io.StringIO("".join(lines), newline=""), delimiter=_delimiter(lines[0]))
    try:
        columns = _columns(next(reader))
        filled = (
            _row(reader.line_num, cells, columns)
            for cells in reader
            if any(cell.strip() for cell in cells)
        )
        rows = list(islice(filled, MOST_ROWS + 1))
    except (csv.Error, StopIteration) as error:
        raise FileError("not_csv") from error
    if not rows:
        raise FileError("empty")
    if len(rows) > MOST_ROWS:
        raise FileError("too_many")
    return list(_named_once(rows))


def _decoded(content: bytes) -> str:
    """UTF-8 or UTF-16 by their marks, else UTF-8, else the GB18030 of Chinese spreadsheets."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        names = ["utf-16"]
    else:
        names = ["utf-8-sig", "gb18030"]
    for name in names:
        try:
            text = content.decode(name)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise FileError("not_text")


def _delimiter(head: str) -> str:
    return max(",;\t", key=head.count)


def _columns(head: list[str]) -> dict[str, int]:
    """Name of a column -> its place. A file without people's numbers or codes is none of ours."""
    found: dict[str, int] = {}
    for place, title in enumerate(head):
        name = COLUMNS.get(fold(title))
        if name in found:
            raise FileError("column_twice")
        if name:
            found[name] = place
    if not found.keys() & {"number", "code"}:
        raise FileError("no_column")
    return found


def _row(line: int, cells: list[str], columns: dict[str, int]) -> Row:
    texts = {
        name: cells[place].strip().removeprefix("'") if place < len(cells) else ""
        for name, place in columns.items()
    }
    return Row(line, problem=problem_of(**texts), **texts)


def problem_of(number: str = "", code: str = "", reference: str = "") -> str:
    """What is wrong with the form of a line; empty when nothing is."""
    if bool(number) == bool(code):
        return "number_or_code"
    if number and parse(number).kind is not SenderKind.MOBILE:
        return "not_a_mobile_number"
    if code:
        try:
            sharing_codes.read(code)
        except sharing_codes.SharingCodeError:
            return "not_a_code"
    return reference_problem(reference)


def _named_once(rows: list[Row]) -> Iterator[Row]:
    """Whoever stands in the file twice is asked once."""
    seen: set[str | bytes] = set()
    for row in rows:
        if row.problem:
            yield Row(row.line, problem=row.problem)
            continue
        who: str | bytes = (
            number_index(parse(row.number).address) if row.number else sharing_codes.read(row.code)
        )
        yield Row(row.line, problem="twice") if who in seen else row
        seen.add(who)
