"""Entries handed to an auditor as a file. The whole log is `manage.py audit_export`."""

import uuid

from django.db import models


class Export(models.Model):
    """A search's entries, written part by part while somebody waits for them; gone after a day."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    filter = models.JSONField(help_text="what the search's form said")
    asked_by = models.UUIDField()
    asked_at = models.DateTimeField()
    below = models.BigIntegerField(help_text="entries with lower ids are still to be written")
    written = models.IntegerField(default=0)
    finished_at = models.DateTimeField(null=True)


class ExportPart(models.Model):
    """Some thousand entries as lines of JSON, gzipped."""

    export = models.ForeignKey(Export, models.CASCADE, related_name="parts")
    number = models.IntegerField()
    content = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["export", "number"], name="one_part_per_number")
        ]
