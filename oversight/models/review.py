"""Samples of the log, and what reviewing them found."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class Sample(models.Model):
    """Entries drawn by chance, to be looked at one by one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    events = ArrayField(models.TextField(), help_text="drawn from these; from all when empty")
    entry_ids = ArrayField(models.BigIntegerField())
    looked_at = ArrayField(models.BigIntegerField(), default=list)
    drawn_by = models.UUIDField()
    drawn_at = models.DateTimeField()


class Finding(models.Model):
    """Something that is not as it should be, until somebody has followed it up."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    entry_id = models.BigIntegerField(db_index=True)
    sample = models.ForeignKey(Sample, models.PROTECT, null=True, related_name="findings")
    text = models.CharField(max_length=500)
    noted_by = models.UUIDField()
    noted_at = models.DateTimeField()
    outcome = models.CharField(max_length=500, blank=True)
    closed_by = models.UUIDField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_at=None, closed_by=None, outcome="")
                | (Q(closed_at__isnull=False, closed_by__isnull=False) & ~Q(outcome="")),
                name="finding_is_closed_with_an_outcome",
            )
        ]
