"""Asking many people at once, by a file."""

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.pages import words
from organisations.models import Membership
from verification import people_files, places, previews
from verification.forms import QuestionForm
from verification.models import Upload
from verification.services import requests
from verification.services import uploads as services
from verification.services.requests import Asker, Question
from verification.usage import usage
from verification.views.access import around, asker_page
from verification.views.asking import as_filled, place_context, step_of

#: Lines with a problem that the page shows; it says how many there are.
MOST_SHOWN = 200


@require_http_methods(["GET", "POST"])
@asker_page
def uploads(request: HttpRequest, member: Membership) -> HttpResponse:
    """The uploads there were, and the form for a new one."""
    step = step_of(request.POST) if request.method == "POST" else ""
    form = as_filled(QuestionForm, member, request.POST)
    if step == "preview":
        form = QuestionForm(member.organisation, request.POST)
        stored = _store(request, member, form) if form.is_valid() else None
        if stored:
            return redirect("portal:upload", member.organisation_id, stored.id)
    context = around(member, "uploads") | place_context(request, form)
    context |= {
        "earlier": Upload.objects.filter(org_ref=member.organisation_id).order_by(
            "-made_at", "-id"
        )[:20],
    }
    return render(request, "portal/uploads.html", context)


@require_safe
@asker_page
def one(request: HttpRequest, member: Membership, upload_id: uuid.UUID) -> HttpResponse:
    """What was found in the file, and how the sending goes."""
    return _show(request, member, _found(member, upload_id))


@require_POST
@asker_page
def send(request: HttpRequest, member: Membership, upload_id: uuid.UUID) -> HttpResponse:
    """Send the next rows. The page calls this until nothing waits; without scripts, a button."""
    upload = _found(member, upload_id)
    services.send(by=Asker.member(member), upload_id=upload.id)
    if request.headers.get("HX-Request"):
        return _show(request, member, _found(member, upload_id), part=True)
    return redirect("portal:upload", member.organisation_id, upload.id)


@sensitive_variables("rows")
def _store(request: HttpRequest, member: Membership, form: QuestionForm) -> Upload | None:
    """None when question or file are not right; the form says why."""
    file = request.FILES.get("file")
    question = form.asked()
    form.blame(
        {
            name: problem
            for name, problem in requests.check(question).items()
            if name != "number"  # whoever is asked stands in the file
        }
    )
    try:
        requests.allow(member.organisation, question)
    except requests.NotAllowedError as error:
        form.add_error(None, words(f"not_allowed.{error}"))
    try:
        if file is None:
            raise people_files.FileError("none")
        rows = people_files.read(file.read())
    except people_files.FileError as error:
        form.add_error(None, words(f"file.{error}"))
        return None
    if form.errors:
        return None
    return services.store(by=Asker.member(member), question=question, rows=rows)


def _show(
    request: HttpRequest, member: Membership, upload: Upload, part: bool = False
) -> HttpResponse:
    progress = services.progress(upload)
    room = usage(member.organisation).room
    asked = Question(
        purpose=upload.purpose, question=upload.question, days=upload.days,
        kept_days=upload.kept_days, **upload.places,
    )  # fmt: skip
    context = around(member, "uploads") | {
        "upload": upload,
        "progress": progress,
        "room": room,
        "left_over": max(0, progress.waiting - room),
        "problems": upload.rows.exclude(problem="").order_by("line")[:MOST_SHOWN],
        "places": places.named([*asked.cities, *asked.countries], get_language() or ""),
        "notices": [] if upload.sent_at else previews.notices(member.organisation, asked),
    }
    name = "portal/upload_progress.html" if part else "portal/upload.html"
    return render(request, name, context)


def _found(member: Membership, upload_id: uuid.UUID) -> Upload:
    try:
        return services.of(member.organisation, upload_id)
    except Upload.DoesNotExist as error:
        raise Http404 from error
