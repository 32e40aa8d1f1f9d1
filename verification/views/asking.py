"""Asking one person: fill in, read what they will read, send.

What is filled in travels in the pages' bodies alone: never in an address, a session or a log.
"""

import secrets

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from core.pages import words
from organisations.models import Membership
from verification import places, previews
from verification.forms import AskForm, QuestionForm
from verification.services import requests
from verification.services.requests import NONCE_BYTES, Asker
from verification.views.access import around, asker_page


@sensitive_post_parameters("code", "number", "reference")
@require_http_methods(["GET", "POST"])
@asker_page
def ask(request: HttpRequest, member: Membership) -> HttpResponse:
    """The form, what the person will read, and the sending, by the button that was pressed."""
    step = step_of(request.POST) if request.method == "POST" else ""
    if step == "":
        nonce = secrets.token_urlsafe(NONCE_BYTES)
        return _form(request, member, AskForm(member.organisation, initial={"nonce": nonce}))
    if step in ("find", "change"):
        return _form(request, member, as_filled(AskForm, member, request.POST))
    form = AskForm(member.organisation, request.POST)
    if not form.is_valid():
        return _form(request, member, form)
    question = form.about()
    problems = requests.check(question)
    if problems:
        form.blame(problems)
        return _form(request, member, form)
    if step == "send":
        return _send(request, member, form)
    try:
        requests.allow(member.organisation, question)
    except requests.NotAllowedError as error:
        form.add_error(None, words(f"not_allowed.{error}"))
        return _form(request, member, form)
    # A fresh nonce for each preview: who goes back and names another person asks anew.
    sent = [(name, value) for name, value in filled(form, request.POST) if name != "nonce"]
    context = around(member, "ask") | {
        "filled": [*sent, ("nonce", secrets.token_urlsafe(NONCE_BYTES))],
        "question": question,
        "hours": settings.REQUEST_OPEN_HOURS,
        "places": places.named(form.chosen(), get_language() or ""),
        "notices": previews.notices(member.organisation, question),
    }
    return render(request, "portal/ask_preview.html", context)


@require_POST
@asker_page
def find_places(request: HttpRequest, member: Membership) -> HttpResponse:
    """The places of the form alone, for a browser that changes a part of the page."""
    form = as_filled(QuestionForm, member, request.POST)
    return render(request, "portal/places.html", around(member, "") | place_context(request, form))


def step_of(sent: QueryDict) -> str:
    """Which button: `find` also when Enter was pressed with something to find."""
    step = sent.get("step", "enter")
    if step == "enter":
        return "find" if sent.get("find", "").strip() else "preview"
    return step if step in ("find", "change", "send") else "preview"


def filled(form: QuestionForm, sent: QueryDict) -> list[tuple[str, str]]:
    """Names and values of a form as they were sent, to be sent on by the next page."""
    return [(name, value) for name in form.fields for value in sent.getlist(name)]


def place_context(request: HttpRequest, form: QuestionForm) -> dict[str, object]:
    """The places that are chosen, and those found for what was typed."""
    language = get_language() or ""
    text = request.POST.get("find", "").strip()
    chosen = places.named(form.chosen(), language)
    codes = {place.code for place in chosen}
    found = [place for place in places.search(text, language) if place.code not in codes]
    return {"form": form, "chosen": chosen, "found": found, "sought": text}


def as_filled(form: type[QuestionForm], member: Membership, sent: QueryDict) -> QuestionForm:
    """The form with what was typed so far, of which nothing is wrong yet."""
    typed: dict[str, object] = {name: sent[name] for name in sent if name != "places"}
    return form(member.organisation, initial=typed | {"places": sent.getlist("places")})


def _form(request: HttpRequest, member: Membership, form: QuestionForm) -> HttpResponse:
    context = around(member, "ask") | place_context(request, form)
    return render(request, "portal/ask.html", context)


def _send(request: HttpRequest, member: Membership, form: AskForm) -> HttpResponse:
    """To the request's page; back to the form, which says why, when it could not be sent."""
    try:
        sent = requests.ask_once(by=Asker.member(member), question=form.about())
    except requests.CapError as error:
        form.add_error(None, words(f"cap.{error}"))
    except requests.NotAllowedError as error:
        form.add_error(None, words(f"not_allowed.{error}"))
    else:
        messages.success(request, words("ask.sent"))
        return redirect("portal:request", member.organisation_id, sent.id)
    return _form(request, member, form)
