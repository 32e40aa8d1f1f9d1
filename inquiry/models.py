"""What a conversation has to remember between two texts."""

import uuid

from django.db import models


class Conversation(models.Model):
    """One holder of a number: a list that was shown, the rest of an answer, an open ERASE code.

    Each part lives for an hour at most (half of one for the code) and is then cleared.
    """

    tenure_id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    list_ids = models.JSONField(default=list, help_text="consents, in the order of their numbers")
    list_until = models.DateTimeField(null=True)
    more_sealed = models.BinaryField(null=True, help_text="under the person's key")
    more_until = models.DateTimeField(null=True)
    erase_digest = models.BinaryField(null=True, help_text="keyed hash of the code")
    erase_until = models.DateTimeField(null=True)
    erase_attempts = models.SmallIntegerField(default=0, help_text="wrong codes received")

    class Meta:
        indexes = [
            models.Index(
                fields=["more_until"],
                condition=models.Q(more_until__isnull=False),
                name="conversation_with_rest",
            )
        ]
