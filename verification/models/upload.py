"""Many people asked at once: what a file said, until each of its rows has become a request."""

import uuid

from django.db import models
from django.db.models import Q


class Upload(models.Model):
    """One question, to be asked of each person of a file. The file itself is not kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    org_ref = models.UUIDField()
    purpose = models.TextField()
    question = models.TextField()
    places = models.JSONField(help_text="{'cities': [codes], 'countries': [codes]}")
    days = models.SmallIntegerField()
    kept_days = models.SmallIntegerField()
    made_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, help_text="when somebody said: send")

    class Meta:
        indexes = [
            models.Index(fields=["org_ref", "-made_at", "-id"], name="upload_of_organisation")
        ]


class UploadRow(models.Model):
    """A line of the file: sealed while it waits, and then the request it became, or why not.

    `problem` is a key of the words `row.*`. It speaks of the line's form or of the organisation's
    caps, never of a person.
    """

    id = models.BigAutoField(primary_key=True)
    upload = models.ForeignKey(Upload, models.CASCADE, related_name="rows")
    line = models.IntegerField(help_text="in the file, its head being line 1")
    sealed = models.BinaryField(null=True, help_text="number or code, and the asker's reference")
    request_id = models.UUIDField(null=True)
    problem = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["upload", "line"], name="one_row_per_line"),
            models.CheckConstraint(
                condition=Q(sealed__isnull=False, request_id=None, problem="")
                | Q(sealed=None, request_id__isnull=False, problem="")
                | (Q(sealed=None, request_id=None) & ~Q(problem="")),
                name="row_waits_is_asked_or_has_a_problem",
            ),
        ]
        indexes = [
            models.Index(
                fields=["upload", "line"],
                name="upload_row_waits",
                condition=Q(sealed__isnull=False),
            )
        ]
