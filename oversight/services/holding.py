"""What must be kept for a while although its person wants it erased: one auditor asks, another one
decides. The database holds the rules and writes the entries (`sql/holds.sql`)."""

from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from accounts.models import User


class NobodyError(LookupError):
    """The log knows nobody by this reference, or not any more."""


class NotAllowedError(Exception):
    """Nobody decides what they asked themself, and nothing is decided twice."""


@transaction.atomic
def ask(*, by: User, subject_ref: UUID, reason: str, until: datetime) -> UUID:
    """`until` is within a year. Raises NobodyError."""
    hold = _call("hold_ask(%s, %s, %s, %s)", by.id, subject_ref, reason, until)
    if hold is None:
        raise NobodyError
    return UUID(str(hold))


@transaction.atomic
def decide(*, by: User, hold_id: UUID, grant: bool) -> None:
    """Raises NotAllowedError."""
    if not _call("hold_decide(%s, %s, %s)", by.id, hold_id, grant):
        raise NotAllowedError


@transaction.atomic
def lift(*, by: User, hold_id: UUID) -> bool:
    """The first auditor asks, another one lifts; whether it is lifted. Raises NotAllowedError."""
    outcome = _call("hold_lift(%s, %s)", by.id, hold_id)
    if outcome == "no":
        raise NotAllowedError
    return bool(outcome == "lifted")


def _call(function: str, *arguments: UUID | str | bool | datetime) -> object:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT gate.{function}", arguments)
        row = cursor.fetchone()
    assert row is not None
    return row[0]
