"""A report in words: for a page and for a terminal. Needs no Django."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from verification.claims import Statement
from verification.reading import Report, Standing, Verdict
from verification.words import WORDS

Words = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that an answer says; `items` where it is a list. One row is the answer itself."""

    label: str
    text: str
    items: tuple[str, ...] = ()
    is_answer: bool = False


@dataclass(frozen=True, slots=True)
class Wording:
    """`rows` are there when the signature is good; `notes` say what was and was not checked."""

    finding: str
    rows: tuple[Row, ...]
    notes: tuple[str, ...]


def worded(report: Report, language: str, *, audience_known: bool = False) -> Wording:
    """The report in one of the languages of `words`."""
    said = report.statement
    spoken = WORDS[language]
    names = {"issuer": said.issuer, "status_list": said.status_list} if said else {}
    # What was taken back is not repeated.
    is_shown = report.standing is not Standing.WITHDRAWN
    rows = tuple(_rows(said, spoken)) if said and is_shown else ()
    notes = tuple(_notes(report, said, spoken, audience_known)) if said else ()
    return Wording(spoken[report.finding].format(**names), rows, notes)


def _rows(said: Statement, words: Words) -> Iterator[Row]:
    named = f"{said.audience_name} ({said.audience})" if said.audience_name else str(said.audience)
    yield Row(words["audience"], named)
    yield Row(words["number"], words["number_is"].format(last_two=said.last_two))
    first, last = said.first_day.isoformat(), said.last_day.isoformat()
    period = words["period_is"].format(first=first, last=last, days=said.days)
    yield Row(words["period"], period)
    places = ", ".join(_place(code, said) for code in said.places)
    question = words[said.question].format(hours=said.minimum_hours, places=places)
    yield Row(words["question"], question)
    answer = words[said.answer].format(count=len(said.listed))
    items = (
        f"{words['or'].join(_place(code, said) for code in line.codes)}: {_ranges(line.days)}"
        for line in said.listed
    )
    yield Row(words["answer"], answer, tuple(items), is_answer=True)
    through = said.data_through.isoformat() if said.data_through else words["no_through"]
    seen = words["seen_is"].format(
        with_data=said.days_with_data,
        days=said.days,
        covered=said.days_covered,
        hours=said.hours_observed,
        through=through,
    )
    yield Row(words["seen"], seen)
    rule = words["rule_is"].format(version=said.rule_version, hours=said.minimum_hours)
    yield Row(words["rule"], rule)
    issued = words["issued_is"].format(issued=_time(said.issued_at), expires=_time(said.expires_at))
    yield Row(words["issued"], issued)
    references = words["references_are"].format(
        id=said.id, consent=said.consent, entry=said.log_entry, nonce=said.nonce
    )
    yield Row(words["references"], references)


def _notes(report: Report, said: Statement, words: Words, audience_known: bool) -> Iterator[str]:
    """Only for an answer that may be relied on: of another, nothing more need be checked."""
    if report.verdict is not Verdict.GENUINE:
        return
    if report.as_of:
        yield words["stands"].format(as_of=_time(report.as_of))
    else:
        yield words["status_unchecked"].format(status_list=said.status_list)
    yield words["holder_unchecked"]
    if not audience_known:
        audience = said.audience_name or said.audience
        yield words["audience_unchecked"].format(audience=audience)


def _place(code: str, said: Statement) -> str:
    return f"{said.names[code]} ({code})" if code in said.names else code


def _ranges(days: tuple[date, ...]) -> str:
    """Days as ranges: 2026-11-09 to 12 is 2026-11-09/2026-11-12 (ISO 8601)."""
    breaks = [n for n, (a, b) in enumerate(pairwise(days), 1) if b - a > timedelta(days=1)]
    bounds = pairwise([0, *breaks, len(days)])
    ranges = [(days[start], days[end - 1]) for start, end in bounds if end > start]
    return ", ".join(f"{a}" if a == b else f"{a}/{b}" for a, b in ranges)


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"
