"""The operators' pages: texts, and the providers that carry them."""

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from core.pages import words
from organisations.views.access import operator_page
from sms_gateway import overview, services
from sms_gateway.models import Act
from sms_gateway.providers.routes import names


@require_safe
@operator_page
def texts(request: HttpRequest, operator: User) -> HttpResponse:
    wanted = request.GET.get("q", "").strip()[:80]
    if wanted and (found := overview.search(wanted)) is not None:
        return redirect("operations:text", found.ref)
    spent, budget = overview.spent_and_budget()
    context = {
        "wanted": wanted,
        "states": overview.states(),
        "waiting": overview.waiting(),
        "providers": overview.providers(),
        "incidents": overview.incidents(),
        "switches": overview.switches(),
        "costs": overview.costs(),
        "spent": spent,
        "budget": budget,
        "probe": overview.last_probe(),
        "in_trouble": overview.in_trouble(),
        "unclear": overview.unclear_count(),
    }
    return render(request, "operations/texts.html", context)


@require_safe
@operator_page
def text(request: HttpRequest, operator: User, ref: uuid.UUID) -> HttpResponse:
    found = overview.text(ref)
    if found is None:
        raise Http404
    context = {
        "text": found,
        "cost": found.cost / 1000,
        "calls": overview.calls(found),
        "reports": overview.reports(found),
        "wishes": overview.wishes(found),
        "may_resend": overview.may_resend(found),
    }
    return render(request, "operations/text.html", context)


@require_POST
@operator_page
def resend(request: HttpRequest, operator: User, ref: uuid.UUID) -> HttpResponse:
    """Once more, if it still may go: the worker looks again at all that could forbid it."""
    found = overview.text(ref)
    if found is None or not overview.may_resend(found):
        raise Http404
    services.ask(what=Act.RESEND, target=ref, by_ref=operator.id)
    messages.success(request, words("texts.resend_asked"))
    return redirect("operations:text", ref)


@require_safe
@operator_page
def unclear(request: HttpRequest, operator: User) -> HttpResponse:
    return render(request, "operations/unclear.html", {"found": overview.unclear()})


@require_POST
@operator_page
def settle(request: HttpRequest, operator: User, ref: uuid.UUID, what: str) -> HttpResponse:
    """A text nobody understood meant STOP, or nothing that can be done."""
    if what not in (Act.STOP, Act.CLOSE):
        raise Http404
    services.ask(what=Act(what), target=ref, by_ref=operator.id)
    messages.success(request, words("operations.done"))
    return redirect("operations:unclear")


@require_POST
@operator_page
def pin(request: HttpRequest, operator: User) -> HttpResponse:
    """Everything through one provider, or by weight again."""
    provider = request.POST.get("provider", "")
    if provider and provider not in names():
        raise Http404
    services.pin(provider=provider or None, by_ref=operator.id)
    messages.success(request, words("operations.done"))
    return redirect("operations:texts")
