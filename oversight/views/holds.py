"""Legal holds: by two."""

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User
from core import clock
from core.pages import words
from oversight import selectors
from oversight.forms import HoldForm
from oversight.models import Hold
from oversight.services import holding
from oversight.views.access import confirmed_page

LAST = 50
ANSWERS = {"agree": True, "refuse": False}


@require_http_methods(["GET", "POST"])
@confirmed_page
def holds(request: HttpRequest, auditor: User) -> HttpResponse:
    form = HoldForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            holding.ask(by=auditor, **form.wanted())
        except holding.NobodyError:
            form.add_error("subject_ref", words("oversight.nobody"))
        else:
            messages.success(request, words("oversight.resolution_asked"))
            return redirect("oversight:holds")
    found = list(Hold.objects.order_by("-asked_at")[:LAST])
    refs = {ref for h in found for ref in (h.asked_by, h.decided_by, h.lift_asked_by) if ref}
    context = {
        "here": "holds",
        "form": form,
        "holds": found,
        "now": clock.now(),
        "people": selectors.people(list(refs)),
        "auditor": auditor,
    }
    return render(request, "oversight/holds.html", context)


@require_POST
@confirmed_page
def decide(request: HttpRequest, auditor: User, hold_id: uuid.UUID, what: str) -> HttpResponse:
    try:
        if what in ANSWERS:
            holding.decide(by=auditor, hold_id=hold_id, grant=ANSWERS[what])
        elif what == "lift":
            holding.lift(by=auditor, hold_id=hold_id)
        else:
            raise Http404
    except holding.NotAllowedError:
        messages.error(request, words("oversight.resolution_takes_two"))
    return redirect("oversight:holds")
