"""Replies that are given again to a request that is sent again."""

from django.db import models


class IdempotentReply(models.Model):
    """What an organisation's software was answered under a key of its choice, for a day."""

    org_ref = models.UUIDField()
    key_digest = models.BinaryField(help_text="SHA-256 of the API key's id and the header")
    request_digest = models.BinaryField(help_text="SHA-256 of address and body")
    status = models.SmallIntegerField()
    body_sealed = models.BinaryField()
    made_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["org_ref", "key_digest"], name="one_reply_per_key")
        ]
