"""Where an employer's person begins, and how an organisation applies."""

import hashlib
import hmac

from allauth.account.adapter import get_adapter
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from core import limits
from core.keys import derive
from core.pages import words
from organisations import selectors
from organisations.forms import ApplyForm
from organisations.models import Membership
from organisations.services import registration
from organisations.views.access import member_page

APPLICATIONS = limits.Limit("applications", capacity=5, seconds=3600)
ALL_APPLICATIONS = limits.Limit("all-applications", capacity=200, seconds=24 * 3600)


@require_safe
@never_cache
def home(request: HttpRequest) -> HttpResponse:
    """Visitors read what this is; somebody with one organisation is taken there."""
    if not isinstance(request.user, User):
        return render(request, "organisations/welcome.html")
    memberships = list(selectors.memberships_of(request.user))
    if len(memberships) == 1:
        return redirect("employers:organisation", memberships[0].organisation_id)
    return render(request, "organisations/home.html", {"memberships": memberships})


@require_safe
@member_page
def organisation(request: HttpRequest, member: Membership) -> HttpResponse:
    """What the organisation is registered with, and where to go from here."""
    context = {"member": member, "organisation": member.organisation, "here": "organisation"}
    return render(request, "organisations/organisation.html", context)


@require_http_methods(["GET", "POST"])
def apply(request: HttpRequest) -> HttpResponse:
    """Anybody may apply. The answer is the same whoever is registered already."""
    form = ApplyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if _is_too_much(request):
            form.add_error(None, words("apply.too_many"))
        else:
            try:
                registration.apply(**form.cleaned_data)
            except ValidationError as error:
                form.add_error("contact_email", error)
            else:
                return redirect("employers:applied")
    return render(request, "organisations/apply.html", {"form": form})


def _is_too_much(request: HttpRequest) -> bool:
    address = get_adapter().get_client_ip(request)
    key = hmac.digest(derive("visitor"), address.encode(), hashlib.sha256)
    allowed = limits.Verdict.ALLOWED
    return (
        limits.take(APPLICATIONS, key) != allowed or limits.take(ALL_APPLICATIONS, b"") != allowed
    )


@require_safe
def applied(request: HttpRequest) -> HttpResponse:
    return render(request, "organisations/applied.html")
