import uuid

from django.conf import settings
from django.db import models


class SetupLink(models.Model):
    """A link, used once, with which somebody sets the first or a new password of their account."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    token_hash = models.BinaryField(unique=True, help_text="SHA-256 of 256 random bits")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
