"""Following requests, and reading answers."""

import uuid
from collections.abc import Iterator

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from consent.models import Request
from core.pages import words
from organisations.models import Membership
from organisations.views.access import member_page
from verification import listing, pdf, places, presenting, tables
from verification.forms import LONGEST_REFERENCE
from verification.models import Answer
from verification.selectors import RequestState
from verification.services import reading, requests
from verification.services.requests import Asker
from verification.views.access import around, asker_page

#: The latest requests that a list of them has.
MOST_LISTED = 10_000
COLUMNS = ("id", "asked", "reference", "purpose", "question", "places", "days", "kept", "closes",
           "state", "answered")  # fmt: skip


@sensitive_post_parameters("reference")
@require_http_methods(["GET", "POST"])
@member_page
def follow(request: HttpRequest, member: Membership) -> HttpResponse:
    """All requests, the latest first. A search is sent as a body: a reference may be a name."""
    sought = request.POST.get("reference", "").strip()[:LONGEST_REFERENCE]
    after = request.POST.get("after", "") or request.GET.get("after", "")
    page = listing.page(member.organisation, reference=sought, after=after)
    context = around(member, "requests") | {"page": page, "sought": sought, "is_later": bool(after)}
    return render(request, "portal/requests.html", context)


@require_safe
@member_page
def one(request: HttpRequest, member: Membership, request_id: uuid.UUID) -> HttpResponse:
    """One request: what was asked, and what its asker is told of it."""
    found = _found(member, request_id)
    asked = found.request
    codes = [*asked.places["cities"], *asked.places["countries"]]
    context = around(member, "requests") | {
        "one": found,
        "asked": asked,
        "places": places.named(codes, get_language() or ""),
    }
    return render(request, "portal/request.html", context)


@require_POST
@asker_page
def cancel(request: HttpRequest, member: Membership, request_id: uuid.UUID) -> HttpResponse:
    try:
        was_open = requests.cancel(by=Asker.member(member), request_id=request_id)
    except Request.DoesNotExist as error:
        raise Http404 from error
    if was_open:
        messages.success(request, words("request.cancelled_now"))
    else:
        messages.error(request, words("request.ended_before"))
    return redirect("portal:request", member.organisation_id, request_id)


@require_safe
@member_page
def answer(request: HttpRequest, member: Membership, request_id: uuid.UUID) -> HttpResponse:
    """The answer in words. That it was read is noted, the first time."""
    found = _found(member, request_id)
    if found.answer is None:
        raise Http404
    shown = _read(member, found)
    context = around(member, "requests") | {"one": found, "asked": found.request, "shown": shown}
    context |= {"delete_by": shown.delete_by.isoformat() if shown else ""}
    return render(request, "portal/answer.html", context)


@require_safe
@member_page
def answer_file(
    request: HttpRequest, member: Membership, request_id: uuid.UUID, kind: str
) -> HttpResponse:
    """The answer as a file: `pdf`, `json` or the token alone (`txt`). None after a withdrawal."""
    found = _found(member, request_id)
    shown = _read(member, found) if found.answer else None
    if shown is None or not shown.can_be_handed_on or kind not in ("pdf", "json", "txt"):
        raise Http404
    if kind == "json":
        options = {"ensure_ascii": False, "indent": 2}
        file: HttpResponse = JsonResponse(presenting.as_json(shown), json_dumps_params=options)
    elif kind == "pdf":
        file = HttpResponse(pdf.answer(shown), content_type="application/pdf")
    else:
        file = HttpResponse(shown.token + "\n", content_type="text/plain; charset=us-ascii")
    file["Content-Disposition"] = f'attachment; filename="answer-{request_id.hex[:8]}.{kind}"'
    return file


@require_safe
@member_page
def listed(request: HttpRequest, member: Membership) -> HttpResponse:
    """The latest requests as a CSV file. There is no number and no answer in it."""
    head = [words(f"column.{name}") for name in COLUMNS]
    text = "".join(tables.lines(head, _rows(member)))
    file = HttpResponse(text, content_type="text/csv; charset=utf-8")
    file["Content-Disposition"] = 'attachment; filename="requests.csv"'
    return file


def _rows(member: Membership) -> Iterator[list[object]]:
    after, left = "", MOST_LISTED
    while left > 0:
        page = listing.page(member.organisation, after=after, size=min(left, 500))
        for found in page.requests:
            asked = found.request
            yield [
                asked.id, f"{asked.asked_at:%Y-%m-%d %H:%M:%S}", asked.reference, asked.purpose,
                asked.question, " ".join([*asked.places["cities"], *asked.places["countries"]]),
                asked.days, asked.kept_days, f"{asked.closes_at:%Y-%m-%d %H:%M:%S}",
                found.state.value, _answered(found),
            ]  # fmt: skip
        after, left = page.after, left - len(page.requests)
        if not after:
            return


def _answered(found: listing.Listed) -> str:
    at = found.answer.handed_over_at if found.answer else None
    return f"{at:%Y-%m-%d %H:%M:%S}" if at else ""


def _found(member: Membership, request_id: uuid.UUID) -> listing.Listed:
    try:
        return listing.one(member.organisation, request_id)
    except Request.DoesNotExist as error:
        raise Http404 from error


def _read(member: Membership, found: listing.Listed) -> presenting.Shown | None:
    """None when the answer is not kept here any more, or was taken back."""
    if found.state is RequestState.WITHDRAWN:
        return None
    try:
        token = reading.read(by=Asker.member(member), request_id=found.request.id)
    except Answer.DoesNotExist:
        return None
    return presenting.shown(token, found, get_language() or "") if token else None
