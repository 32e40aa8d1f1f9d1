"""What operators see of texts: how many, how they fare, what they cost. No number and no word, but
those of texts nobody understood, which somebody must read."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Q, QuerySet, Sum

from sms_gateway import clock, sealed
from sms_gateway.models import (
    DeliveryReport,
    Incident,
    OperatorAct,
    OutboundMessage,
    OutboundPart,
    Probe,
    ProviderCall,
    ProviderState,
    Reason,
    State,
    Switch,
    Unclear,
)
from sms_gateway.providers.routes import names
from sms_gateway.services import health, limits
from sms_gateway.services.operating import RESENDABLE

DAY = timedelta(days=1)
LAST = 20


@dataclass(frozen=True, slots=True)
class Health:
    """A provider's share and its last five minutes."""

    name: str
    share: int
    is_pinned: bool
    calls: int
    failed: int
    median_ms: int


@dataclass(frozen=True, slots=True)
class Words:
    """A text nobody understood; `body` None when its words are gone."""

    ref: uuid.UUID
    body: str | None
    received_at: datetime


def states() -> list[tuple[str, str, int]]:
    """(state, reason, count) of the texts of the last 24 hours."""
    rows = OutboundMessage.objects.filter(created_at__gte=clock.after(-DAY))
    counted = rows.values_list("state", "reason").annotate(count=Count("id"))
    order = list(State)
    return sorted(counted, key=lambda row: (order.index(State(row[0])), row[1]))


def waiting() -> int:
    """Texts that are due and not gone."""
    return OutboundMessage.objects.filter(
        state__in=(State.QUEUED, State.SENDING), due_at__lte=clock.now()
    ).count()


def providers() -> list[Health]:
    states = {state.provider: state for state in ProviderState.objects.all()}
    found = []
    for name in names():
        state = states.get(name)
        calls = health.recent_calls(name)
        found.append(
            Health(
                name=name,
                share=state.share if state else 100,
                is_pinned=bool(state and state.is_pinned),
                calls=calls.count,
                failed=calls.failed,
                median_ms=round(calls.median_seconds * 1000),
            )
        )
    return found


def incidents() -> QuerySet[Incident]:
    """Open ones first, then the last that were."""
    return Incident.objects.order_by("closed_at", "-opened_at")[:LAST]


def open_incidents() -> QuerySet[Incident]:
    return Incident.objects.filter(closed_at=None)


def switches() -> QuerySet[Switch]:
    return Switch.objects.order_by("-id")[:LAST]


def costs() -> list[tuple[str, int, float]]:
    """(provider, texts, units of the currency) since midnight (UTC)."""
    rows = OutboundMessage.objects.filter(sending_at__gte=clock.today())
    summed = rows.values_list("provider").annotate(texts=Count("id"), cost=Sum("cost"))
    return [(name, texts, cost / 1000) for name, texts, cost in summed.order_by("provider")]


def spent_and_budget() -> tuple[float, int]:
    return limits.spent_today() / 1000, settings.SMS_BUDGET_PER_DAY


def last_probe() -> Probe | None:
    return Probe.objects.order_by("-id").first()


def in_trouble() -> QuerySet[OutboundMessage]:
    """Texts of the last day that did not arrive, newest first."""
    failed = Q(state__in=RESENDABLE) | Q(state=State.SUPPRESSED, reason=Reason.LIMIT)
    rows = OutboundMessage.objects.filter(failed, created_at__gte=clock.after(-DAY))
    return _visible(rows).order_by("-id")[:50]


def search(text: str) -> OutboundMessage | None:
    """By our reference, or by the provider's id."""
    rows = _visible(OutboundMessage.objects.all())
    try:
        return rows.filter(ref=uuid.UUID(text)).first()
    except ValueError:
        found = rows.filter(provider_message_id=text).order_by("-id").first()
        if found is not None or not text:
            return found
    part = OutboundPart.objects.filter(provider_message_id=text).order_by("-id").first()
    return rows.filter(id=part.outbound_id).first() if part else None


def text(ref: uuid.UUID) -> OutboundMessage | None:
    return _visible(OutboundMessage.objects.filter(ref=ref)).first()


def calls(row: OutboundMessage) -> QuerySet[ProviderCall]:
    return ProviderCall.objects.filter(outbound_id=row.id).order_by("id")


def wishes(row: OutboundMessage) -> QuerySet[OperatorAct]:
    """What operators asked for, and what came of it."""
    return OperatorAct.objects.filter(target=row.ref).order_by("asked_at")


def reports(row: OutboundMessage) -> QuerySet[DeliveryReport]:
    """What the provider told of it, as it came."""
    ids = [row.provider_message_id] if row.provider_message_id else []
    ids += OutboundPart.objects.filter(outbound_id=row.id).values_list(
        "provider_message_id", flat=True
    )
    about = Q(ref=row.ref) | Q(provider=row.provider, provider_message_id__in=ids)
    return (
        DeliveryReport.objects.filter(about)
        .only("id", "provider", "provider_message_id", "status", "error_code", "received_at")
        .order_by("id")
    )


def may_resend(row: OutboundMessage) -> bool:
    return row.state in RESENDABLE and row.reason != Reason.PERMANENT


def unclear() -> list[Words]:
    """Texts nobody understood and nobody has dealt with, oldest first."""
    rows = (
        Unclear.objects.filter(closed_at=None)
        .order_by("received_at")
        .only("ref", "key_id", "body_sealed", "received_at")[:100]
    )
    found = []
    for row in rows:
        opened = sealed.unseal(row.key_id, (row.body_sealed, sealed.unclear_body(row.ref)))
        found.append(Words(row.ref, opened[0] if opened else None, row.received_at))
    return found


def unclear_count() -> int:
    return Unclear.objects.filter(closed_at=None).count()


def _visible(rows: QuerySet[OutboundMessage]) -> QuerySet[OutboundMessage]:
    """The columns web may read."""
    return rows.only(
        "id", "ref", "kind", "segments", "state", "reason", "error_code", "attempts",
        "created_at", "expires_at", "sending_at", "sent_at", "delivered_at", "provider",
        "provider_message_id", "cost", "org_ref",
    )  # fmt: skip
