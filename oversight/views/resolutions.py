"""From a number to its pseudonym: by two."""

import uuid

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from core.pages import words
from oversight import selectors
from oversight.forms import ResolutionForm
from oversight.models import Resolution
from oversight.services import resolving
from oversight.views.access import auditor_page, confirmed_page

ANSWERS = {"agree": True, "refuse": False}


@require_http_methods(["GET", "POST"])
@confirmed_page
def resolutions(request: HttpRequest, auditor: User) -> HttpResponse:
    form = ResolutionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            resolving.ask(by=auditor, **form.cleaned_data)
        except resolving.NotANumberError:
            form.add_error("number", words("oversight.not_a_number"))
        else:
            messages.success(request, words("oversight.resolution_asked"))
            return redirect("oversight:resolutions")
    found = list(Resolution.objects.order_by("-asked_at")[:50])
    refs = [r.asked_by for r in found] + [r.decided_by for r in found if r.decided_by]
    context = {
        "here": "resolutions",
        "form": form,
        "resolutions": found,
        "people": selectors.people(refs),
        "auditor": auditor,
    }
    return render(request, "oversight/resolutions.html", context)


@require_POST
@confirmed_page
def decide(
    request: HttpRequest, auditor: User, resolution_id: uuid.UUID, what: str
) -> HttpResponse:
    if what not in ANSWERS:
        raise Http404
    try:
        resolving.decide(by=auditor, resolution_id=resolution_id, grant=ANSWERS[what])
    except Resolution.DoesNotExist as error:
        raise Http404 from error
    except resolving.NotAllowedError:
        messages.error(request, words("oversight.resolution_takes_two"))
        return redirect("oversight:resolutions")
    if not ANSWERS[what]:
        return redirect("oversight:resolutions")
    return redirect("oversight:resolution", resolution_id)


@require_safe
@auditor_page
def resolution(request: HttpRequest, auditor: User, resolution_id: uuid.UUID) -> HttpResponse:
    """The pseudonyms, for the two. Each look is an entry about the person."""
    mine = Q(asked_by=auditor.id) | Q(decided_by=auditor.id)
    found = Resolution.objects.filter(mine, id=resolution_id, is_granted=True).first()
    if found is None:
        raise Http404
    context = {
        "here": "resolutions",
        "resolution": found,
        "pseudonyms": resolving.pseudonyms(by=auditor, resolution_id=resolution_id),
    }
    return render(request, "oversight/resolution.html", context)
