import uuid
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac


class UserManager(BaseUserManager["User"]):
    """How Django finds a user; accounts are made by `accounts.services` alone."""


class User(AbstractBaseUser):
    """A person with a log-in, known by e-mail address. There are no superusers and no permissions:
    what somebody may do is their staff role and their memberships."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)  # also names them in the log
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=80, blank=True)
    is_active = models.BooleanField(default=True)
    session_epoch = models.PositiveIntegerField(
        default=0, help_text="counted up to end every session of the account at once"
    )
    created_at = models.DateTimeField()

    USERNAME_FIELD = "email"
    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(email=Lower("email")), name="email_is_in_lower_case")
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Django's, over the epoch too: a session from before it was counted up is none."""
        value = f"{self.session_epoch}:{self.password}"
        return salted_hmac("accounts.session", value, secret=secret, algorithm="sha256").hexdigest()
