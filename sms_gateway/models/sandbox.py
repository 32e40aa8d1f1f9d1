import uuid

from django.db import models


class SandboxPhone(models.Model):
    """A phone of the simulator. Its id stands for its number wherever a number must not be."""

    id = models.BigAutoField(primary_key=True)
    number_index = models.BinaryField(unique=True)
    number_sealed = models.BinaryField()
    created_at = models.DateTimeField()


class SandboxText(models.Model):
    """A text as the simulated phone keeps it: what it sent, and what reached it."""

    id = models.BigAutoField(primary_key=True)
    phone_id = models.BigIntegerField()
    ref = models.UUIDField(unique=True, default=uuid.uuid4, help_text="the sender's name for it")
    incoming = models.BooleanField(help_text="from the service to the phone")
    body_sealed = models.BinaryField()
    created_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True, help_text="when the phone has fetched it")

    class Meta:
        indexes = [models.Index(fields=["phone_id", "id"], name="sandbox_by_phone")]
