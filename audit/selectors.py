"""Reading the log. Which of these a process may call is decided by its database role."""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from audit.models import Checkpoint, Entry
from audit.sequencer import LOCK


def checkpointed(entry_id: int) -> bool:
    """Whether the entry is under a signed checkpoint."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit.checkpointed(%s)", [entry_id])
        row = cursor.fetchone()
    return bool(row and row[0])


def entries_about(subject_ref: UUID, events: Collection[str] = ()) -> QuerySet[Entry]:
    """Entries about one subject, the latest first; of the given events, if any are given."""
    entries = Entry.objects.filter(subject_ref=subject_ref).order_by("-id")
    return entries.filter(event__in=events) if events else entries


def latest_checkpoint() -> Checkpoint | None:
    """The log at its largest signed size."""
    return Checkpoint.objects.order_by("-size").first()


def lag() -> timedelta:
    """How long the oldest entry has been waiting for its checkpoint; zero when none is."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit.lag()")
        row = cursor.fetchone()
    assert row is not None
    waiting: timedelta = row[0]
    return waiting


def sequencer_runs() -> bool:
    """Whether a sequencer is connected and has its turn. One that hangs shows in `lag`."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT EXISTS (
                 SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                 AND classid = %s::bigint::oid AND objid = %s::bigint::oid)""",
            [LOCK >> 32, LOCK & 0xFFFFFFFF],
        )
        row = cursor.fetchone()
    return bool(row and row[0])
