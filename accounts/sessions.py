"""What a session has to show: when it began, and a second factor.

An account may have a second factor and a session of it still none: one that was opened with the
password alone before the factor was set up elsewhere. So the session itself must have seen it.
"""

import time
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.models import Session
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.models import User
from audit.services import record_purge
from core import clock

FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
BEGAN = "accounts.began"  # seconds since 1970
SET_UP_HERE = "accounts.factor_set_up_by"  # the account's id


@receiver(user_logged_in)
def note_the_beginning(request: HttpRequest, **_: Any) -> None:
    request.session[BEGAN] = time.time()


@receiver(authenticator_added)
def note_the_factor(
    request: HttpRequest, user: User, authenticator: Authenticator, **_: Any
) -> None:
    if authenticator.type in FACTORS:
        request.session[SET_UP_HERE] = str(user.pk)


def age(request: HttpRequest) -> float:
    """Seconds since the log-in; endless when the session does not say."""
    return time.time() - float(request.session.get(BEGAN, "-inf"))


def has_factor(user: User) -> bool:
    """Whether the account has an authenticator app or a passkey; recovery codes alone are none."""
    return bool(Authenticator.objects.filter(user=user, type__in=FACTORS).exists())


def has_shown_factor(request: HttpRequest, user: User) -> bool:
    """Whether this session has used a second factor, or set it up."""
    if request.session.get(SET_UP_HERE) == str(user.pk):
        return True
    records: list[dict[str, Any]] = get_authentication_records(request, user)
    return any(record.get("method") == "mfa" for record in records)


@transaction.atomic
def forget() -> int:
    """Sessions that have ended leave no row behind; how many there were."""
    gone = Session.objects.filter(expire_date__lt=clock.now()).delete()[0]
    return record_purge(kind="personal_data", rows=gone)
