"""What is left of an erased subscriber: enough to keep old files from bringing them back."""

from django.db import models


class Tombstone(models.Model):
    """Events of this IMSI up to `erased_at` are never taken in again.

    `subscriber_ref` is the store's reference that was erased last; `files_erased_at` is set by
    ingestion when events in its folders are gone as well.
    """

    imsi_index = models.BinaryField(primary_key=True)
    subscriber_ref = models.UUIDField(null=True)
    erased_at = models.DateTimeField()
    files_erased_at = models.DateTimeField(null=True)
