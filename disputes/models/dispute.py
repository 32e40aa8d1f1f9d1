"""One visit that a person says is wrong, and what an operator may see of it."""

import uuid

from django.db import models
from django.db.models import Q


class State(models.TextChoices):
    """asked → open → confirmed | rejected | ended. One that was only asked for goes with its
    consent."""

    ASKED = "asked"  # the person has the notice and has not agreed
    OPEN = "open"  # the evidence is there for an operator
    CONFIRMED = "confirmed"  # it was an error
    REJECTED = "rejected"  # it was none
    ENDED = "ended"  # withdrawn, or the visit has left the window


class Dispute(models.Model):
    """A case. Rows are written by the functions of the schema `gate` alone.

    Which visit it is about only those functions can read; the worker sees its days, to find the
    answers that they are in, and the web process nothing that says whose it is. It goes when the
    visit has left the window.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    consent_id = models.UUIDField(unique=True)
    tenure_id = models.UUIDField(db_index=True)
    city_code = models.TextField()
    alt_city_code = models.TextField(null=True, help_text="of a visit that fits two cities")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(help_text="of the visit")
    first_day = models.DateField()
    last_day = models.DateField(help_text="local, included")
    state = models.TextField(choices=State.choices)
    due_on = models.DateField(help_text="the local day by whose end it is decided")
    opened_at = models.DateTimeField(null=True)
    release_entry = models.BigIntegerField(null=True, help_text="the log's entry of the evidence")
    decided_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True, default="")
    is_replaced = models.BooleanField(default=False, help_text="by one of its two cities")
    told_at = models.DateTimeField(null=True, help_text="the person, and askers, of the outcome")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=State.values), name="dispute_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(state=State.ASKED, opened_at=None)
                | (~Q(state=State.ASKED) & Q(opened_at__isnull=False)),
                name="dispute_is_opened_with_its_evidence",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[State.ASKED, State.OPEN], decided_at=None)
                | (~Q(state__in=[State.ASKED, State.OPEN]) & Q(decided_at__isnull=False)),
                name="dispute_is_over_when_decided",
            ),
        ]
        indexes = [
            models.Index(fields=["due_on"], name="dispute_open", condition=Q(state=State.OPEN)),
            models.Index(
                fields=["decided_at"],
                name="dispute_not_told",
                condition=Q(told_at=None, decided_at__isnull=False),
            ),
        ]


class Evidence(models.Model):
    """What an operator may see of one day of the visit, sealed under the person's key.

    Gone when the case is over, or the day has left the window. Read through `gate` alone.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    dispute_id = models.UUIDField()
    day = models.DateField()
    sealed = models.BinaryField()
    key_id = models.UUIDField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dispute_id", "day"], name="one_evidence_per_day")
        ]


class Look(models.Model):
    """An operator looks: the entry that must be under a checkpoint before anything is shown."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    dispute_id = models.UUIDField(db_index=True)
    operator_ref = models.UUIDField()
    entry = models.BigIntegerField()
    looked_at = models.DateTimeField()
