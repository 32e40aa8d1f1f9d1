"""`/metrics`: counts and times for Prometheus, read from PostgreSQL at each scrape.

Numbers only: no label speaks of a person. Whoever presents `METRICS_TOKEN` may read them, nobody
else. An address alone would not do: behind a proxy every visitor comes from the proxy's.
"""

import hmac
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from audit import selectors as audit
from disputes import selectors as disputes
from signaling import selectors as signaling
from signaling.freshness import freshness
from sms_gateway import overview
from sms_gateway.models import Why

PREFIX: Final = "travelcheck"
COUNTERS: Final = {  # field of signaling.selectors.IngestTotals -> what it says
    "rows": "Event rows that came in.",
    "stored": "Event rows that passed the door.",
    "unknown_cells": "Events at cells that are not known, stored by country alone.",
    "late": "Event rows rejected because their day was sealed.",
    "subscribers": "Subscribers whose stays were compiled.",
    "stay_points": "Stay-points written.",
    "runs": "Ingest runs that ended well.",
}


class Metrics(Collector):
    """Everything at the moment of a scrape; nothing is kept in this process."""

    def collect(self) -> Iterable[Metric]:
        yield from ingested()
        yield from last_run()
        yield from days()
        yield from cases()
        yield from texts()
        yield from log()


def gauge(name: str, what: str, value: float) -> Metric:
    return GaugeMetricFamily(f"{PREFIX}_{name}", what, value=value)


def at(name: str, what: str, moment: datetime | None) -> Iterator[Metric]:
    if moment is not None:
        yield gauge(f"{name}_timestamp_seconds", what, moment.timestamp())


def log() -> Iterator[Metric]:
    waiting = "Age of the oldest log entry not under an accepted checkpoint; answers wait for it."
    yield gauge("log_waiting_seconds", waiting, audit.lag().total_seconds())
    unsequenced = "Age of the oldest log entry without a place in the tree."
    yield gauge("log_unsequenced_seconds", unsequenced, audit.queue_lag().total_seconds())
    needed = "Witnesses whose cosignatures a checkpoint needs."
    yield gauge("log_witnesses_needed", needed, float(audit.quorum()))
    cosigned = GaugeMetricFamily(
        f"{PREFIX}_log_witness_cosigned_timestamp_seconds",
        "When this witness cosigned last.",
        labels=["witness"],
    )
    for witness in audit.witnesses():
        if witness.cosigned_at is not None:
            cosigned.add_metric([witness.name], witness.cosigned_at.timestamp())
    yield cosigned


def ingested() -> Iterator[Metric]:
    totals = signaling.ingest_totals()
    for name, what in COUNTERS.items():
        yield CounterMetricFamily(
            f"{PREFIX}_signaling_{name}", what, value=float(getattr(totals, name))
        )
    for name, what, counts in (
        ("rejected", "Event rows set aside, by reason.", totals.rejected),
        ("left_out", "Good event rows that were of no use, by reason.", totals.left_out),
    ):
        family = CounterMetricFamily(f"{PREFIX}_signaling_{name}", what, labels=["reason"])
        for reason, rows in sorted(counts.items()):
            family.add_metric([reason], rows)
        yield family


def last_run() -> Iterator[Metric]:
    totals = signaling.ingest_totals()
    yield from at("signaling_last_run", "When the last ingest run ended.", totals.last_run_at)
    yield gauge("signaling_last_run_seconds", "How long it took.", totals.last_run_seconds)
    yield gauge(
        "signaling_last_run_jumps", "Far jumps it left out of stays.", totals.last_run_jumps
    )


def days() -> Iterator[Metric]:
    found = freshness()
    loaded = GaugeMetricFamily(
        f"{PREFIX}_feed_loaded_timestamp_seconds",
        "When the last complete load of this feed ended.",
        labels=["feed"],
    )
    for feed, moment in sorted(found.loaded.items()):
        loaded.add_metric([feed], moment.timestamp())
    yield loaded
    yield gauge(
        "data_too_old",
        "1 when `manage.py data_freshness` would fail.",
        float(bool(found.complaints)),
    )
    states = [row.state for row in found.rows if row.state]
    yield gauge("signaling_days_open", "Days of the window that still take events.",
                sum(state.sealed_at is None for state in states))  # fmt: skip
    yield gauge("signaling_days_complete", "Days of the window with data until their end.",
                sum(row.is_complete for row in found.rows))  # fmt: skip
    last = max((s.last_event_at for s in states if s.last_event_at), default=None)
    yield from at("signaling_last_event", "When the latest stored event happened.", last)


def cases() -> Iterator[Metric]:
    load = disputes.load()
    yield gauge("disputes_open", "Visits that people say are wrong, not decided yet.", load.open)
    yield gauge("disputes_overdue", "Those that are past the day told to the person.", load.overdue)


def texts() -> Iterator[Metric]:
    """How texts fare; `incidents_open` above 0 is the alarm."""
    yield gauge("texts_waiting", "Texts that are due and not gone.", overview.waiting())
    unclear = "Texts nobody understood, for an operator to read."
    yield gauge("texts_unclear", unclear, overview.unclear_count())
    spent, _ = overview.spent_and_budget()
    yield gauge("texts_spent_today", "Units of the currency since midnight (UTC).", spent)
    family = GaugeMetricFamily(
        f"{PREFIX}_texts_incidents_open", "Open incidents, by reason.", labels=["reason"]
    )
    counts = Counter(overview.open_incidents().values_list("why", flat=True))
    for why in Why.values:
        family.add_metric([why], counts[why])
    yield family
    probe = overview.last_probe()
    if probe is not None:
        yield from at("texts_probe_sent", "When the last text to ourselves went.", probe.sent_at)
        yield from at("texts_probe_back", "When it came back.", probe.back_at)


def may_read(request: HttpRequest) -> bool:
    """Whether the request carries the operator's token; without a token nobody may."""
    given = request.headers.get("Authorization", "")
    wanted = f"Bearer {settings.METRICS_TOKEN}"
    return bool(settings.METRICS_TOKEN) and hmac.compare_digest(given.encode(), wanted.encode())


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The page for Prometheus; 404 for whoever may not read it, 503 without a database."""
    if not may_read(request):
        return HttpResponseNotFound("not found\n", content_type="text/plain")
    registry = CollectorRegistry(auto_describe=False)
    try:
        registry.register(Metrics())
        text = generate_latest(registry)
    except DatabaseError:
        return HttpResponse("the database does not answer\n", status=503, content_type="text/plain")
    return HttpResponse(text, content_type=CONTENT_TYPE_PLAIN_0_0_4)
