from django.db import models


class OutboundPart(models.Model):
    """The provider's id of one part of a long text, where each part has its own."""

    id = models.BigAutoField(primary_key=True)
    outbound_id = models.BigIntegerField(db_index=True)
    provider = models.TextField()
    provider_message_id = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "provider_message_id"], name="one_part_per_provider_id"
            )
        ]


class InboundPart(models.Model):
    """What came in over a link whose texts have no ids, as it came: a text, or a part of one.

    Digests are keyed. A text the other side may not know that we have comes again; so the same
    digest is the same text until `confirmed_at`, when it surely knows. Rows are kept for a day.
    """

    id = models.BigAutoField(primary_key=True)
    digest = models.BinaryField(help_text="of sender, recipient, part and words")
    whole = models.BinaryField(null=True, help_text="of sender, recipient, reference and total")
    number_index = models.BinaryField()
    key_id = models.UUIDField()
    sealed = models.BinaryField(null=True, help_text="sender, recipient and words of a part")
    number = models.SmallIntegerField(default=1)
    total = models.SmallIntegerField(default=1)
    received_at = models.DateTimeField()
    stored_at = models.DateTimeField(null=True, help_text="when its text was put together")
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["digest"], name="inbound_part_by_digest"),
            models.Index(fields=["number_index"], name="inbound_part_by_number"),
            models.Index(
                fields=["received_at"],
                condition=models.Q(stored_at=None),
                name="inbound_part_waiting",
            ),
        ]
