import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from organisations.catalogue import Scope
from organisations.models.organisation import Organisation


class ApiKey(models.Model):
    """A key of an organisation's software. The secret is shown once and kept as a keyed hash."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="api_keys")
    name = models.CharField(max_length=60, help_text="what it is for, in the owner's words")
    prefix = models.TextField(unique=True, help_text="the part that may be shown: tc_live_1a2b3c4d")
    secret_hash = models.BinaryField()
    scopes = ArrayField(models.TextField(choices=Scope.choices))
    is_test = models.BooleanField(help_text="reaches invented people only")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    last_used_on = models.DateField(null=True, help_text="the UTC day, no finer")
    replaces = models.OneToOneField("self", models.SET_NULL, null=True, related_name="replaced_by")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(scopes__contained_by=Scope.values) & ~Q(scopes=[]),
                name="api_key_scopes_are_known",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("created_at")), name="api_key_expires_after_it_began"
            ),
        ]

    def __str__(self) -> str:
        return self.prefix
