from django.db import models
from django.db.models import Q


class DeliveryReport(models.Model):
    """What a provider said became of a text. Append-only; each (message, status) once.

    It may come before the send returns, out of order, twice, or for a text we do not know.
    """

    id = models.BigAutoField(primary_key=True)
    provider = models.TextField()
    provider_message_id = models.TextField()
    ref = models.UUIDField(null=True, help_text="our name for the text, when the report has it")
    status = models.TextField(help_text="in the provider's words")
    error_code = models.TextField(blank=True, default="")
    received_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "provider_message_id", "status"], name="one_report_per_status"
            )
        ]
        indexes = [
            models.Index(
                fields=["received_at"], condition=Q(applied_at=None), name="report_unapplied"
            ),
            models.Index(fields=["ref"], name="report_by_ref"),
        ]
