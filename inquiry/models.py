"""What a conversation has to remember between two texts."""

import uuid

from django.db import models


class Conversation(models.Model):
    """One holder of a number: lists that were shown, the rest of an answer, an open ERASE code, and
    failed tries at their ID.

    Each part lives for an hour at most (half of one for the code, a day for the ID).
    """

    tenure_id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    numbered = models.JSONField(
        default=dict, help_text="kind of list -> {'until': moment, 'items': what its numbers mean}"
    )
    more_sealed = models.BinaryField(null=True, help_text="under the person's key")
    more_until = models.DateTimeField(null=True)
    erase_digest = models.BinaryField(null=True, help_text="keyed hash of the code")
    erase_until = models.DateTimeField(null=True)
    erase_attempts = models.SmallIntegerField(default=0, help_text="wrong codes received")
    id_attempts = models.SmallIntegerField(default=0, help_text="wrong IDs received")
    held_until = models.DateTimeField(null=True, help_text="after three of them")

    class Meta:
        indexes = [
            models.Index(
                fields=["more_until"],
                condition=models.Q(more_until__isnull=False),
                name="conversation_with_rest",
            )
        ]
