"""Which event files were taken in."""

from django.db import models


class IngestedFile(models.Model):
    """One event file, known by its bytes; its name is the operator's and is not kept."""

    sha256 = models.BinaryField(primary_key=True)
    rows = models.BigIntegerField()
    rejected = models.BigIntegerField(help_text="rows that could not be read, or not be used")
    waiting = models.BigIntegerField(
        default=0, help_text="rows without a subscription or a known cell: they may get one"
    )
    future = models.BigIntegerField(default=0, help_text="rows of a time that had not come yet")
    cells = models.BinaryField(default=b"", help_text="digest of the list of cells that was used")
    tenures_changed_at = models.DateTimeField(
        null=True, help_text="when those tenures had changed that were used"
    )
    last_event_at = models.DateTimeField(null=True)
    ingested_at = models.DateTimeField(help_text="when the run began that took it in")
