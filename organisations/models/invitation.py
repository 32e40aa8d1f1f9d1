import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from organisations.catalogue import Role
from organisations.models.organisation import Organisation


class Invitation(models.Model):
    """An e-mail that lets one person join, once, for a week."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="invitations")
    email = models.EmailField()
    role = models.TextField(choices=Role.choices)
    token_hash = models.BinaryField(unique=True, help_text="SHA-256 of 256 random bits")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "email"],
                condition=Q(accepted_at=None, revoked_at=None),
                name="one_open_invitation_per_address",
            ),
            models.CheckConstraint(
                condition=Q(role__in=Role.values), name="invitation_role_is_known"
            ),
            models.CheckConstraint(
                condition=Q(email=Lower("email")), name="invitation_email_is_in_lower_case"
            ),
            models.CheckConstraint(
                condition=Q(accepted_at=None) | Q(revoked_at=None),
                name="invitation_ends_in_one_way",
            ),
        ]
