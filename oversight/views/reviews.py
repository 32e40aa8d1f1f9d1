"""Samples and findings."""

import uuid

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from audit.models import Entry
from core.pages import words
from oversight import selectors
from oversight.forms import FindingForm, OutcomeForm, SampleForm
from oversight.models import Finding, Sample
from oversight.services import reviewing
from oversight.views.access import auditor_page
from oversight.views.log import context_of


@require_http_methods(["GET", "POST"])
@auditor_page
def samples(request: HttpRequest, auditor: User) -> HttpResponse:
    form = SampleForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        sample = reviewing.draw(by=auditor, events=form.events(), size=form.cleaned_data["size"])
        return redirect("oversight:sample", sample.id)
    found = list(Sample.objects.order_by("-drawn_at")[:50])
    context = {
        "here": "reviews",
        "form": form,
        "samples": found,
        "people": selectors.people([sample.drawn_by for sample in found]),
        "findings": Finding.objects.order_by("closed_at", "-noted_at")[:100],
    }
    return render(request, "oversight/samples.html", context)


@require_safe
@auditor_page
def sample(request: HttpRequest, auditor: User, sample_id: uuid.UUID) -> HttpResponse:
    found = _sample(sample_id)
    context = {"here": "reviews", "sample": found, "day": f"{found.drawn_at:%Y-%m-%d}"}
    return render(request, "oversight/sample.html", context)


@require_safe
@auditor_page
def sampled_entry(
    request: HttpRequest, auditor: User, sample_id: uuid.UUID, entry_id: int
) -> HttpResponse:
    try:
        found = reviewing.look(by=auditor, sample_id=sample_id, entry_id=entry_id)
    except (Sample.DoesNotExist, Entry.DoesNotExist) as error:
        raise Http404 from error
    context = {**context_of(found), "here": "reviews", "sample": _sample(sample_id)}
    return render(request, "oversight/entry.html", context)


@require_POST
@auditor_page
def note(request: HttpRequest, auditor: User, entry_id: int) -> HttpResponse:
    form = FindingForm(request.POST)
    try:
        given = forms.UUIDField(required=False).clean(request.POST.get("sample", ""))
    except ValidationError as error:
        raise Http404 from error
    sample_of_entry = _sample(given).id if given else None
    if not form.is_valid():
        messages.error(request, words("oversight.finding_empty"))
        return redirect("oversight:entry", entry_id)
    try:
        reviewing.note(
            by=auditor,
            entry_id=entry_id,
            text=form.cleaned_data["text"],
            sample_id=sample_of_entry,
        )
    except Entry.DoesNotExist as error:
        raise Http404 from error
    messages.success(request, words("oversight.finding_noted"))
    return redirect("oversight:samples")


@require_http_methods(["GET", "POST"])
@auditor_page
def finding(request: HttpRequest, auditor: User, finding_id: uuid.UUID) -> HttpResponse:
    found = Finding.objects.filter(id=finding_id).first()
    if found is None:
        raise Http404
    form = OutcomeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            reviewing.close(by=auditor, finding_id=found.id, outcome=form.cleaned_data["outcome"])
        except reviewing.AlreadyClosedError:
            messages.error(request, words("operations.wrong_state"))
        return redirect("oversight:finding", found.id)
    refs = [found.noted_by, *([found.closed_by] if found.closed_by else [])]
    context = {"here": "reviews", "finding": found, "form": form, "people": selectors.people(refs)}
    return render(request, "oversight/finding.html", context)


def _sample(sample_id: uuid.UUID) -> Sample:
    found = Sample.objects.filter(id=sample_id).first()
    if found is None:
        raise Http404
    return found
