"""What the person was shown before they answered."""

import uuid

from django.db import models


class Notice(models.Model):
    """The notice of one consent: exact text (sealed), version, language and hash.

    `sha256` is taken of the text with every digit of the code replaced by `0`: with the code in
    it, the hash of a known text would give the code away while it is live.
    """

    consent_id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    template = models.TextField(help_text="key in the catalogue")
    version = models.TextField()
    locale = models.TextField()
    sha256 = models.BinaryField()
    segments = models.SmallIntegerField()
    key_id = models.UUIDField(help_text="the person's key, under which the text is sealed")
    sealed = models.BinaryField()
    sent_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    delivered_by = models.TextField(blank=True, default="", help_text="'receipt' or 'code'")
