"""Which event files were taken in."""

from django.db import models


class IngestedFile(models.Model):
    """One event file, known by its bytes; its name is the operator's and is not kept."""

    sha256 = models.BinaryField(primary_key=True)
    rows = models.BigIntegerField()
    rejected = models.BigIntegerField(help_text="rows that could not be read, or not be used")
    last_event_at = models.DateTimeField(null=True)
    ingested_at = models.DateTimeField()
