"""How well providers do, and what follows: a share that is cut, given back little by little, or
pinned by hand. Each change is a row with its reason, and an entry in the log."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction

from audit import services as audit
from sms_gateway import clock
from sms_gateway.models import Incident, ProviderState, Switch, Why
from sms_gateway.providers.routes import names

EVER = datetime(2000, 1, 1, tzinfo=UTC)
WINDOW = timedelta(minutes=5)
FEWEST_CALLS = 5  # fewer say nothing
FAILING, WELL = (
    0.5,
    0.1,
)  # shares of calls that failed: cut above the one, given back below the other
SLOW_SECONDS = 5.0  # half of the calls take longer
COOL_DOWN = timedelta(minutes=5)  # nothing at all after a cut
DRIFT = timedelta(minutes=1)  # between two steps back
STEP = 10
LOCK = 0x4845_414C  # "HEAL": one at a time

CALLS = """
SELECT count(*),
       count(*) FILTER (WHERE outcome IN ('temporary', 'technical', 'unknown')),
       coalesce(percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds), 0)
FROM sms_gateway_providercall
WHERE provider = %s AND at > greatest(core.now() - make_interval(secs => %s), %s::timestamptz)
"""


@dataclass(frozen=True, slots=True)
class Calls:
    """A provider's last minutes, since its share last changed."""

    count: int
    failed: int
    median_seconds: float

    @property
    def trouble(self) -> Why | None:
        if self.count < FEWEST_CALLS:
            return None
        if self.failed >= FAILING * self.count:
            return Why.FAILING
        return Why.SLOW if self.median_seconds >= SLOW_SECONDS else None

    @property
    def is_well(self) -> bool:
        return self.failed <= WELL * self.count and self.median_seconds < SLOW_SECONDS


def watch() -> None:
    """Look at every provider once. Any number may run at a time; one does it."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
            row = cursor.fetchone()
            if not row or not row[0]:
                return
        states = [_state(name) for name in names()]
        for state in states:
            others = sum(other.share for other in states if other is not state)
            _look_at(state, has_others=others > 0)


def pin(*, provider: str | None, by_ref: uuid.UUID) -> None:
    """Send everything through one provider until told otherwise; None: by weight again."""
    with transaction.atomic():
        for state in ProviderState.objects.select_for_update().filter(is_pinned=True):
            if state.provider != provider:
                ProviderState.objects.filter(provider=state.provider).update(is_pinned=False)
                _note(state, state.share, Why.MANUAL, by_ref=by_ref)
        if provider is None:
            return
        state = _state(provider)
        if not state.is_pinned:
            ProviderState.objects.filter(provider=provider).update(is_pinned=True)
            _note(state, state.share, Why.MANUAL, by_ref=by_ref)


def _state(name: str) -> ProviderState:
    fresh = ProviderState(provider=name, changed_at=clock.after(-WINDOW))
    ProviderState.objects.bulk_create([fresh], ignore_conflicts=True)
    return ProviderState.objects.get(provider=name)


def recent_calls(provider: str, *, since: datetime = EVER) -> Calls:
    """Those of the last five minutes, after `since`."""
    with connection.cursor() as cursor:
        cursor.execute(CALLS, [provider, WINDOW.total_seconds(), since])
        row = cursor.fetchone()
    assert row is not None
    return Calls(*row)


def _look_at(state: ProviderState, *, has_others: bool) -> None:
    calls = recent_calls(state.provider, since=state.changed_at)
    trouble = calls.trouble
    if trouble is not None:
        open_incident(provider=state.provider, why=trouble)
        if has_others and state.share > 0:
            _change(state, 0 if trouble is Why.FAILING else state.share // 2, trouble)
        return
    if state.share < 100:
        wait = DRIFT if state.share else COOL_DOWN
        rested = ProviderState.objects.filter(
            provider=state.provider, changed_at__lte=clock.after(-wait)
        ).exists()
        if rested and calls.is_well:
            _change(state, min(state.share + STEP, 100), Why.RECOVERED)
    elif calls.count and calls.is_well:
        for why in (Why.FAILING, Why.SLOW):
            close_incident(provider=state.provider, why=why)


def _change(state: ProviderState, share: int, why: Why) -> None:
    ProviderState.objects.filter(provider=state.provider).update(
        share=share, changed_at=clock.now()
    )
    _note(state, share, why)
    state.share = share


def _note(state: ProviderState, share: int, why: Why, *, by_ref: uuid.UUID | None = None) -> None:
    Switch.objects.create(
        provider=state.provider,
        at=clock.now(),
        before=state.share,
        after=share,
        why=why,
        by_ref=by_ref,
    )
    audit.record(
        event="gateway.switched",
        by="staff" if by_ref else "system",
        by_ref=by_ref,
        fields={"provider": state.provider, "reason": why.value},
    )


def open_incident(*, provider: str, why: Why) -> None:
    """Once, until it is closed; with an entry in the log."""
    incident = Incident(provider=provider, why=why, opened_at=clock.now())
    if Incident.objects.filter(provider=provider, why=why, closed_at=None).exists():
        return
    with transaction.atomic():
        Incident.objects.bulk_create([incident], ignore_conflicts=True)
        if Incident.objects.filter(id=incident.id).exists():
            _log("gateway.incident_opened", incident)


def close_incident(*, provider: str, why: Why) -> None:
    """Whatever of this kind is open."""
    with transaction.atomic():
        for incident in Incident.objects.select_for_update().filter(
            provider=provider, why=why, closed_at=None
        ):
            Incident.objects.filter(id=incident.id).update(closed_at=clock.now())
            _log("gateway.incident_closed", incident)


def _log(event: str, incident: Incident) -> None:
    audit.record(
        event=event,
        by="system",
        fields={
            "incident_id": str(incident.id),
            "provider": incident.provider,
            "reason": incident.why,
        },
    )
