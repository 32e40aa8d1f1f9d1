"""Looking at the log, which is an entry in it."""

from uuid import UUID

from django.db import transaction

from accounts.models import User
from audit import search
from audit.models import Entry
from audit.search import Filter
from audit.services import record


@transaction.atomic
def searched(*, by: User, wanted: Filter, before: int | None, limit: int) -> list[Entry]:
    """A page of the log. The entry says by what was narrowed, and whose entries were asked for:
    also when they were asked for by their consent."""
    names = {
        "from": wanted.since,
        "to": wanted.until,
        "event": wanted.events,
        "organisation": wanted.org_ref,
        "consent": wanted.consent_id,
        "subject": wanted.subject_ref,
    }
    found = search.entries(wanted, before=before, limit=limit)
    record(
        event="auditor.searched",
        by="auditor",
        by_ref=by.id,
        subject_ref=subject_of(wanted),
        org_ref=wanted.org_ref,
        fields={"filters": [name for name, value in names.items() if value]},
    )
    return found


def subject_of(wanted: Filter) -> UUID | None:
    """Whom a search is about, if it is about one person."""
    if wanted.subject_ref is not None or wanted.consent_id is None:
        return wanted.subject_ref
    entries = search.entries(Filter(consent_id=wanted.consent_id), limit=1)
    return entries[0].subject_ref if entries else None


@transaction.atomic
def viewed(*, by: User, entry_id: int) -> Entry:
    """One entry. Raises Entry.DoesNotExist."""
    found = search.entry(entry_id)
    note_viewed(by=by, entry=found)
    return found


def note_viewed(*, by: User, entry: Entry) -> None:
    record(
        event="auditor.viewed_entry",
        by="auditor",
        by_ref=by.id,
        subject_ref=entry.subject_ref,
        org_ref=entry.org_ref,
        fields={"related_entry": entry.entry_uuid},
    )
