"""Looking at the log, which is an entry in it."""

from django.db import transaction

from accounts.models import User
from audit import search
from audit.models import Entry
from audit.search import Filter
from audit.services import record


@transaction.atomic
def searched(*, by: User, wanted: Filter, before: int | None, limit: int) -> list[Entry]:
    """A page of the log. The entry says by what was narrowed, and whose entries were asked for."""
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
        subject_ref=wanted.subject_ref,
        org_ref=wanted.org_ref,
        fields={"filters": [name for name, value in names.items() if value]},
    )
    return found


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
