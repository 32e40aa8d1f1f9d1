"""Exports: begun by a search, written while their page is open, fetched once."""

import uuid

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from oversight.forms import SearchForm
from oversight.models import Export
from oversight.services import exporting
from oversight.views.access import auditor_page, confirmed_page


@require_POST
@confirmed_page
def begin(request: HttpRequest, auditor: User) -> HttpResponse:
    form = SearchForm(request.POST)
    if not form.is_valid():
        raise Http404
    export = exporting.begin(by=auditor, said=form.said(), wanted=form.wanted())
    return redirect("oversight:export", export.id)


@require_safe
@auditor_page
def export(request: HttpRequest, auditor: User, export_id: uuid.UUID) -> HttpResponse:
    """The progress. Each look writes a part; the page looks again until it is finished."""
    found = _own(auditor, export_id)
    form = SearchForm(found.filter)
    assert form.is_valid()  # it was when the export began
    found = exporting.go_on(export_id=found.id, wanted=form.wanted())
    context = {"here": "entries", "export": found, "largest": exporting.LARGEST}
    return render(request, "oversight/export.html", context)


@require_safe
@auditor_page
def content(request: HttpRequest, auditor: User, export_id: uuid.UUID) -> StreamingHttpResponse:
    found = _own(auditor, export_id)
    if found.finished_at is None:
        raise Http404
    response = StreamingHttpResponse(exporting.content(found), content_type="application/gzip")
    response["Content-Disposition"] = f'attachment; filename="log-{found.id}.jsonl.gz"'
    return response


def _own(auditor: User, export_id: uuid.UUID) -> Export:
    found = Export.objects.filter(id=export_id, asked_by=auditor.id).first()
    if found is None:
        raise Http404
    return found
