"""All logs of a copy, one after the other, and then the rules over all of them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from audit.copy import LOG_NAME, LOGS, UNCOVERED
from audit.tiles import CHECKPOINT
from audit.verify.entries import Ending, Reader
from audit.verify.findings import (
    INTACT,
    TAMPERED,
    UNCHECKED,
    Finding,
    Findings,
    StopError,
    tampered,
    unverifiable,
)  # fmt: skip
from audit.verify.log import Known, Log, Walk, Workers
from audit.verify.pieces import Anchors
from audit.verify.rules import Past, broken
from audit.verify.spill import Spill
from audit.verify.years import after_pruned, check_pruned, ends, missing, open_ends

_LINES: Final = 5_000


@dataclass(frozen=True)
class Copy:
    """A folder of `audit_export`, of a mirror, or of one log in it.

    `columns`: see `Piece`. `whole`: no earlier log is missing.
    """

    folder: Path
    columns: bool = True
    whole: bool = True

    def logs(self) -> list[Log]:
        """The logs of the copy, the oldest first. Raises StopError."""
        if not (self.folder / LOGS).exists():
            if not (self.folder / CHECKPOINT).exists():
                raise StopError(unverifiable(str(self.folder), "there is no log here"))
            return [Log.open(self.folder.resolve().name, self.folder, 0)]
        names = (self.folder / LOGS).read_text().split()
        if not names or names != sorted(set(names)) or not all(map(LOG_NAME.fullmatch, names)):
            raise StopError(unverifiable(LOGS, "not a list of logs"))
        return [Log.open(name, self.folder / name, order) for order, name in enumerate(names)]


@dataclass
class Report:
    """What was found."""

    logs: list[Log]
    findings: Findings = field(default_factory=Findings)
    waiting: int = 0
    endings: list[Ending] = field(default_factory=list)

    @property
    def verdict(self) -> int:
        return self.findings.verdict

    def heads(self) -> Iterator[tuple[str, int, bytes]]:
        """How far each log may be remembered as intact."""
        for log in self.logs:
            yield log.checkpoint.origin, log.accepted, log.accepted_root

    def line(self) -> str:
        """What, and where."""
        if self.verdict != INTACT:
            return self.findings.line()
        parts = []
        for log in self.logs:
            newer = log.checkpoint.size - log.accepted
            tail = f", {newer} of them newer than the last accepted checkpoint" if newer else ""
            if log.pruned:
                tail += (
                    ", PRUNED by the published policy: how it ended was checked, its entries not"
                )
            parts.append(f"{log.checkpoint.origin} {log.checkpoint.size} entries{tail}")
        parts += open_ends(self.logs, self.endings)
        if unseen := self.findings.count[UNCHECKED]:
            parts.append(
                f"{unseen} entries rest on what began in a pruned year, and were not checked"
            )
        if self.waiting:
            parts.append(f"{self.waiting} entries wait for a checkpoint")
        return "; ".join(parts)


def verify(
    copy: Copy, anchors: Anchors, known: Sequence[tuple[str, Known]], pool: Workers, scratch: Path
) -> Report:
    """Check a copy with what is known from outside, by origin. Raises StopError."""
    report = Report(copy.logs())
    spill = Spill(scratch, sum(log.checkpoint.size for log in report.logs))
    origins = [log.checkpoint.origin for log in report.logs]
    for origin, what in known:
        if origin not in origins:
            where = f"{origin} checkpoint {what.size}"
            report.findings.add(tampered(where, "the copy has nothing of this log"))
    if len(set(origins)) != len(origins):
        report.findings.add(tampered(LOGS, "two logs with one name"))
    complete = _walk(copy, report, anchors, known, pool, spill)
    _read_uncovered(copy, report, spill)
    for log in report.logs:
        if log.pruned:
            mine, is_last = _known_of(log, known), log is report.logs[-1]
            report.findings.add(*check_pruned(log, mine, report.endings, anchors, is_last=is_last))
        if not log.accepted and anchors.keys:
            lacks = f"no checkpoint has the {anchors.policy.quorum} cosignatures that are needed"
            report.findings.add(unverifiable(log.name, lacks))
    if copy.whole:
        report.findings.add(*missing(report.logs, report.endings))
    if complete and report.verdict != TAMPERED:
        _replay(copy, report, spill, pool)
    if not anchors.keys:
        lacks = "no key was given (--key), so whose log this is and who signed it cannot be known"
        report.findings.add(unverifiable(origins[0], lacks))
    return report


def _known_of(log: Log, known: Sequence[tuple[str, Known]]) -> list[Known]:
    return [what for origin, what in known if origin == log.checkpoint.origin]


def _walk(
    copy: Copy,
    report: Report,
    anchors: Anchors,
    known: Sequence[tuple[str, Known]],
    pool: Workers,
    spill: Spill,
) -> bool:
    """Every log that has its entries; whether all could be read. The newest first: a later one says
    how an earlier one ended."""
    complete = True
    for log in reversed(report.logs):
        if not log.pruned:
            must = [*_known_of(log, known), *ends(log, report.endings)]
            walk = Walk(log, must, report.findings)
            complete &= walk.run(pool, columns=copy.columns, anchors=anchors, spill=spill)
            report.endings += log.endings
    return complete


def _read_uncovered(copy: Copy, report: Report, spill: Spill) -> None:
    """Entries that are under no checkpoint, as if they followed all others."""
    if not copy.columns or not (copy.folder / LOGS).exists():
        return
    try:
        with (copy.folder / UNCOVERED).open() as file:
            reader = Reader(UNCOVERED, len(report.logs), latest=report.logs[-1].latest)
            for place, line in enumerate(file):
                reader.uncovered(place, line)
                report.waiting += 1
                if place % _LINES == _LINES - 1:
                    _put_away(reader, report, spill)
            _put_away(reader, report, spill)
    except (FileNotFoundError, UnicodeDecodeError):
        report.findings.add(unverifiable(UNCOVERED, "the copy does not say what waits"))


def _put_away(reader: Reader, report: Report, spill: Spill) -> None:
    report.findings.add(*reader.findings)
    report.endings += reader.endings
    spill.add(reader.records, reader.names)
    reader.findings.clear()
    reader.endings.clear()
    reader.records.clear()
    reader.names.clear()


def _replay(copy: Copy, report: Report, spill: Spill, pool: Workers) -> None:
    """The rules, person by person; and names that may stand once."""
    paths = []
    for log in report.logs:
        paths.append(spill.sizes(log.order))
        with paths[-1].open("wb") as file:
            log.sizes.tofile(file)
    names = [*(log.name for log in report.logs), UNCOVERED]
    past = Past(copy.whole, after_pruned(report.logs))
    job = partial(_replay_some, spill, paths if copy.columns else None, names, past)
    for found in pool.imap(job, spill.prefixes()):
        report.findings.add(*found)


def _replay_some(
    spill: Spill, sizes: list[Path] | None, names: list[str], past: Past, prefix: str
) -> list[Finding]:
    found: list[Finding] = []
    given = spill.names_of(prefix)
    if len(set(given)) < len(given):
        again = (name for name, count in Counter(given).items() if count > 1)
        found += [tampered(name, "it stands in the log twice") for name in again]
    del given
    mapped = None if sizes is None else [spill.mapped(path) for path in sizes]
    found += broken(spill.records_of(prefix), mapped, names, past)
    return found
