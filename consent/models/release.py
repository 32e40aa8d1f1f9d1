"""One access under a consent."""

import uuid

from django.db import models
from django.db.models import Q


class Release(models.Model):
    """A claim, and what became of it: claimed, fetched, released or denied. Written by the gate.

    `cause` is unique: one text asks once, however often it is handled.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    consent_id = models.UUIDField(db_index=True)
    cause = models.TextField(unique=True)
    state = models.TextField()
    reason = models.TextField(blank=True, default="", help_text="why it was denied")
    window_from = models.DateField()
    window_to = models.DateField(help_text="the last full local day, included")
    claim_entry = models.BigIntegerField()
    claimed_at = models.DateTimeField()
    fetch_entry = models.BigIntegerField(null=True)
    fetched_in = models.TextField(blank=True, default="", help_text="id of the transaction")
    release_entry = models.BigIntegerField(null=True)
    released_at = models.DateTimeField(null=True)
    commitment = models.BinaryField(null=True, help_text="keyed hash of what was released")
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["claimed", "fetched", "released", "denied"]),
                name="release_state_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(state="released")
                | Q(fetch_entry__isnull=False, release_entry__isnull=False),
                name="released_is_in_the_log",
            ),
        ]
        indexes = [
            models.Index(
                fields=["claimed_at"],
                name="release_unfinished",
                condition=Q(state__in=["claimed", "fetched"]),
            )
        ]
