"""API keys, for owners."""

import uuid
from datetime import timedelta

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from core import clock
from core.pages import words
from organisations import selectors
from organisations.forms import KeyForm, OverlapForm
from organisations.models import ApiKey, Membership
from organisations.services import keys as services
from organisations.views.access import owner_page


@require_http_methods(["GET", "POST"])
@owner_page
def keys(request: HttpRequest, member: Membership) -> HttpResponse:
    """The keys there are, and the form for a new one."""
    form = KeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        key, text = services.make(
            by=member,
            name=form.cleaned_data["name"],
            scopes=form.cleaned_data["scopes"],
            is_test=form.cleaned_data["is_test"],
            life=timedelta(days=form.cleaned_data["days"]),
        )
        return _show_once(request, member, key, text)
    context = {
        "member": member,
        "organisation": member.organisation,
        "keys": selectors.keys(member.organisation).select_related("replaced_by"),
        "now": clock.now(),
        "form": form,
        "here": "keys",
    }
    return render(request, "organisations/keys.html", context)


@require_POST
@owner_page
def rotate(request: HttpRequest, member: Membership, key_id: uuid.UUID) -> HttpResponse:
    form = OverlapForm(request.POST)
    if not form.is_valid():
        raise Http404
    try:
        key, text = services.rotate(
            by=member, key_id=key_id, overlap=timedelta(hours=form.cleaned_data["hours"])
        )
    except ApiKey.DoesNotExist as error:
        raise Http404 from error
    return _show_once(request, member, key, text)


@require_POST
@owner_page
def revoke(request: HttpRequest, member: Membership, key_id: uuid.UUID) -> HttpResponse:
    try:
        services.revoke(by=member, key_id=key_id)
    except ApiKey.DoesNotExist as error:
        raise Http404 from error
    messages.success(request, words("keys.revoked_now"))
    return redirect("employers:keys", member.organisation_id)


def _show_once(request: HttpRequest, member: Membership, key: ApiKey, text: str) -> HttpResponse:
    """In the answer itself: nothing keeps the text, so there is no page to come back to."""
    context = {"member": member, "organisation": member.organisation, "key": key, "text": text}
    return render(request, "organisations/key_made.html", {**context, "here": "keys"}, status=201)
