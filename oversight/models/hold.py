"""What must be kept for a while although its person wants it erased: decided by two auditors."""

import uuid
from datetime import timedelta
from typing import Final

from django.db import models
from django.db.models import F, Q

LONGEST: Final = timedelta(days=366)


class HoldReason(models.TextChoices):
    """Words of the log."""

    COMPLAINT = "complaint"
    LEGAL_DUTY = "legal_duty"
    COURT_ORDER = "court_order"
    INVESTIGATION = "investigation"


class Hold(models.Model):
    """A legal hold on what is recorded about one person, by their pseudonym.

    One auditor asks, another one agrees or refuses; lifting it before its time takes two as well.
    While it holds (`is_granted`, not lifted, before `until`), the database refuses to destroy the
    person's key and their tenure. It opens nothing and lengthens the life of no place.

    Written by the functions in `sql/holds.sql` alone, which also write the entries.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    subject_ref = models.UUIDField(db_index=True)
    reason = models.TextField(choices=HoldReason.choices)
    until = models.DateTimeField()
    asked_by = models.UUIDField(help_text="the account")
    asked_at = models.DateTimeField()
    decided_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)
    is_granted = models.BooleanField(null=True)
    lift_asked_by = models.UUIDField(null=True)
    lifted_by = models.UUIDField(null=True)
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by=None, decided_at=None, is_granted=None)
                | (
                    Q(decided_by__isnull=False, decided_at__isnull=False, is_granted__isnull=False)
                    & ~Q(decided_by=F("asked_by"))
                ),
                name="hold_takes_two",
            ),
            models.CheckConstraint(
                condition=Q(lifted_by=None, lifted_at=None)
                | (
                    Q(lifted_by__isnull=False, lifted_at__isnull=False)
                    & Q(lift_asked_by__isnull=False)
                    & ~Q(lifted_by=F("lift_asked_by"))
                ),
                name="lifting_takes_two",
            ),
            models.CheckConstraint(
                condition=Q(lift_asked_by=None) | Q(is_granted=True),
                name="only_what_holds_is_lifted",
            ),
            models.CheckConstraint(
                condition=Q(until__gt=F("asked_at")) & Q(until__lte=F("asked_at") + LONGEST),
                name="hold_ends_within_a_year",
            ),
            models.CheckConstraint(
                condition=Q(reason__in=HoldReason.values), name="hold_reason_is_known"
            ),
        ]
