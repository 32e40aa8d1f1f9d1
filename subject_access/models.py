"""One opening of a person's own page: from a number that was typed to the end of its quarter of an
hour."""

import uuid

from django.db import models
from django.db.models import Q


class Opening(models.Model):
    """Somebody typed a number; whoever holds it may be sent a code, and the code opens their page.

    Rows are written for the web process by the functions of the schema `gate` (`sql/openings.sql`):
    it cannot read this table. `public_key` is the browser's: its private half is in a cookie and
    nowhere else, and `sealed` opens with it alone.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    public_key = models.BinaryField(unique=True, help_text="X25519, of the browser that asked")
    number_index = models.BinaryField()
    number_sealed = models.BinaryField(null=True, help_text="until the worker considered it")
    language = models.TextField(help_text="of the page on which the number was typed")
    asked_at = models.DateTimeField()
    code_until = models.DateTimeField(help_text="no code is taken from then on")
    attempts = models.SmallIntegerField(default=0, help_text="codes that were tried")
    considered_at = models.DateTimeField(null=True)
    code_digest = models.BinaryField(
        null=True, help_text="keyed hash; one that nobody has, if need"
    )
    tenure_id = models.UUIDField(null=True, help_text="whom the code was sent to; none: nobody")
    opened_at = models.DateTimeField(null=True, help_text="the right code came")
    entry_id = models.BigIntegerField(null=True, help_text="the log's entry of that")
    sealed = models.BinaryField(null=True, help_text="the record, for the browser's key alone")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(opened_at=None, entry_id=None, sealed=None)
                | Q(opened_at__isnull=False, entry_id__isnull=False, tenure_id__isnull=False),
                name="opening_is_in_the_log",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(sealed=None, number_sealed=None, code_digest=None),
                name="ended_opening_holds_nothing",
            ),
        ]
        indexes = [
            models.Index(fields=["number_index", "asked_at"], name="opening_of_number"),
            models.Index(fields=["asked_at"], name="opening_by_time"),
        ]
