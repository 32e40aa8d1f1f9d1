"""The door: no page for a session that is too old or has shown no second factor."""

from collections.abc import Callable
from typing import Any

import redis
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts import sessions
from accounts.models import User

#: All that somebody who logged in and has no second factor yet can reach.
SETTING_UP = frozenset(
    {
        "second_factor",
        "mfa_activate_totp",
        "mfa_add_webauthn",
        "account_reauthenticate",
        "account_logout",
        "set_language",
    }
)

View = Callable[..., HttpResponse]


class SessionRules:
    """Closed by default: a new page needs nothing to be behind the door.

    Only who has a session at all is looked at. Providers, keys and visitors have none.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            # Nothing that was shown to somebody stays behind in a browser or on the way to it.
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    def process_view(
        self, request: HttpRequest, view: View, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        if settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return None
        user = request.user
        if not isinstance(user, User) or not user.is_authenticated:
            return None
        name = request.resolver_match.view_name if request.resolver_match else ""
        if sessions.age(request) >= settings.SESSION_LIFE_SECONDS:
            logout(request)
            return redirect("account_login")
        if sessions.has_factor(user):
            if sessions.has_shown_factor(request, user):
                return None
            # Opened with the password alone, before the factor was set up elsewhere.
            logout(request)
            return redirect("account_login")
        return None if name in SETTING_UP else redirect("second_factor")

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Attempts are counted in Redis. Uncounted, nobody may try."""
        if isinstance(exception, redis.RedisError):
            return render(request, "503.html", status=503)
        return None
