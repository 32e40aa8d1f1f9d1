"""A person who called the operator, to take back what they agreed to."""

import uuid

from django.db import models


class WithdrawalByPhone(models.Model):
    """The web process stores what a member of staff was told; the gate acts on it.

    It can end things and nothing else, so it is taken at its word: whoever calls for a number that
    is not theirs ends consents that can be given again, and the number gets a text that says so.
    """

    class Reason(models.TextChoices):
        ASKED = "asked"
        COMPLAINT = "complaint"
        MISTAKE = "mistake"
        SECURITY = "security"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    number_index = models.BinaryField()
    number_sealed = models.BinaryField(help_text="under the number's key, for the text")
    key_id = models.UUIDField()
    by_ref = models.UUIDField(help_text="the member of staff")
    reason = models.TextField(choices=Reason.choices)
    told_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(reason__in=["asked", "complaint", "mistake", "security"]),
                name="withdrawal_reason_is_known",
            )
        ]
        indexes = [
            models.Index(
                fields=["told_at"],
                condition=models.Q(done_at=None),
                name="withdrawal_by_phone_waits",
            )
        ]
