"""An answer to an organisation's question, from the moment it is made until it is gone."""

import uuid

from django.db import models
from django.db.models import Q


class Answer(models.Model):
    """What the asker gets. Until `handed_over_at` the web process cannot see the row at all.

    It is handed over in a transaction that holds the consent against withdrawal, once the entry
    `access.released` is under a checkpoint. The token is blanked a day after that.
    """

    request_id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    org_ref = models.UUIDField()
    answer_id = models.UUIDField(unique=True, help_text="of the IssuedAnswer, `jti` of the token")
    consent_id = models.UUIDField(unique=True)
    release_id = models.UUIDField()
    release_entry = models.BigIntegerField()
    token_sealed = models.BinaryField(null=True)
    made_at = models.DateTimeField()
    handed_over_at = models.DateTimeField(null=True)
    first_read_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True, help_text="the asker is told to delete it")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(first_read_at=None) | Q(handed_over_at__isnull=False),
                name="answer_is_handed_over_before_it_is_read",
            ),
        ]
        indexes = [
            models.Index(fields=["made_at"], name="answer_waits", condition=Q(handed_over_at=None)),
            models.Index(
                fields=["handed_over_at"],
                name="answer_with_token",
                condition=Q(token_sealed__isnull=False),
            ),
        ]
