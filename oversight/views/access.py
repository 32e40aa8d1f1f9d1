"""Who reaches the auditors' pages: auditors, and for everybody else they are not there."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
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
