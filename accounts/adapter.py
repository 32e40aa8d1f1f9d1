"""What we ask of allauth beyond its settings."""

import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest
from django.urls import reverse

from accounts.models import StaffRole
from accounts.selectors import staff_role
from accounts.sessions import FACTORS
from core.addresses import beside
from core.keys import derive
from core.sealing import seal, unseal

CONTEXT = b"second-factor"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Nobody signs up; accounts are made by invitation or by a command."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def set_password(self, user: AbstractBaseUser, password: str) -> None:
        user.set_password(password)
        user.save(update_fields=["password"])

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Staff to their work, members to their organisations."""
        match staff_role(request.user):
            case StaffRole.OPERATOR:
                return reverse("operations:organisations")
            case StaffRole.AUDITOR:
                return f"{beside(settings.OVERSIGHT_BASE_URL, request)}/oversight/"
        return reverse("employers:home")

    def get_reset_password_from_key_url(self, key: str) -> str:
        """At our own address, whatever host the request was sent to."""
        uid, _, token = key.partition("-")
        where = reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": token})
        return f"{settings.PUBLIC_BASE_URL}{where}"

    def format_email_subject(self, subject: str) -> str:
        return str(subject)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Somebody who logged in a moment ago has just shown who they are."""
        if not super().is_reauthentication_required(app=app, **kwargs):
            return False
        records = get_authentication_records(self.request, self.request.user)
        latest = max((float(record["at"]) for record in records), default=0.0)
        return bool(time.time() - latest >= settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """Secrets sealed at rest; the last second factor stays."""

    def encrypt(self, text: str) -> str:
        return seal(derive("second-factor"), text.encode(), CONTEXT).hex()

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(derive("second-factor"), bytes.fromhex(encrypted_text), CONTEXT).decode()

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        others = Authenticator.objects.filter(user=authenticator.user_id, type__in=FACTORS)
        return bool(others.exclude(id=authenticator.id).exists())

    def build_totp_svg(self, url: str) -> str:
        """The picture without its XML declaration, to stand in the page itself."""
        svg: str = super().build_totp_svg(url)
        return svg[svg.index("<svg") :]
