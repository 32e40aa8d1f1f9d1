"""What people allow and forbid beforehand: codes they hand over, askers they block, pauses."""

import uuid

from django.db import models


class SharingCode(models.Model):
    """What `SHARE` gives: for one asker, once, within 24 hours. It tells the asker no number."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    digest = models.BinaryField(unique=True, help_text="keyed hash of the code")
    tenure_id = models.UUIDField(db_index=True)
    number_index = models.BinaryField()
    number_sealed = models.BinaryField(help_text="under the person's key, for the notice's address")
    key_id = models.UUIDField()
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_by = models.UUIDField(null=True, unique=True, help_text="the request it led to")


class Block(models.Model):
    """An organisation that a holder of a number wants no questions from. It is not told."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    tenure_id = models.UUIDField()
    org_ref = models.UUIDField()
    blocked_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenure_id", "org_ref"], name="one_block_per_asker")
        ]


class Pause(models.Model):
    """Until when a holder of a number wants no questions from anybody."""

    tenure_id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    until = models.DateTimeField()
