"""Who looked at what is held of one person, or tried to: read from the log itself.

Each look is one thread of entries: an access of the person's own, an organisation's question from
the moment it was put, one that nobody was asked, or a member of staff who looked at records. What
auditors read of the log is one look a day.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.functions import TruncDate

from audit.models import Entry
from audit.selectors import entries_about

ACCESS = (
    "access.claimed",
    "access.fetched",
    "access.released",
    "access.delivered",
    "access.denied",
)
#: Of a consent that an organisation asked for. A person's own are no look at anybody.
ASKED = (
    "consent.requested",
    "consent.notice_sent",
    "consent.notice_delivered",
    "consent.granted",
    "consent.refused",
    "consent.expired",
    "consent.withdrawn",
    "consent.invalidated",
    "consent.superseded",
    "consent.consumed",
    "consent.recalled",
)
STAFF = ("staff.viewed_subject", "dispute.viewed", "auditor.resolved", "hold.set", "hold.lifted")
#: Auditors read entries, page by page: of a day (UTC) the last one stands for all, or they would
#: push every other look out of sight.
READING = ("auditor.searched", "auditor.viewed_entry", "export.made")
#: What one question leaves at most: asked, sent, delivered, granted, claimed, fetched, released,
#: delivered, consumed, recalled.
MOST_ENTRIES = 10


@dataclass(frozen=True, slots=True)
class Look:
    """One look, or one attempt. `who`: person, organisation, operator, staff or auditor.

    `event` and `reason` are those of its last entry and say what came of it. `entry_id` is the
    entry that proves it: that of the release if there was one, else the last; `content` its body.
    """

    at: datetime
    who: str
    org_ref: UUID | None
    event: str
    reason: str
    entry_id: int
    content: dict[str, Any]

    @property
    def purpose(self) -> str:
        return str(self.content.get("purpose_code", ""))

    @property
    def question(self) -> str:
        return str(self.content.get("question", ""))

    @property
    def period(self) -> tuple[date, date] | None:
        """The days that were looked at, both included; None when nothing was."""
        if self.content["event"] != "access.released":
            return None
        first, last = self.content["window_from"], self.content["window_to"]
        return date.fromisoformat(first), date.fromisoformat(last)


def looks(subject_ref: UUID, limit: int = 5) -> list[Look]:
    """The last looks at one person, the one with the latest news first."""
    entries = [*_entries(subject_ref)[: limit * MOST_ENTRIES], *_reading(subject_ref)[:limit]]
    return _folded(entries)[:limit]


def all_looks(subject_ref: UUID) -> list[Look]:
    """Every look at one person, the one with the latest news first."""
    return _folded([*_entries(subject_ref), *_reading(subject_ref)])


def look_of(subject_ref: UUID, entry_id: int) -> Look | None:
    """The look that an entry belongs to; None when it is not about this person."""
    of_entry = _entries(subject_ref).filter(id=entry_id).first()
    if of_entry is None:
        read = entries_about(subject_ref, READING).filter(id=entry_id).first()
        return _look([read]) if read else None
    about = {"consent_id": of_entry.consent_id} if of_entry.consent_id else {"id": entry_id}
    thread = _thread(of_entry)
    entries = [e for e in _entries(subject_ref).filter(**about) if _thread(e) == thread]
    return _folded(entries)[0]


def _entries(subject_ref: UUID) -> QuerySet[Entry]:
    wanted = Q(event__in=(*ACCESS, *STAFF)) | Q(event__in=ASKED, org_ref__isnull=False)
    return entries_about(subject_ref).filter(wanted)


def _reading(subject_ref: UUID) -> QuerySet[Entry]:
    """The last entry of each day on which auditors read about this person, the latest first."""
    by_day = entries_about(subject_ref, READING).annotate(day=TruncDate("recorded_at", tzinfo=UTC))
    return by_day.order_by("-day", "-id").distinct("day")


def _thread(entry: Entry) -> str:
    """What an entry belongs to. A refused claim of the person's own has no release: it is alone."""
    if entry.org_ref is not None and entry.consent_id is not None:
        return str(entry.consent_id)
    content = entry.content
    return str(content.get("release_id") or content.get("request_id") or entry.id)


def _folded(entries: Iterable[Entry]) -> list[Look]:
    """The latest entry first."""
    threads: dict[str, list[Entry]] = {}
    for entry in sorted(entries, key=lambda entry: -entry.id):
        threads.setdefault(_thread(entry), []).append(entry)
    return [_look(thread) for thread in threads.values()]


def _look(thread: list[Entry]) -> Look:
    last, first = thread[0], thread[-1]
    proof = next((entry for entry in thread if entry.event == "access.released"), last)
    content = last.content
    who = "organisation" if last.org_ref else "person"
    if last.event in (*STAFF, *READING):
        who = str(content["actor"]["type"])
    return Look(
        at=first.recorded_at,
        who=who,
        org_ref=None if last.event in READING else last.org_ref,
        event=last.event,
        reason=str(content.get("reason", "")),
        entry_id=proof.id,
        content=proof.content,
    )
