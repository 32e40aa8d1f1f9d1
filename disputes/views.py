"""The operators' pages: visits that people say are wrong."""

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from audit.selectors import checkpointed
from core.models import Installation
from core.pages import words
from disputes import selectors, services
from disputes.evidence import DayOfVisit
from disputes.forms import ErrorForm, NoErrorForm
from disputes.models import Dispute, State
from organisations.views.access import operator_page
from signaling.models import City

#: How long a page waits for the log's checkpoint, which takes well under a second.
MOST_WAIT = 3.0
STEP = 0.05
MOST_SHOWN = 50


@require_safe
@operator_page
def cases(request: HttpRequest, operator: User) -> HttpResponse:
    context = {
        "open": selectors.queue()[:MOST_SHOWN],
        "decided": selectors.decided()[:MOST_SHOWN],
        "load": selectors.load(),
        "today": selectors.today(),
    }
    return render(request, "disputes/cases.html", context)


@require_http_methods(["GET", "POST"])
@operator_page
def case(request: HttpRequest, operator: User, dispute_id: uuid.UUID) -> HttpResponse:
    """One case; what there is to see of it for who has just looked. POST decides it."""
    found = _found(dispute_id)
    days: list[DayOfVisit] = []
    if found.state == State.OPEN:
        days = selectors.seen_by(operator_ref=operator.id, dispute_id=found.id)
    if request.method == "POST" and not days:
        is_open = found.state == State.OPEN
        messages.error(request, words("disputes.unseen") if is_open else words("disputes.over"))
        return redirect("disputes:case", found.id)
    names = _names(days)
    is_error = "error" in request.POST
    sent = request.POST if request.method == "POST" else None
    error = ErrorForm(
        sent if is_error else None, cities=[names[code] for code in sorted(names)] or [""]
    )
    none = NoErrorForm(None if is_error else sent)
    form = error if is_error else none
    if sent is not None and form.is_valid():
        return _decide(request, operator, found, form.cleaned_data, is_error=is_error)
    context = {
        "case": found,
        "is_overdue": found.state == State.OPEN and found.due_on < selectors.today(),
        "rows": _rows(days),
        "cities": list(names.values()),
        "kind": days[0].kind if days else "",
        "observed": sum(day.observed for day in days),
        "hours": sum(day.hours for day in days),
        "error": error,
        "none": none,
    }
    return render(request, "disputes/case.html", context)


@require_POST
@operator_page
def look(request: HttpRequest, operator: User, dispute_id: uuid.UUID) -> HttpResponse:
    """Say in the person's log that an operator looks, and wait until that is signed."""
    found = _found(dispute_id)
    entry = services.look(dispute_id=found.id, by=operator)
    if entry is None:
        messages.error(request, words("disputes.over"))
    elif not _recorded(entry):
        messages.info(request, words("disputes.not_recorded"))
    return redirect("disputes:case", found.id)


def _decide(
    request: HttpRequest, operator: User, found: Dispute, given: dict[str, Any], *, is_error: bool
) -> HttpResponse:
    outcome = services.decide(
        dispute_id=found.id,
        by=operator,
        outcome=State.CONFIRMED if is_error else State.REJECTED,
        reason=given["reason"],
        instead=given.get("instead"),
    )
    if outcome != "done":
        messages.error(request, words("disputes.over"))
        return redirect("disputes:case", found.id)
    messages.success(request, words("disputes.done"))
    return redirect("disputes:cases")


def _recorded(entry: int) -> bool:
    deadline = time.monotonic() + MOST_WAIT
    while not (done := checkpointed(entry)) and time.monotonic() < deadline:
        time.sleep(STEP)
    return done


def _found(dispute_id: uuid.UUID) -> Dispute:
    try:
        return selectors.case(dispute_id)
    except Dispute.DoesNotExist as error:
        raise Http404 from error


def _names(days: Sequence[DayOfVisit]) -> dict[str, str]:
    """The cities of a visit, the likelier first, as an operator reads them."""
    codes = days[0].cities if days else ()
    known = City.objects.in_bulk(codes)
    in_chinese = (get_language() or "").startswith("zh")
    names = {}
    for code in codes:
        city = known.get(code)
        named = (city.name_zh if in_chinese else "") or city.name if city else ""
        names[code] = f"{named} ({code})" if named else code
    return names


@dataclass(frozen=True, slots=True)
class Row:
    """One day of the visit as the page shows it; times in the service's time zone."""

    day: date
    spans: tuple[str, ...]
    observed: int
    hours: int


def _rows(days: Sequence[DayOfVisit]) -> list[Row]:
    zone = ZoneInfo(Installation.objects.get().time_zone)
    return [
        Row(
            day.day,
            tuple(_span(*span, day.day, zone) for span in day.spans),
            day.observed,
            day.hours,
        )
        for day in days
    ]


def _span(start: datetime, end: datetime, day: date, zone: ZoneInfo) -> str:
    until = end.astimezone(zone)
    is_midnight = until.date() == day + timedelta(days=1)
    return f"{start.astimezone(zone):%H:%M}–{'24:00' if is_midnight else f'{until:%H:%M}'}"
