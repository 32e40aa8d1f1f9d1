"""A search's entries as a file, written in parts, so that progress shows and a crash costs one."""

import gzip
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, transaction

from accounts.models import User
from audit import search
from audit.models import Entry
from audit.search import Filter
from audit.services import record, record_purge
from core import clock
from oversight.models import Export, ExportPart
from oversight.services.reading import subject_of

PART = 5_000
LARGEST = 500_000
KEPT = timedelta(days=1)
NEWEST = (1 << 63) - 1


@transaction.atomic
def begin(*, by: User, said: dict[str, Any], wanted: Filter) -> Export:
    """`said` is what the search's form said, `wanted` what it means: whom it is about sees it with
    LOG. Nothing is written yet: see `go_on`."""
    export = Export.objects.create(
        id=uuid4(), filter=said, asked_by=by.id, asked_at=clock.now(), below=NEWEST
    )
    record(
        event="export.made",
        by="auditor",
        by_ref=by.id,
        subject_ref=subject_of(wanted),
        org_ref=wanted.org_ref,
        fields={"export_id": export.id, "kind": "log"},
    )
    return export


@transaction.atomic
def go_on(*, export_id: UUID, wanted: Filter) -> Export:
    """Write the next part; whoever waits for the file calls it until `finished_at` is set."""
    export = Export.objects.select_for_update().get(id=export_id)
    if export.finished_at is not None:
        return export
    entries = search.entries(wanted, before=export.below, limit=PART)
    if entries:
        ExportPart.objects.create(
            export=export, number=export.parts.count(), content=gzip.compress(_lines(entries))
        )
        export.below = entries[-1].id
        export.written += len(entries)
    if len(entries) < PART or export.written >= LARGEST:
        export.finished_at = clock.now()
    export.save(update_fields=["below", "written", "finished_at"])
    return export


def content(export: Export) -> Iterator[bytes]:
    """The file: gzip members one after the other are one gzip file."""
    numbers = export.parts.order_by("number").values_list("number", flat=True)
    for number in list(numbers):
        yield bytes(export.parts.get(number=number).content)


@transaction.atomic
def forget() -> int:
    """Delete exports of more than a day ago; how many.

    Plain statements: Django would first read rows that are not the worker's to read.
    """
    with connection.cursor() as cursor:
        old = "oversight_export WHERE asked_at < %s"
        before = [clock.now() - KEPT]
        parts = f"DELETE FROM oversight_exportpart WHERE export_id IN (SELECT id FROM {old})"  # noqa: S608
        cursor.execute(parts, before)
        cursor.execute(f"DELETE FROM {old}", before)  # noqa: S608
        return record_purge(kind="personal_data", rows=cursor.rowcount)


def _lines(entries: list[Entry]) -> bytes:
    """The hashed bytes themselves, beside the id: a line each."""
    lines = (
        json.dumps({"id": entry.id, "body": bytes(entry.body).decode()}, ensure_ascii=False)
        for entry in entries
    )
    return "".join(f"{line}\n" for line in lines).encode()
