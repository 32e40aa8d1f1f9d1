"""A chain of years: a later log says how each one ended; of a pruned year that is all there is."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from audit.copy import KEPT_YEARS
from audit.verify.entries import Ending
from audit.verify.findings import Finding, tampered, unverifiable
from audit.verify.log import Known, Log
from audit.verify.pieces import Anchors, judge


def year_of(log: Log) -> str:
    """The year in its name, or whatever stands there."""
    return log.checkpoint.origin.rpartition("/")[2]


def said_of(log: Log, endings: Iterable[Ending], event: str = "log.began") -> list[Ending]:
    """What later logs say of this one."""
    return [e for e in endings if str(e.year) == year_of(log) and e.event == event]


def ends(log: Log, endings: Iterable[Ending]) -> list[Known]:
    """What the tree of this log must agree with, because a later one says so."""
    return [
        Known(e.size, e.root, f"{e.where} says it ended otherwise") for e in said_of(log, endings)
    ]


def check_pruned(
    log: Log, known: Iterable[Known], endings: Sequence[Ending], anchors: Anchors, *, is_last: bool
) -> Iterator[Finding]:
    """Of a log whose entries are gone: whether it ended so, and they went when they might.

    `is_last`: the copy has no later log, which alone could say so.
    """
    size, root = log.checkpoint.size, log.checkpoint.root
    where = f"{log.name} checkpoint {size}"
    finding, accepted = judge(log.note, log.checkpoint.origin, where, anchors)
    if finding:
        yield finding
    if accepted:
        log.accepted, log.accepted_root = size, root
    for what in known:
        if what.size > size:
            yield tampered(where, "the log was longer when it was seen before")
        elif what.size < size:
            yield unverifiable(where, f"it was pruned: what it was at {what.size} cannot be seen")
        elif what.root != root:
            yield tampered(where, what.otherwise)
    if is_last:
        yield unverifiable(where, "it was pruned, and the copy lacks the later logs that say so")
    else:
        yield from _held_against(log, endings, where)


def _held_against(log: Log, endings: Iterable[Ending], where: str) -> Iterator[Finding]:
    """A pruned log against what later ones say of it."""
    end = log.checkpoint.size, log.checkpoint.root
    said = [ending for ending in endings if (ending.size, ending.root) == end]
    if not said_of(log, said):
        yield tampered(where, "it was pruned, and no later log says that it ended like this")
    done = said_of(log, said, "log.pruned")
    if not done:
        yield tampered(where, "its entries are gone, and no log says that they were pruned")
    elif done[0].occurred_at < _over(int(year_of(log))):
        yield tampered(where, f"it was pruned before {KEPT_YEARS} full years were over")


def after_pruned(logs: Sequence[Log]) -> int | None:
    """The order of the log of the year after the last one that was pruned, if there is one."""
    pruned = [int(year_of(log)) for log in logs if log.pruned and year_of(log).isdecimal()]
    following = [log.order for log in logs if pruned and year_of(log) == str(pruned[-1] + 1)]
    return following[0] if following else None


def missing(logs: Sequence[Log], endings: Iterable[Ending]) -> Iterator[Finding]:
    """Years that the logs speak of and the copy lacks."""
    years = {year_of(log) for log in logs}
    for ending in endings:
        if str(ending.year) not in years:
            yield unverifiable(ending.where, f"the copy lacks the log of {ending.year}")


def open_ends(logs: Sequence[Log], endings: Sequence[Ending]) -> Iterator[str]:
    """What is not certain yet: logs of earlier years of which no later one says how they ended."""
    for log in logs[:-1]:
        size, root = log.checkpoint.size, log.checkpoint.root
        if not any((e.size, e.root) == (size, root) for e in said_of(log, endings)):
            yield f"no later log says yet how {log.checkpoint.origin} ended"


def _over(year: int) -> datetime:
    return datetime(year + 1 + KEPT_YEARS, 1, 1, tzinfo=UTC)
