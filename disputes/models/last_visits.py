"""What `WRONG <n>` counts."""

import uuid

from django.db import models


class LastVisits(models.Model):
    """The visits of the last answer to a holder of a number, for an hour, sealed for them."""

    tenure_id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    consent_id = models.UUIDField(help_text="under which they were told")
    entry_id = models.BigIntegerField(help_text="the log's entry of that answer")
    sealed = models.BinaryField(help_text="under the person's key")
    until = models.DateTimeField(db_index=True)
