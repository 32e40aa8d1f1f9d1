"""Webhooks, for owners."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import limits
from core.pages import words
from organisations.models import Membership
from organisations.views.access import owner_page
from verification import outgoing
from verification.forms import WebhookForm
from verification.models import Webhook
from verification.services import webhooks as services
from verification.services.requests import Asker
from verification.views.access import around

MOST_SHOWN = 50
TESTS = limits.Limit("webhook-tests", capacity=10, seconds=3600)


@require_http_methods(["GET", "POST"])
@owner_page
def webhooks(request: HttpRequest, member: Membership) -> HttpResponse:
    """The addresses there are, and the form for a new one."""
    form = WebhookForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        by = services.as_owner(member, is_test=form.cleaned_data["is_test"])
        try:
            hook, secret = services.register(by=by, url=form.cleaned_data["url"])
        except outgoing.UnreachableError:
            form.add_error("url", words("webhooks.not_https"))
        except services.TakenError:
            form.add_error("url", words("webhooks.taken"))
        except services.TooManyError:
            form.add_error(None, words("webhooks.too_many", most=services.MOST))
        else:
            return _show_once(request, member, hook, secret)
    context = around(member, "webhooks") | {
        "webhooks": services.of_organisation(member.organisation),
        "form": form,
    }
    return render(request, "portal/webhooks.html", context)


@require_safe
@owner_page
def one(request: HttpRequest, member: Membership, webhook_id: UUID) -> HttpResponse:
    """One address, and what came of what it was sent."""
    hook = _found(member, webhook_id)
    told = hook.deliveries.prefetch_related("tries").order_by("-made_at", "id")[:MOST_SHOWN]
    context = around(member, "webhooks") | {"hook": hook, "deliveries": told, "test": services.TEST}
    return render(request, "portal/webhook.html", context)


@require_POST
@owner_page
def rotate(request: HttpRequest, member: Membership, webhook_id: UUID) -> HttpResponse:
    by = _by(member, webhook_id)
    return _show_once(request, member, *services.rotate(by=by, webhook_id=webhook_id))


@require_POST
@owner_page
def end_old_secret(request: HttpRequest, member: Membership, webhook_id: UUID) -> HttpResponse:
    return _change(request, member, webhook_id, services.end_old_secret, "old_ended")


@require_POST
@owner_page
def disable(request: HttpRequest, member: Membership, webhook_id: UUID) -> HttpResponse:
    return _change(request, member, webhook_id, services.disable, "disabled_now")


@require_POST
@owner_page
def enable(request: HttpRequest, member: Membership, webhook_id: UUID) -> HttpResponse:
    return _change(request, member, webhook_id, services.enable, "enabled_now")


@require_POST
@owner_page
def send_test(request: HttpRequest, member: Membership, webhook_id: UUID) -> HttpResponse:
    """A call that says nothing, made by the worker; the page shows what came of it."""
    by = _by(member, webhook_id)
    if limits.take(TESTS, member.organisation_id.bytes) is limits.Verdict.ALLOWED:
        services.send_test(by=by, webhook_id=webhook_id)
        messages.success(request, words("webhooks.test_sent"))
    else:
        messages.error(request, words("webhooks.test_limit"))
    return redirect("portal:webhook", member.organisation_id, webhook_id)


@require_POST
@owner_page
def remove(request: HttpRequest, member: Membership, webhook_id: UUID) -> HttpResponse:
    services.remove(by=_by(member, webhook_id), webhook_id=webhook_id)
    messages.success(request, words("webhooks.removed"))
    return redirect("portal:webhooks", member.organisation_id)


def _found(member: Membership, webhook_id: UUID) -> Webhook:
    found = services.of_organisation(member.organisation).filter(id=webhook_id).first()
    if found is None:
        raise Http404
    return found


def _by(member: Membership, webhook_id: UUID) -> Asker:
    return services.as_owner(member, is_test=_found(member, webhook_id).is_test)


def _change(
    request: HttpRequest,
    member: Membership,
    webhook_id: UUID,
    change: Callable[..., None],
    said: str,
) -> HttpResponse:
    change(by=_by(member, webhook_id), webhook_id=webhook_id)
    messages.success(request, words(f"webhooks.{said}"))
    return redirect("portal:webhook", member.organisation_id, webhook_id)


def _show_once(
    request: HttpRequest, member: Membership, hook: Webhook, secret: str
) -> HttpResponse:
    """In the answer itself: nothing keeps the text, so there is no page to come back to."""
    context = around(member, "webhooks") | {"hook": hook, "secret": secret}
    return render(request, "portal/webhook_secret.html", context, status=201)
