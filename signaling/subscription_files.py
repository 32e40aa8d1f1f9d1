"""Subscription files: `msisdn, imsi, id_last4, valid_from, valid_to`, to tenures.

The end of the identity document is read only where people are asked for it (`ID_CHECK`), and leaves
this module as a keyed hash.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import duckdb
from django.conf import settings
from django.db import transaction

from audit.services import record
from core import numbers
from core.numbers import SenderKind
from signaling import reading
from signaling.events import IMSI_PATTERN
from signaling.progress import Progress
from signaling.pseudonyms import imsi_index
from signaling.rejects import RejectFile
from signaling.store import Store
from subscribers import ids, loading

COLUMNS: Final = ("msisdn", "imsi", "valid_from", "valid_to")
ID_COLUMN: Final = "id_last4"
AT_ONCE: Final = 10_000


NO_NUMBER: Final = "msisdn is not a possible E.164 number"
NO_IMSI: Final = "imsi is not 6 to 15 digits"
NO_BEGIN: Final = "valid_from is neither ISO 8601 nor epoch milliseconds"
NO_END: Final = "valid_to is neither ISO 8601 nor epoch milliseconds"
NO_TIME: Final = "valid_to is not after valid_from"


@dataclass
class Report:
    files: int = 0
    rows: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    erased: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    reject_file: Path | None = None
    unreadable: list[str] = field(default_factory=list)
    is_fresh: bool = False


@dataclass
class _Refused:
    """Rows of one file that cannot be used: counted, and the first of them named."""

    counts: Counter[str] = field(default_factory=Counter)
    rows: list[tuple[int, str]] = field(default_factory=list)  # (row, reason)

    def add(self, row: int, reason: str) -> None:
        self.counts[reason] += 1
        if len(self.rows) < reading.MOST_NAMED:
            self.rows.append((row, reason))


def load_subscriptions(
    *, paths: Sequence[Path], complete: bool = True, by: str = "operator"
) -> Report:
    """Load files one after the other, each in one transaction.

    A file that cannot be read is named in the report and nothing of it is loaded; the others are.
    Afterwards the data counts as fresh, if this is `complete`, every file went in, and at least
    one row could be used.
    """
    report = Report()
    where = Store(Path(settings.SIGNALING_STORE))
    where.prepare_rejects()
    reject_file = RejectFile(where, "subscriptions", ("msisdn", "imsi", "valid_from", "valid_to"))
    with Progress("Loading subscriptions", len(paths)) as progress:
        for path in paths:
            try:
                _load_file(path, report, reject_file, by)
            except reading.UnreadableFileError as error:
                report.unreadable.append(str(error))
            progress.advance()
    report.reject_file = reject_file.path
    used = report.added + report.changed + report.unchanged + report.erased
    if used and complete and not report.unreadable:
        loading.note_fresh()  # a file that said nothing usable refreshed nothing
        report.is_fresh = True
    return report


def _load_file(path: Path, report: Report, reject_file: RejectFile, by: str) -> None:
    con = reading.connect()
    refused = _Refused()
    with transaction.atomic():
        with reading.naming(path):
            source = reading.open_source(con, path, COLUMNS)
            loaded = loading.load(rows=_rows(con, source, refused), most=reading.MOST_NAMED)
        broken = reading.broken_lines(con)
        rejected = refused.counts + loaded.refused + Counter(line.reason for line in broken)
        _set_aside(con, source, reject_file, sorted([*refused.rows, *loaded.named]), broken)
        record(
            event="import.done",
            by=by,
            fields={
                "kind": "subscriptions",
                "rows": loaded.added + loaded.changed + loaded.unchanged,
                "rejected": rejected.total(),
            },
        )
    report.files += 1
    report.rows += loaded.rows + refused.counts.total() + len(broken)
    report.added += loaded.added
    report.changed += loaded.changed
    report.unchanged += loaded.unchanged
    report.erased += loaded.erased
    report.rejected += rejected


def _select(source: reading.Source) -> str:
    return f"""SELECT {reading.row_number(source)} AS row,
        {reading.text(source, "msisdn")} AS msisdn, {reading.text(source, "imsi")} AS imsi,
        {_id_last4(source)} AS id_last4,
        {reading.milliseconds(source, "valid_from")} AS low,
        {reading.milliseconds(source, "valid_to")} AS high,
        nullif(trim(CAST(valid_from AS TEXT)), '') AS low_text,
        nullif(trim(CAST(valid_to AS TEXT)), '') AS high_text
        FROM {source.sql}"""


def _id_last4(source: reading.Source) -> str:
    """SQL for the end of the ID, where it is of use and the file has it."""
    is_read = settings.ID_CHECK and ID_COLUMN in source.types
    return reading.text(source, ID_COLUMN) if is_read else "NULL"


def _judged(source: reading.Source) -> str:
    """SELECT of every row as (row, msisdn, imsi, id_last4, low, high, reason); the number is not
    judged, nor is the ID: a row is no worse for a missing one."""
    units = f"BETWEEN {reading.SMALLEST_MILLISECONDS} AND {reading.LARGEST_MILLISECONDS}"
    return f"""SELECT row, msisdn, imsi, id_last4, low, high, CASE
            WHEN imsi IS NULL OR NOT regexp_full_match(imsi, '{IMSI_PATTERN}') THEN '{NO_IMSI}'
            WHEN low IS NULL OR low NOT {units} THEN '{NO_BEGIN}'
            WHEN high_text IS NOT NULL AND (high IS NULL OR high NOT {units}) THEN '{NO_END}'
            WHEN high <= low THEN '{NO_TIME}' END AS reason
        FROM ({_select(source)})"""


def _rows(
    con: duckdb.DuckDBPyConnection, source: reading.Source, refused: _Refused
) -> Iterator[loading.Row]:
    """Usable rows; the others go to `refused`."""
    result = con.execute(_judged(source))
    while chunk := result.fetchmany(AT_ONCE):
        for row, msisdn, imsi, id_last4, low, high, reason in chunk:
            number = numbers.parse(msisdn or "")
            if number.kind not in (SenderKind.MOBILE, SenderKind.LANDLINE):
                refused.add(row, NO_NUMBER)
            elif reason:
                refused.add(row, reason)
            else:
                index, valid_from = numbers.number_index(number.address), _moment(low)
                last4 = ids.read(id_last4 or "")
                yield loading.Row(
                    line=row,
                    msisdn_index=index,
                    imsi_index=imsi_index(imsi),
                    valid_from=valid_from,
                    valid_to=None if high is None else _moment(high),
                    id_digest=ids.digest(index, valid_from, last4) if last4 else None,
                )


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _set_aside(
    con: duckdb.DuckDBPyConnection,
    source: reading.Source,
    reject_file: RejectFile,
    refused: Sequence[tuple[int, str]],
    broken: Sequence[reading.Broken],
) -> None:
    """Write the refused rows with what they hold, so that they can be mended and loaded."""
    refused = refused[: reading.MOST_NAMED]
    rows = [row for row, _ in refused]
    lines, named = reading.line_numbers(source, rows, broken)
    if refused:
        values = con.execute(
            f"SELECT msisdn, imsi, low_text, high_text FROM ({_select(source)})"
            " WHERE row IN (SELECT unnest(?::BIGINT[])) ORDER BY row",
            [rows],
        ).fetchall()
        reasons = [reason for _, reason in refused]
        reject_file.add(
            source.path,
            [(n, why, *held) for n, why, held in zip(lines, reasons, values, strict=True)],
        )
    reject_file.add(source.path, named)
