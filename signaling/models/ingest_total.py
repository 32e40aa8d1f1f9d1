"""What ingestion has done, counted."""

from django.db import models


class IngestTotal(models.Model):
    """One counter; numbers only. `label` tells kinds of one name apart, such as reasons."""

    name = models.TextField()
    label = models.TextField(blank=True, default="")
    value = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name", "label"], name="one_total_per_name_and_label")
        ]
