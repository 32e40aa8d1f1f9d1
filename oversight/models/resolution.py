"""Which pseudonym a number has in the log: told to two auditors together, never to one."""

import uuid

from django.db import models
from django.db.models import F, Q


class Reason(models.TextChoices):
    COMPLAINT = "complaint"
    LEGAL_DUTY = "legal_duty"
    COURT_ORDER = "court_order"
    INVESTIGATION = "investigation"


class Resolution(models.Model):
    """One auditor names a number and a reason, another one agrees or refuses.

    The log knows people by random references. There is no way from one back to a number: the
    service does not keep numbers. There is one from a number that somebody brings along.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    number_index = models.BinaryField(help_text="keyed; the number itself is not kept")
    last_two = models.CharField(max_length=2, help_text="so that both mean the same number")
    reason = models.TextField(choices=Reason.choices)
    asked_by = models.UUIDField(help_text="the account")
    asked_at = models.DateTimeField()
    decided_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)
    is_granted = models.BooleanField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by=None, decided_at=None, is_granted=None)
                | (
                    Q(decided_by__isnull=False, decided_at__isnull=False, is_granted__isnull=False)
                    & ~Q(decided_by=F("asked_by"))
                ),
                name="resolution_takes_two",
            ),
            models.CheckConstraint(
                condition=Q(reason__in=Reason.values), name="resolution_reason_is_known"
            ),
        ]
