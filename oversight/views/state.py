"""How the log is, and patterns worth a look."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.models import User
from audit import selectors as audit
from oversight import selectors
from oversight.plots import bars
from oversight.views.access import auditor_page


@require_safe
@auditor_page
def state(request: HttpRequest, auditor: User) -> HttpResponse:
    context = {
        "here": "state",
        "checkpoint": audit.latest_checkpoint(),
        "lag": audit.lag().total_seconds(),
        "sequencer_runs": audit.sequencer_runs(),
        "witnesses": selectors.witnesses(),
        "quorum": selectors.quorum(),
        "check": selectors.last_check(),
    }
    return render(request, "oversight/state.html", context)


@require_safe
@auditor_page
def patterns(request: HttpRequest, auditor: User) -> HttpResponse:
    """Plain tables and one plot. No score: who looks decides."""
    askers, bursts = selectors.askers(), selectors.bursts()
    readers, undelivered = selectors.readers(), selectors.undelivered()
    by_day = selectors.asked_by_day()
    refs = [p.org_ref for p in askers] + [b.org_ref for b in bursts]
    refs += [u.org_ref for u in undelivered if u.org_ref]
    context = {
        "here": "patterns",
        "days": selectors.PATTERN_DAYS,
        "few": selectors.FEW,
        "askers": askers,
        "bursts": bursts,
        "readers": readers,
        "undelivered": undelivered,
        "by_day": by_day,
        "bars": bars([count for _, count in by_day]),
        "names": selectors.names(refs),
        "people": selectors.people([reader.account_ref for reader in readers]),
    }
    return render(request, "oversight/patterns.html", context)
