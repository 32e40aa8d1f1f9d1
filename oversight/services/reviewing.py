"""Samples and findings."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from django.db import transaction

from accounts.models import User
from audit import search
from audit.models import Entry
from audit.services import record
from core import clock
from oversight.models import Finding, Sample
from oversight.services.reading import note_viewed

LARGEST_SAMPLE = 100


class AlreadyClosedError(Exception):
    """Somebody else has closed the finding."""


@transaction.atomic
def draw(*, by: User, events: Sequence[str], size: int) -> Sample:
    """Draw entries by chance from the newest. Raises ValueError for a size below 1 or over 100."""
    if not 1 <= size <= LARGEST_SAMPLE:
        raise ValueError(f"a sample has 1 to {LARGEST_SAMPLE} entries")
    sample = Sample.objects.create(
        id=uuid4(),
        events=list(events),
        entry_ids=search.drawn(search.Filter(events=events), size=size),
        drawn_by=by.id,
        drawn_at=clock.now(),
    )
    fields = {"sample_id": sample.id, "rows": len(sample.entry_ids)}
    record(event="auditor.sampled", by="auditor", by_ref=by.id, fields=fields)
    return sample


@transaction.atomic
def look(*, by: User, sample_id: UUID, entry_id: int) -> Entry:
    """One entry of a sample. Raises Sample.DoesNotExist, Entry.DoesNotExist."""
    sample = Sample.objects.select_for_update().get(id=sample_id, entry_ids__contains=[entry_id])
    found = search.entry(entry_id)
    note_viewed(by=by, entry=found)
    if entry_id not in sample.looked_at:
        sample.looked_at = [*sample.looked_at, entry_id]
        sample.save(update_fields=["looked_at"])
    return found


@transaction.atomic
def note(*, by: User, entry_id: int, text: str, sample_id: UUID | None = None) -> Finding:
    """Raises Entry.DoesNotExist, and ValueError for an empty text."""
    if not text.strip():
        raise ValueError("a finding says what was found")
    entry = search.entry(entry_id)
    finding = Finding.objects.create(
        id=uuid4(),
        entry_id=entry.id,
        sample_id=sample_id,
        text=text.strip(),
        noted_by=by.id,
        noted_at=clock.now(),
    )
    _record("noted_finding", finding, entry, by)
    return finding


@transaction.atomic
def close(*, by: User, finding_id: UUID, outcome: str) -> Finding:
    """What came of it. Raises Finding.DoesNotExist, AlreadyClosedError, ValueError when empty."""
    if not outcome.strip():
        raise ValueError("a finding is closed with an outcome")
    finding = Finding.objects.select_for_update().get(id=finding_id)
    if finding.closed_at is not None:
        raise AlreadyClosedError
    finding.outcome, finding.closed_by, finding.closed_at = outcome.strip(), by.id, clock.now()
    finding.save(update_fields=["outcome", "closed_by", "closed_at"])
    _record("closed_finding", finding, search.entry(finding.entry_id), by)
    return finding


def _record(what: str, finding: Finding, entry: Entry, by: User) -> None:
    record(
        event=f"auditor.{what}",
        by="auditor",
        by_ref=by.id,
        fields={"finding_id": finding.id, "related_entry": entry.entry_uuid},
    )
