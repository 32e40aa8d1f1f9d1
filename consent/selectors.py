"""Reading consents and accesses of one person."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from audit.models import Entry
from audit.selectors import entries_about
from consent.models import Consent, Release, State
from subscribers.selectors import DatabaseNow

ACCESS_EVENTS = ("access.claimed", "access.released", "access.delivered", "access.denied")


@dataclass(frozen=True, slots=True)
class Access:
    """One access as its subject sees it in `LOG`, from the log itself.

    `result`: waiting | released | delivered | denied; `reason` says why it was denied.
    `org_ref`: who asked, None for the person themself.
    """

    at: datetime
    org_ref: UUID | None
    purpose: str
    result: str
    reason: str
    entry_id: int


def live_consents(tenure_id: UUID) -> QuerySet[Consent]:
    """Consents in force, the oldest first: what `LIST` numbers."""
    return Consent.objects.filter(
        tenure_id=tenure_id, state=State.GRANTED, valid_until__gt=DatabaseNow()
    ).order_by("granted_at", "id")


def own_consent(tenure_id: UUID) -> Consent | None:
    """The live consent under which a person may ask about themself at once."""
    return live_consents(tenure_id).filter(org_ref=None, purpose="self_inquiry").last()


def open_request(tenure_id: UUID) -> Consent | None:
    """The person's own open question about themself, if its code is still alive."""
    return Consent.objects.filter(
        tenure_id=tenure_id,
        org_ref=None,
        state__in=[State.REQUESTED, State.DISCLOSED],
        code_expires_at__gt=DatabaseNow(),
    ).first()


def release(release_id: UUID) -> Release | None:
    """A release by its id."""
    return Release.objects.filter(id=release_id).first()


def unfinished_releases() -> QuerySet[Release]:
    """Claims whose answer has not left yet, the oldest first."""
    return Release.objects.filter(state__in=["claimed", "fetched"]).order_by("claimed_at")


def accesses(subject_ref: UUID, limit: int = 5) -> list[Access]:
    """The last accesses about one person, the latest first, as the log tells them."""
    # One access is up to three entries: claimed, released, delivered.
    entries = entries_about(subject_ref, ACCESS_EVENTS)[: limit * 3]
    return _folded(entries)[:limit]


def _folded(entries: Iterable[Entry]) -> list[Access]:
    """One line per release; a claim that was refused at once has no release and its own line."""
    lines: dict[str, Access] = {}
    for entry in entries:  # the latest first, so that the first one seen tells the result
        content = entry.content
        event = entry.event.removeprefix("access.")
        known = lines.get(content.get("release_id", str(entry.id)))
        lines[content.get("release_id", str(entry.id))] = Access(
            at=entry.recorded_at,
            org_ref=entry.org_ref,
            purpose=content["purpose_code"],
            result=known.result if known else ("waiting" if event == "claimed" else event),
            reason=known.reason if known else content.get("reason", ""),
            entry_id=entry.id,
        )
    return list(lines.values())
