"""Who reaches the auditors' pages: auditors, and for everybody else they are not there."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate
from urllib.parse import urlencode

from allauth.account.internal.flows.reauthentication import is_reauthentication_required
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache

from accounts.models import StaffRole, User
from accounts.selectors import staff_role

AuditorPage = Callable[Concatenate[HttpRequest, User, ...], HttpResponseBase]


def auditor_page(view: AuditorPage) -> Callable[..., HttpResponseBase]:
    @never_cache
    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, **given: Any) -> HttpResponseBase:
        assert isinstance(request.user, User)
        if staff_role(request.user) != StaffRole.AUDITOR:
            raise Http404
        return view(request, request.user, **given)

    return guarded


def confirmed_page(view: AuditorPage) -> Callable[..., HttpResponseBase]:
    """A change asks who is there again, unless they have just shown it. The page that asks is the
    web process's: it leads back to the log, and what was to be done is done once more."""

    @wraps(view)
    def asked(request: HttpRequest, auditor: User, **given: Any) -> HttpResponseBase:
        if request.method == "POST" and is_reauthentication_required(request, app=""):
            query = {"next": reverse("oversight:entries")}
            return redirect(f"{reverse('account_reauthenticate')}?{urlencode(query, safe='/')}")
        return view(request, auditor, **given)

    return auditor_page(asked)
