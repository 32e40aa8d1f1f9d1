"""Asking many people at once. The web process does this, as it does all asking.

A file becomes rows, and each row a request of its own: one notice, one decision, no blanket
consent. Rows are taken a few at a time, each in a transaction of its own that stores the request
and marks the row, so that a process that dies in between has asked nobody twice and forgotten
nobody. What still waits goes on when somebody opens the page again.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.db.models import Count, Q

from audit.services import record_purge
from core import clock
from core.keys import derive
from core.sealing import seal, unseal
from organisations.models import Organisation
from verification.models import Upload, UploadRow
from verification.people_files import Row
from verification.services.requests import (
    Asker,
    CapError,
    NotAllowedError,
    Question,
    QuestionError,
    ask,
)

#: How many rows one call sends. On two busy cores a row took 80 ms.
AT_ONCE = 50
#: Numbers wait no longer than this, sent or not.
WAITS = timedelta(hours=2)
KEPT = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Progress:
    """Rows of an upload: in all, waiting, become requests, and not sent."""

    total: int
    waiting: int
    asked: int
    refused: int

    @property
    def handled(self) -> int:
        return self.total - self.waiting


@transaction.atomic
def store(*, by: Asker, question: Question, rows: Iterable[Row]) -> Upload:
    """Keep the rows of a file until somebody says that they are to be sent. `question` is the one
    they are all asked; whoever it names is not looked at."""
    upload = Upload.objects.create(
        id=uuid4(),
        org_ref=by.organisation.id,
        purpose=question.purpose,
        question=question.question,
        places={"cities": list(question.cities), "countries": list(question.countries)},
        days=question.days,
        kept_days=question.kept_days,
        made_at=clock.now(),
    )
    if not by.organisation.may_ask_by_number:
        rows = (
            replace(row, problem=row.problem or "by_number") if row.number else row for row in rows
        )
    UploadRow.objects.bulk_create((_stored(upload, row) for row in rows), batch_size=1000)
    return upload


def of(organisation: Organisation, upload_id: UUID) -> Upload:
    """Raises Upload.DoesNotExist, also for one of somebody else."""
    return Upload.objects.get(id=upload_id, org_ref=organisation.id)


def progress(upload: Upload) -> Progress:
    counts = upload.rows.aggregate(
        total=Count("id"),
        waiting=Count("id", filter=Q(sealed__isnull=False)),
        asked=Count("id", filter=Q(request_id__isnull=False)),
    )
    return Progress(**counts, refused=counts["total"] - counts["waiting"] - counts["asked"])


def send(*, by: Asker, upload_id: UUID, most: int = AT_ONCE) -> None:
    """Ask the people of the next rows. Safe to call again, and at the same time by two.

    A row over a cap ends the sending: it and all that still wait are not sent, and say so.
    Raises Upload.DoesNotExist.
    """
    upload = of(by.organisation, upload_id)
    Upload.objects.filter(id=upload.id, sent_at=None).update(sent_at=clock.now())
    for _ in range(most):
        if not _send_next(by, upload):
            return


@transaction.atomic
def forget() -> int:
    """Blank what waited too long, and delete old uploads; how many rows were blanked. The worker
    does this, with plain statements: Django would first read what is not for it to read."""
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE verification_uploadrow SET sealed = NULL, problem = 'too_late'"
            " WHERE sealed IS NOT NULL AND upload_id IN"
            " (SELECT id FROM verification_upload WHERE made_at < %s)",
            [now - WAITS],
        )
        blanked = cursor.rowcount
        cursor.execute(
            "DELETE FROM verification_uploadrow WHERE upload_id IN"
            " (SELECT id FROM verification_upload WHERE made_at < %s)",
            [now - KEPT],
        )
        cursor.execute("DELETE FROM verification_upload WHERE made_at < %s", [now - KEPT])
    return record_purge(kind="requests", rows=blanked)


@transaction.atomic
def _send_next(by: Asker, upload: Upload) -> bool:
    """The next row that nobody else has in hand. False when there is none, or none may be sent."""
    row = (
        UploadRow.objects.select_for_update(skip_locked=True)
        .filter(upload=upload, sealed__isnull=False)
        .order_by("line")
        .first()
    )
    if row is None:
        return False
    if upload.made_at < clock.now() - WAITS:
        return _stop(upload, "too_late")
    try:
        with transaction.atomic():
            row.request_id = ask(by=by, question=_question(upload, row)).id
    except QuestionError:  # of form was asked before; what is left is true of all rows
        return _stop(upload, "question")
    except CapError as error:
        return _stop(upload, f"over_{error}")
    except NotAllowedError:
        return _stop(upload, "not_allowed")
    row.sealed = None
    row.save(update_fields=["sealed", "request_id", "problem"])
    return True


def _stop(upload: Upload, problem: str) -> bool:
    """Rows in other hands are left to those."""
    waiting = UploadRow.objects.select_for_update(skip_locked=True).filter(
        upload=upload, sealed__isnull=False
    )
    ids = list(waiting.values_list("id", flat=True))
    UploadRow.objects.filter(id__in=ids).update(sealed=None, problem=problem)
    return False


def _stored(upload: Upload, row: Row) -> UploadRow:
    if row.problem:
        return UploadRow(upload=upload, line=row.line, problem=row.problem)
    said = json.dumps([row.number, row.code, row.reference]).encode()
    return UploadRow(
        upload=upload, line=row.line, sealed=seal(derive("upload"), said, _context(upload, row))
    )


def _question(upload: Upload, row: UploadRow) -> Question:
    assert row.sealed is not None
    said = unseal(derive("upload"), bytes(row.sealed), _context(upload, row))
    number, code, reference = json.loads(said)
    return Question(
        purpose=upload.purpose,
        question=upload.question,
        days=upload.days,
        kept_days=upload.kept_days,
        cities=upload.places["cities"],
        countries=upload.places["countries"],
        number=number,
        code=code,
        reference=reference,
    )


def _context(upload: Upload, row: Row | UploadRow) -> bytes:
    return f"upload:{upload.id}:{row.line}".encode()
