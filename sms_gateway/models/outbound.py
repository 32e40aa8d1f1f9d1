import uuid

from django.db import models
from django.db.models import Q


class State(models.TextChoices):
    """queued > sending > sent > delivered | undelivered | failed; or suppressed before sending."""

    QUEUED = "queued"
    SENDING = "sending"  # handed to the provider, or about to be; nobody knows after a crash
    SENT = "sent"  # the provider accepted it
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    SUPPRESSED = "suppressed"


class Reason(models.TextChoices):
    """Why a text was suppressed, or the kind of the last failure."""

    OPTED_OUT = "opted_out"
    LIMIT = "limit"  # too many, too much money, or a country we do not text
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    ERASED = "erased"
    ANSWERED_BY_PROVIDER = "answered_by_provider"
    UNREACHABLE = "unreachable"  # not a number that can be texted
    PERMANENT = "permanent"
    TEMPORARY = "temporary"
    TECHNICAL = "technical"


OPEN_STATES = (State.QUEUED, State.SENDING)


class OutboundMessage(models.Model):
    """One text that is to go out: at most one per cause, sent at least once unless suppressed."""

    id = models.BigAutoField(primary_key=True)
    ref = models.UUIDField(default=uuid.uuid4, unique=True, help_text="our name for it outside")
    cause = models.TextField(unique=True, help_text="what it answers; one text per cause")
    kind = models.TextField()
    number_index = models.BinaryField()
    key_id = models.UUIDField()
    address_sealed = models.BinaryField(null=True)
    body_sealed = models.BinaryField(null=True)
    segments = models.SmallIntegerField()
    reply_to = models.BigIntegerField(null=True, help_text="the inbound text it answers")
    hold_ref = models.UUIDField(null=True, help_text="what can still cancel it: a consent")
    after_entry = models.BigIntegerField(null=True, help_text="log entry to be checkpointed first")
    state = models.TextField(choices=State.choices, default=State.QUEUED)
    reason = models.TextField(choices=Reason.choices, blank=True, default="")
    error_code = models.TextField(blank=True, default="")
    attempts = models.SmallIntegerField(default=0)
    due_at = models.DateTimeField(help_text="queued: when to try. sending: when to doubt")
    enqueued_at = models.DateTimeField(help_text="when a task for it was last put in the queue")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(help_text="worth nothing after this moment")
    sending_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    provider = models.TextField(blank=True, default="")
    provider_message_id = models.TextField(null=True)
    org_ref = models.UUIDField(null=True, help_text="the organisation it goes out for")
    cost = models.IntegerField(
        default=0, db_default=0, help_text="thousandths; of the last attempt"
    )
    redact_at = models.DateTimeField(null=True, help_text="when the provider is told to forget it")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "provider_message_id"], name="one_outbound_per_provider_id"
            ),
            models.CheckConstraint(
                condition=Q(state__in=State.values), name="outbound_state_is_known"
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(state__in=OPEN_STATES), name="outbound_due"
            ),
            models.Index(
                fields=["number_index", "id"],
                condition=Q(state__in=OPEN_STATES),
                name="outbound_open_by_number",
            ),
            models.Index(
                fields=["created_at"],
                condition=Q(body_sealed__isnull=False),
                name="outbound_with_body",
            ),
            models.Index(fields=["number_index"], name="outbound_by_number"),
            models.Index(fields=["sending_at"], name="outbound_by_sending"),
            models.Index(
                fields=["redact_at"],
                condition=Q(redact_at__isnull=False),
                name="outbound_to_redact",
            ),
        ]
