"""An erasure that has to wait: the law keeps for a while what the person wants gone."""

import uuid

from django.db import models


class ErasureWish(models.Model):
    """`ERASE` of somebody whose records are under a legal hold, to be done when it ends.

    Written by the gate alone. `number_sealed` is for the text that then says so; it is sealed under
    the person's key and goes with it.
    """

    tenure_id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    number_sealed = models.BinaryField()
    asked_at = models.DateTimeField()
    entry_id = models.BigIntegerField(help_text="erasure.asked")
