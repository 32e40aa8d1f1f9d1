"""What is left of an erased subscriber: enough to keep old files from bringing them back."""

from django.db import models


class Tombstone(models.Model):
    """Events of this IMSI up to `erased_at` are never taken in again.

    One for each of the store's references that was erased: an IMSI may have had several.
    `files_erased_at` is set by ingestion when events in its folders are gone as well.
    """

    imsi_index = models.BinaryField()
    subscriber_ref = models.UUIDField(primary_key=True)
    erased_at = models.DateTimeField()
    files_erased_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["imsi_index"], name="tombstone_imsi")]
