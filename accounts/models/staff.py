from django.conf import settings
from django.db import models
from django.db.models import Q


class StaffRole(models.TextChoices):
    """What staff there is. Closed: there is nobody above an operator."""

    OPERATOR = "operator"  # registers, approves and suspends organisations
    AUDITOR = "auditor"  # reads the log


class StaffMember(models.Model):
    """Somebody who works for the service. The web process can read these rows and not write them:
    they come and go by commands on the machine."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="staff"
    )
    role = models.TextField(choices=StaffRole.choices)
    since = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(role__in=StaffRole.values), name="staff_role_is_known"
            )
        ]
