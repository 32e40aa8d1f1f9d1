"""Accounts made, changed and ended."""

import uuid
from collections.abc import Iterable
from datetime import timedelta

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth.password_validation import validate_password
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import F

from accounts import tokens
from accounts.models import SetupLink, StaffMember, StaffRole, User
from audit.services import record
from core import clock

LINK_LIFE = timedelta(hours=24)


class AccountExistsError(Exception):
    """There is an account with this address already."""


class LinkError(Exception):
    """The link is unknown, used, or too old: they look the same to whoever holds it."""


def normal_address(email: str) -> str:
    """The address as accounts are known by it. Raises django.core.exceptions.ValidationError."""
    address = email.strip().lower()
    validate_email(address)
    return address


@transaction.atomic
def create_account(*, email: str, name: str = "", password: str | None = None) -> User:
    """An account for somebody whose address is proven, or vouched for by who runs the service.

    Without a password nobody can log in to it before a set-up link gives it one. Raises
    AccountExistsError, and ValidationError for a bad address or a weak password.
    """
    address = normal_address(email)
    if User.objects.filter(email=address).exists():
        raise AccountExistsError
    user = User(email=address, name=name.strip(), created_at=clock.now())
    if password is not None:
        validate_password(password, user)
    user.set_password(password)
    user.save(force_insert=True)
    EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
    return user


@transaction.atomic
def add_staff(*, email: str, role: StaffRole, by: str = "operator") -> str:
    """Make a new account a member of staff; the token of their set-up link.

    Staff have accounts of their own, so nobody can be staff and an organisation's member at once.
    Raises AccountExistsError.
    """
    user = create_account(email=email)
    StaffMember.objects.create(user=user, role=role, since=clock.now())
    record(event="staff.added", by=by, fields={"account_ref": user.id, "staff_role": role})
    return _new_link(user)


@transaction.atomic
def end_staff(*, email: str, by: str = "operator") -> None:
    """Somebody is staff no longer: their account is closed, by commit. Raises User.DoesNotExist."""
    user = User.objects.select_for_update().get(email=normal_address(email), staff__isnull=False)
    role = user.staff.role
    user.staff.delete()
    User.objects.filter(id=user.id).update(is_active=False, session_epoch=F("session_epoch") + 1)
    SetupLink.objects.filter(user=user).delete()
    record(event="staff.ended", by=by, fields={"account_ref": user.id, "staff_role": role})


@transaction.atomic
def reset_account(*, email: str, by: str = "operator") -> str:
    """For somebody who lost password or second factor: both are gone, as are their sessions and
    older links; the token of a new set-up link. Raises User.DoesNotExist."""
    user = User.objects.select_for_update().get(email=normal_address(email), is_active=True)
    user.set_unusable_password()
    user.session_epoch += 1
    user.save(update_fields=["password", "session_epoch"])
    Authenticator.objects.filter(user=user).delete()
    SetupLink.objects.filter(user=user).delete()
    record(event="staff.reset_account", by=by, fields={"account_ref": user.id})
    return _new_link(user)


def _new_link(user: User) -> str:
    token, now = tokens.make(), clock.now()
    SetupLink.objects.create(
        user=user, token_hash=tokens.digest(token), created_at=now, expires_at=now + LINK_LIFE
    )
    return token


@transaction.atomic
def use_setup_link(*, token: str, password: str, name: str = "") -> User:
    """Set the password of the account the link belongs to, once.

    Raises LinkError, and ValidationError for a weak password, which leaves the link as it was.
    """
    link = open_setup_link(token=token)
    user = link.user
    validate_password(password, user)
    waiting = SetupLink.objects.filter(id=link.id, used_at=None)
    if not waiting.update(used_at=clock.now()):
        raise LinkError
    user.set_password(password)
    user.name = name.strip() or user.name
    user.session_epoch += 1
    user.save(update_fields=["password", "name", "session_epoch"])
    return user


def open_setup_link(*, token: str) -> SetupLink:
    """The link that could be used now. Raises LinkError."""
    link = (
        SetupLink.objects.select_related("user")
        .filter(token_hash=tokens.digest(token), used_at=None, user__is_active=True)
        .first()
    )
    if link is None or link.expires_at <= clock.now():
        raise LinkError
    return link


def end_sessions(*, user_ids: Iterable[uuid.UUID]) -> None:
    """Log these accounts out everywhere, by commit of the surrounding transaction."""
    User.objects.filter(id__in=list(user_ids)).update(session_epoch=F("session_epoch") + 1)
