"""Where an organisation's own server is told that there is something to see, and how that went."""

import uuid

from django.db import models
from django.db.models import Q

from organisations.models import Organisation


class Webhook(models.Model):
    """An address of an organisation. Its secret signs what is sent there."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="webhooks")
    url = models.TextField()
    secret_sealed = models.BinaryField()
    old_secret_sealed = models.BinaryField(null=True, help_text="signs too, while it is rotated")
    is_test = models.BooleanField(help_text="told of what test keys asked, and of nothing else")
    created_at = models.DateTimeField()
    failing_since = models.DateTimeField(null=True, help_text="no delivery has worked since")
    disabled_at = models.DateTimeField(
        null=True, help_text="by an owner, or after days of failures"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "is_test", "url"], name="one_webhook_per_address"
            )
        ]


class Delivery(models.Model):
    """One event for one address: waits until it is delivered or given up."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="deliveries")
    event = models.TextField()
    request_id = models.UUIDField(null=True, help_text="none in a test of the address")
    made_at = models.DateTimeField()
    attempts = models.SmallIntegerField(default=0)
    due_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True)
    given_up_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(delivered_at=None) | Q(given_up_at=None),
                name="delivery_has_one_end",
            ),
            models.UniqueConstraint(
                fields=["webhook", "event", "request_id"], name="one_delivery_per_event"
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                name="delivery_due",
                condition=Q(delivered_at=None, given_up_at=None),
            )
        ]


class Attempt(models.Model):
    """What came of one call: a status, or a word of `verification.outgoing.UnreachableError`."""

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="tries")
    at = models.DateTimeField()
    outcome = models.CharField(max_length=12)
