"""From a number to its pseudonym: one auditor asks, another one decides."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.db import connection, transaction

from accounts.models import User
from audit.services import record
from core import clock
from core.numbers import SenderKind, number_index, parse
from oversight.models import Resolution


class NotANumberError(ValueError):
    """What was typed is no number of a mobile phone."""


class NotAllowedError(Exception):
    """Nobody decides what they asked themself, and nothing is decided twice."""


@dataclass(frozen=True, slots=True)
class Pseudonym:
    """`subject_ref`: how the log calls who held the number from `held_from` to `held_to`."""

    subject_ref: UUID
    held_from: datetime
    held_to: datetime | None


@transaction.atomic
def ask(*, by: User, number: str, reason: str) -> Resolution:
    """Raises NotANumberError."""
    known = parse(number)
    if known.kind is not SenderKind.MOBILE:
        raise NotANumberError
    asked = Resolution.objects.create(
        id=uuid4(),
        number_index=number_index(known.address),
        last_two=known.address[-2:],
        reason=reason,
        asked_by=by.id,
        asked_at=clock.now(),
    )
    _record("auditor.resolve_asked", asked, by)
    return asked


@transaction.atomic
def decide(*, by: User, resolution_id: UUID, grant: bool) -> Resolution:
    """Raises NotAllowedError, Resolution.DoesNotExist."""
    asked = Resolution.objects.select_for_update().get(id=resolution_id)
    if asked.decided_at is not None or asked.asked_by == by.id:
        raise NotAllowedError
    asked.decided_by, asked.decided_at, asked.is_granted = by.id, clock.now(), grant
    asked.save(update_fields=["decided_by", "decided_at", "is_granted"])
    if not grant:
        _record("auditor.resolve_refused", asked, by)
    return asked


@transaction.atomic
def pseudonyms(*, by: User, resolution_id: UUID) -> list[Pseudonym]:
    """What was granted, for a day, to the two; the database writes an entry about each person for
    each look."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM gate.pseudonyms(%s, %s)", [resolution_id, by.id])
        return [Pseudonym(*row) for row in cursor.fetchall()]


def _record(event: str, asked: Resolution, by: User) -> None:
    record(
        event=event,
        by="auditor",
        by_ref=by.id,
        fields={"resolution_id": asked.id, "reason": asked.reason},
    )
