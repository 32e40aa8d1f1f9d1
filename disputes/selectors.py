"""Reading cases, and journeys with what was found wrong in them put right."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from consent.gate import Fetched
from core import clock, person_keys
from core.models import Installation
from disputes import evidence, gate
from disputes.evidence import DayOfVisit
from disputes.models import Dispute, State
from travel.itinerary import Place, StayPoint
from travel.overrides import Override, corrected

#: What the web process may read of a case.
SHOWN = ("id", "state", "due_on", "opened_at", "decided_at", "reason", "is_replaced")
#: What the worker may.
KNOWN = (
    "id", "consent_id", "tenure_id", "first_day", "last_day", "state", "due_on", "decided_at",
    "reason", "is_replaced", "told_at",
)  # fmt: skip


def stay_points(release_id: UUID, rows: Sequence[Fetched]) -> list[StayPoint]:
    """The stay-points of a journey that this transaction has fetched, overrides applied.

    Whatever is made of a journey is made of these: the person's own answer and an asker's alike.
    """
    points = [
        StayPoint(Place.of(row.city_code, row.alt_city_code), row.started_at, row.ended_at)
        for row in rows
        if row.city_code and row.started_at and row.ended_at
    ]
    overrides = [
        Override(
            Place.of(found.city_code, found.alt_city_code),
            found.started_at,
            found.ended_at,
            Place.of(found.instead_code) if found.instead_code else None,
        )
        for found in gate.overrides(release_id)
    ]
    return corrected(points, overrides)


# ---------------------------------------------------------------------- for operators


def today() -> date:
    """The present day in the service's time zone."""
    return clock.local_day(clock.now(), ZoneInfo(Installation.objects.get().time_zone))


def queue() -> QuerySet[Dispute]:
    """Open cases, the most urgent first."""
    return Dispute.objects.only(*SHOWN).filter(state=State.OPEN).order_by("due_on", "opened_at")


def decided() -> QuerySet[Dispute]:
    """Cases that are over and whose visit is still in the window, the last one first."""
    over = [State.CONFIRMED, State.REJECTED, State.ENDED]
    return Dispute.objects.only(*SHOWN).filter(state__in=over).order_by("-decided_at")


def case(dispute_id: UUID) -> Dispute:
    """Raises Dispute.DoesNotExist; one that was not agreed to is none."""
    return Dispute.objects.only(*SHOWN).exclude(state=State.ASKED).get(id=dispute_id)


def seen_by(*, operator_ref: UUID, dispute_id: UUID) -> list[DayOfVisit]:
    """What an operator who has just looked may see; empty until their look is in the log for good,
    and after a withdrawal. Raises django.db.ProgrammingError when this is no operator."""
    days = []
    for found in gate.evidence(dispute_id=dispute_id, operator_ref=operator_ref):
        key = person_keys.get(found.key_id)
        if key is not None:
            text = key.unseal(found.sealed, evidence.context(dispute_id, found.day))
            days.append(DayOfVisit.read(text))
    return days


@dataclass(frozen=True, slots=True)
class Load:
    """How many cases are open, and how many of them are past their day."""

    open: int
    overdue: int


def load() -> Load:
    return Load(queue().count(), queue().filter(due_on__lt=today()).count())


# ---------------------------------------------------------------------- for the worker


def known(dispute_id: UUID) -> Dispute | None:
    """A case with what the worker may know of it."""
    return Dispute.objects.only(*KNOWN).filter(id=dispute_id).first()


def of_consent(consent_id: UUID) -> Dispute | None:
    return Dispute.objects.only(*KNOWN).filter(consent_id=consent_id).first()


def to_tell() -> QuerySet[Dispute]:
    """Cases that are over and of which nobody was told yet, the oldest first."""
    return (
        Dispute.objects.only(*KNOWN)
        .filter(decided_at__isnull=False, told_at=None)
        .order_by("decided_at")
    )


def open_of(tenure_id: UUID) -> QuerySet[Dispute]:
    """The open cases of one holder of a number."""
    return Dispute.objects.only(*KNOWN).filter(tenure_id=tenure_id, state=State.OPEN)


def of_tenure(tenure_id: UUID) -> QuerySet[Dispute]:
    """Cases of one holder that they agreed to, the latest first."""
    cases = Dispute.objects.only(*KNOWN).filter(tenure_id=tenure_id)
    return cases.exclude(state=State.ASKED).order_by("-last_day", "id")


def open_over(*, tenure_id: UUID, first: date, last: date) -> bool:
    """Is a visit of this holder being looked at that touches these days?"""
    return open_of(tenure_id).filter(first_day__lte=last, last_day__gte=first).exists()
