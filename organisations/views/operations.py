"""The operators' pages: organisations, from application to end."""

import uuid
from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from core.pages import words
from organisations import errors, selectors
from organisations.catalogue import Status
from organisations.forms import TermsForm
from organisations.models import Organisation
from organisations.services import registration
from organisations.views.access import operator_page

ACTS: dict[str, Callable[..., object]] = {
    "approve": registration.approve,
    "suspend": registration.suspend,
    "resume": registration.resume,
    "close": registration.close,
    "invite": registration.invite_owner,
}
#: What can be done in which state, in the order of the buttons.
POSSIBLE = {
    Status.APPLIED: ("approve", "close"),
    Status.APPROVED: ("suspend", "invite", "close"),
    Status.SUSPENDED: ("resume", "close"),
    Status.CLOSED: (),
}


@require_safe
@operator_page
def organisations(request: HttpRequest, operator: User) -> HttpResponse:
    wanted = request.GET.get("status", "")
    status = Status(wanted) if wanted in Status.values else None
    text = request.GET.get("q", "").strip()[:60]
    context = {
        "organisations": selectors.organisations(status=status, text=text)[:200],
        "statuses": Status.values,
        "status": status,
        "text": text,
    }
    return render(request, "organisations/operations_list.html", context)


@require_http_methods(["GET", "POST"])
@operator_page
def organisation(request: HttpRequest, operator: User, organisation_id: uuid.UUID) -> HttpResponse:
    found = _found(organisation_id)
    fields = list(TermsForm.base_fields)
    initial = {name: getattr(found, name) for name in fields}
    form = TermsForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            registration.set_terms(organisation_id=found.id, by=operator, **form.cleaned_data)
        except errors.WrongStateError:
            messages.error(request, words("operations.wrong_state"))
        else:
            messages.success(request, words("operations.done"))
        return redirect("operations:organisation", found.id)
    context = {
        "organisation": found,
        "members": selectors.members(found),
        "form": form if found.status != Status.CLOSED else None,
        "acts": POSSIBLE[Status(found.status)],
    }
    return render(request, "organisations/operations_one.html", context)


@require_POST
@operator_page
def act(
    request: HttpRequest, operator: User, organisation_id: uuid.UUID, what: str
) -> HttpResponse:
    """Approve, suspend, resume, close, or invite an owner again."""
    service = ACTS.get(what)
    if service is None:
        raise Http404
    found = _found(organisation_id)
    try:
        service(organisation_id=found.id, by=operator)
    except errors.WrongStateError:
        messages.error(request, words("operations.wrong_state"))
    except errors.TakenError:
        messages.error(request, words("operations.taken"))
    else:
        messages.success(request, words("operations.done"))
    return redirect("operations:organisation", found.id)


def _found(organisation_id: uuid.UUID) -> Organisation:
    try:
        return selectors.organisation(organisation_id)
    except Organisation.DoesNotExist as error:
        raise Http404 from error
