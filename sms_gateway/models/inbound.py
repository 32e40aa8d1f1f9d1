from django.db import models
from django.db.models import Q


class Problem(models.TextChoices):
    """Why a text cannot be read as a conversation. The handler is told and decides the reply."""

    EMPTY = "empty", "no text"
    UNREADABLE = "unreadable", "its encoding was lost on the way"
    TOO_LONG = "too_long", "more than 10 segments"
    MEDIA = "media", "a picture or other media"
    WRONG_NUMBER = "wrong_number", "sent to a number that is not the service's"
    LANDLINE = "landline", "sent from what is surely a landline"
    ALPHANUMERIC = "alphanumeric", "sent from a name, which cannot be answered"
    NO_NUMBER = "no_number", "sent from nothing that can be a phone number"
    # Set by the gateway itself, after which the handler is not called again:
    GIVEN_UP = "given_up", "handling failed each time it was tried"
    ERASED = "erased", "its sender was erased before it was read"  # a STOP counts all the same


class InboundMessage(models.Model):
    """One text that came in, once per (provider, message id). The row outlives its body, so that
    a replayed webhook is recognised for as long as the signing key lives."""

    id = models.BigAutoField(primary_key=True)
    provider = models.TextField()
    provider_message_id = models.TextField()
    number_index = models.BinaryField(help_text="blind index of the sender")
    key_id = models.UUIDField(help_text="the person key that seals sender and body")
    sender_sealed = models.BinaryField(null=True)
    body_sealed = models.BinaryField(null=True)
    problem = models.TextField(choices=Problem.choices, blank=True, default="")
    is_stop = models.BooleanField(default=False)
    agrees_to = models.BinaryField(null=True, help_text="keyed digest of the code it says OK to")
    answered_by_provider = models.BooleanField(
        default=False, help_text="a keyword whose confirmation the provider sends itself"
    )
    received_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(help_text="not tried again before this moment")
    enqueued_at = models.DateTimeField(help_text="when a task for it was last put in the queue")
    attempts = models.SmallIntegerField(default=0, help_text="how often handling has failed")
    redact_at = models.DateTimeField(null=True, help_text="when the provider is told to forget it")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "provider_message_id"], name="one_row_per_inbound_text"
            )
        ]
        indexes = [
            models.Index(
                fields=["number_index", "id"],
                condition=Q(handled_at=None),
                name="inbound_unhandled_by_number",
            ),
            models.Index(fields=["due_at"], condition=Q(handled_at=None), name="inbound_due"),
            models.Index(fields=["number_index", "id"], name="inbound_by_number"),
            models.Index(
                fields=["handled_at"],
                condition=Q(body_sealed__isnull=False),
                name="inbound_with_body",
            ),
            models.Index(
                fields=["redact_at"],
                condition=Q(redact_at__isnull=False),
                name="inbound_to_redact",
            ),
        ]
