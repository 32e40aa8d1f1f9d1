"""The log: a search, one entry, its proof."""

import base64
import json
import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.models import User
from audit import selectors as audit
from audit.models import Entry
from oversight import selectors
from oversight.forms import FindingForm, SearchForm
from oversight.services import reading
from oversight.views.access import auditor_page

PAGE = 50


@require_safe
@auditor_page
def entries(request: HttpRequest, auditor: User) -> HttpResponse:
    """The latest entries that the form asks for; `before` is the last id of the page before."""
    form = SearchForm(request.GET or None)
    found: list[Entry] = []
    if not form.is_bound:
        form = SearchForm({})
    if form.is_valid():
        before = request.GET.get("before", "")
        found = reading.searched(
            by=auditor,
            wanted=form.wanted(),
            before=int(before) if before.isdigit() and len(before) < 19 else None,
            limit=PAGE + 1,
        )
    more = len(found) > PAGE
    found = found[:PAGE]
    again = request.GET.copy()
    if more:
        again["before"] = str(found[-1].id)
    context = {
        "here": "entries",
        "form": form,
        "said": form.said() if form.is_valid() else {},
        "rows": [(entry, entry.content) for entry in found],
        "names": selectors.names([entry.org_ref for entry in found if entry.org_ref]),
        "older": again.urlencode() if more else "",
    }
    return render(request, "oversight/entries.html", context)


@require_safe
@auditor_page
def entry(request: HttpRequest, auditor: User, entry_id: int) -> HttpResponse:
    """One entry with its proof."""
    try:
        found = reading.viewed(by=auditor, entry_id=entry_id)
    except Entry.DoesNotExist as error:
        raise Http404 from error
    return render(request, "oversight/entry.html", context_of(found))


@require_safe
@auditor_page
def related(request: HttpRequest, auditor: User, entry_uuid: uuid.UUID) -> HttpResponse:
    """The entry that another one names."""
    found = Entry.objects.filter(entry_uuid=entry_uuid).first()
    if found is None:
        raise Http404
    return redirect("oversight:entry", found.id)


@require_safe
@auditor_page
def proof(request: HttpRequest, auditor: User, entry_id: int) -> HttpResponse:
    """The proof of one entry as a file (C2SP tlog-proof); 404 while it has no checkpoint."""
    text = proof_of(entry_id)
    if text is None:
        raise Http404
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="entry-{entry_id}.tlog-proof"'
    return response


def proof_of(entry_id: int) -> str | None:
    try:
        return audit.proof(entry_id)
    except audit.NoProofError:
        return None


def context_of(found: Entry) -> dict[str, object]:
    """What a page about one entry shows."""
    body = bytes(found.body)
    content = json.loads(body)
    return {
        "here": "entries",
        "entry": found,
        "fields": sorted(content.items()),
        "body": body.decode(),
        "body_base64": base64.b64encode(body).decode(),
        "proof": proof_of(found.id),
        "organisation": selectors.names([found.org_ref]).get(found.org_ref)
        if found.org_ref
        else None,
        "finding_form": FindingForm(),
    }
