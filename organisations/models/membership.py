import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from organisations.catalogue import Role
from organisations.models.organisation import Organisation


class Membership(models.Model):
    """A person's place in an organisation. Each approved organisation keeps an owner."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    role = models.TextField(choices=Role.choices)
    joined_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "user"], name="one_membership_per_person"
            ),
            models.CheckConstraint(
                condition=Q(role__in=Role.values), name="membership_role_is_known"
            ),
        ]

    @property
    def is_owner(self) -> bool:
        return self.role == Role.OWNER
