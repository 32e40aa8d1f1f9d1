"""Subscription files: `msisdn, imsi, id_last4, valid_from, valid_to`, to tenures.

The last digits of the identity document are not read: nothing here has a use for them yet.
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
from subscribers import loading

COLUMNS: Final = ("msisdn", "imsi", "valid_from", "valid_to")
AT_ONCE: Final = 10_000


@dataclass
class Report:
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    erased: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    reject_file: Path | None = None


def load_subscriptions(*, paths: Sequence[Path], by: str = "operator") -> Report:
    """Load files one after the other, each in one transaction; then the data counts as fresh,
    unless not a single row could be used.

    Raises reading.UnreadableFileError; files before the unreadable one stay loaded.
    """
    report = Report()
    where = Store(Path(settings.SIGNALING_STORE))
    where.prepare_rejects()
    reject_file = RejectFile(where, "subscriptions", ("msisdn", "imsi", "valid_from", "valid_to"))
    with Progress("Loading subscriptions", len(paths)) as progress:
        for path in paths:
            _load_file(path, report, reject_file, by)
            progress.advance()
    report.reject_file = reject_file.path
    if report.added + report.changed + report.unchanged + report.erased:
        loading.note_fresh()  # a file that said nothing usable refreshed nothing
    return report


def _load_file(path: Path, report: Report, reject_file: RejectFile, by: str) -> None:
    con = reading.connect()
    bad: list[tuple[int, str]] = []
    with transaction.atomic():
        with reading.naming(path):
            source = reading.open_source(con, path, COLUMNS)
            loaded = loading.load(rows=_rows(con, source, bad))
        broken = reading.broken_lines(con)
        refused = dict(_to_file_lines(source, bad + loaded.refused, [n for n, _ in broken]))
        rejected = sorted([*refused.items(), *broken])
        record(
            event="import.done",
            by=by,
            fields={
                "kind": "subscriptions",
                "rows": loaded.added + loaded.changed + loaded.unchanged,
                "rejected": len(rejected),
            },
        )
    _set_aside(con, source, reject_file, bad + loaded.refused, broken)
    report.added += loaded.added
    report.changed += loaded.changed
    report.unchanged += loaded.unchanged
    report.erased += loaded.erased
    report.rejected.update(reason for _, reason in rejected)


def _select(source: reading.Source) -> str:
    return f"""SELECT {reading.row_number(source)} AS row,
        {reading.text(source, "msisdn")} AS msisdn, {reading.text(source, "imsi")} AS imsi,
        {reading.milliseconds(source, "valid_from")} AS low,
        {reading.milliseconds(source, "valid_to")} AS high,
        nullif(trim(CAST(valid_from AS TEXT)), '') AS low_text,
        nullif(trim(CAST(valid_to AS TEXT)), '') AS high_text,
        regexp_full_match({reading.text(source, "imsi")}, '{IMSI_PATTERN}') AS imsi_fits
        FROM {source.sql}"""


def _rows(
    con: duckdb.DuckDBPyConnection, source: reading.Source, bad: list[tuple[int, str]]
) -> Iterator[loading.Row]:
    """Usable rows; the others go to `bad` as (row, reason)."""
    result = con.execute(_select(source))
    while chunk := result.fetchmany(AT_ONCE):
        for row, msisdn, imsi, low, high, _, high_text, imsi_fits in chunk:
            number = numbers.parse(msisdn or "")
            if number.kind not in (SenderKind.MOBILE, SenderKind.LANDLINE):
                bad.append((row, "msisdn is not a possible E.164 number"))
            elif not imsi_fits:
                bad.append((row, "imsi is not 6 to 15 digits"))
            elif low is None:
                bad.append((row, "valid_from is not a moment"))
            elif high is None and high_text is not None:
                bad.append((row, "valid_to is not a moment"))
            elif high is not None and high <= low:
                bad.append((row, "valid_to is not after valid_from"))
            else:
                yield loading.Row(
                    line=row,
                    msisdn_index=numbers.number_index(number.address),
                    imsi_index=imsi_index(imsi),
                    valid_from=_moment(low),
                    valid_to=None if high is None else _moment(high),
                )


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _to_file_lines(
    source: reading.Source, rows: Sequence[tuple[int, str]], broken: Sequence[int]
) -> Iterator[tuple[int, str]]:
    ordered = sorted(rows)
    header = 1 if source.kind == "csv" else 0
    lines = reading.line_numbers([row for row, _ in ordered], broken, header=header)
    for line, (_, reason) in zip(lines, ordered, strict=True):
        yield line, reason


def _set_aside(
    con: duckdb.DuckDBPyConnection,
    source: reading.Source,
    reject_file: RejectFile,
    refused: Sequence[tuple[int, str]],
    broken: Sequence[tuple[int, str]],
) -> None:
    """Write the refused rows with what they hold, so that they can be mended and loaded."""
    wanted = {
        row: (line, reason)
        for (row, _), (line, reason) in zip(
            sorted(refused), _to_file_lines(source, refused, [n for n, _ in broken]), strict=True
        )
    }
    if wanted:
        result = con.execute(
            f"SELECT row, msisdn, imsi, low_text, high_text FROM ({_select(source)})"
            " WHERE row IN (SELECT unnest(?::BIGINT[])) ORDER BY row",
            [sorted(wanted)],
        )
        reject_file.add(
            source.path, [(*wanted[row], *values) for row, *values in result.fetchall()]
        )
    reject_file.add(source.path, broken)
