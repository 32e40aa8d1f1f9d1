import uuid

from django.db import models
from django.db.models import Q


class Outcome(models.TextChoices):
    """What came of asking a provider something."""

    ACCEPTED = "accepted"
    PERMANENT = "permanent"
    TEMPORARY = "temporary"
    TECHNICAL = "technical"
    UNKNOWN = "unknown"
    FOUND = "found"  # asked after a break: it had the text
    ABSENT = "absent"  # it had not


class ProviderCall(models.Model):
    """One call for one text: the provider's log, without a word or a number. Append-only, kept for
    two weeks."""

    id = models.BigAutoField(primary_key=True)
    outbound_id = models.BigIntegerField(db_index=True)
    provider = models.TextField()
    at = models.DateTimeField()
    seconds = models.FloatField()
    outcome = models.TextField(choices=Outcome.choices)
    code = models.TextField(blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["provider", "at"], name="call_by_provider")]


class ProviderState(models.Model):
    """How much of its weight a provider has now. While one is pinned, all goes through it."""

    provider = models.TextField(primary_key=True)
    share = models.SmallIntegerField(default=100, help_text="percent of its weight")
    is_pinned = models.BooleanField(default=False)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(share__range=(0, 100)), name="share_is_percent"),
            models.UniqueConstraint(
                fields=["is_pinned"], condition=Q(is_pinned=True), name="one_provider_is_pinned"
            ),
        ]


class Why(models.TextChoices):
    """Why a share changed or an incident was opened: words of the log."""

    FAILING = "failing"
    SLOW = "slow"
    MANUAL = "manual"
    RECOVERED = "recovered"
    OVER_BUDGET = "over_budget"
    SILENT = "time_up"  # a text to ourselves did not come back


class Switch(models.Model):
    """One change of a provider's share, or of the pin. Append-only."""

    id = models.BigAutoField(primary_key=True)
    provider = models.TextField()
    at = models.DateTimeField()
    before = models.SmallIntegerField()
    after = models.SmallIntegerField()
    why = models.TextField(choices=Why.choices)
    by_ref = models.UUIDField(null=True, help_text="the operator who did it")


class Incident(models.Model):
    """Something is wrong with a provider, from when to when."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    provider = models.TextField()
    why = models.TextField(choices=Why.choices)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "why"],
                condition=Q(closed_at=None),
                name="one_open_incident_of_a_kind",
            )
        ]
