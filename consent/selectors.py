"""Reading consents of one person, and what they allow and forbid beforehand."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from consent.models import (
    Block,
    Consent,
    Pause,
    Release,
    SharingCode,
    State,
    WithdrawalByPhone,
)
from core import clock, person_keys
from subscribers.selectors import DatabaseNow


@dataclass(frozen=True, slots=True)
class Standing:
    """One line of `LIST`: a consent in force, or an answer that its asker may still keep."""

    consent: Consent
    is_handed_over: bool
    until: datetime


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


def standing(tenure_id: UUID) -> list[Standing]:
    """What a holder of a number can still end or take back, the oldest first: what `LIST` numbers.

    Answers that were handed over stay on it for as long as the terms let the asker keep them.
    """
    found = [
        Standing(consent, False, consent.valid_until)
        for consent in live_consents(tenure_id)
        if consent.valid_until is not None
    ]
    now = clock.now()
    handed = Consent.objects.filter(
        tenure_id=tenure_id, state=State.CONSUMED, recalled_at=None, org_ref__isnull=False
    )
    for consent in handed.order_by("granted_at", "id"):
        until = kept_until(consent)
        if until is not None and until > now:
            found.append(Standing(consent, True, until))
    return sorted(found, key=lambda line: (line.consent.granted_at, line.consent.id))


def kept_until(consent: Consent) -> datetime | None:
    """Until when an asker may keep the answer that was handed over; None when there is none."""
    if consent.state != State.CONSUMED or consent.ended_at is None:
        return None
    return consent.ended_at + timedelta(days=consent.terms.get("kept_days", 0))


def open_questions(tenure_id: UUID) -> QuerySet[Consent]:
    """Every question, own or of organisations, that waits for this holder's answer."""
    return Consent.objects.filter(
        tenure_id=tenure_id,
        state__in=[State.REQUESTED, State.DISCLOSED],
        code_expires_at__gt=DatabaseNow(),
    ).order_by("requested_at", "id")


def get(consent_id: UUID) -> Consent | None:
    """A consent by its id."""
    return Consent.objects.filter(id=consent_id).first()


def handed_over_with(*, tenure_id: UUID, code_digest: bytes) -> Consent | None:
    """The consent that this code agreed to, when its answer has been handed over since."""
    return Consent.objects.filter(
        tenure_id=tenure_id,
        code_digest=code_digest,
        state=State.CONSUMED,
        org_ref__isnull=False,
    ).last()


@dataclass(frozen=True, slots=True)
class Answered:
    """An access that was answered at `at`, and its consent."""

    release_id: UUID
    at: datetime
    consent: Consent


def release_named(tenure_id: UUID, first: UUID, last: UUID) -> Answered | None:
    """The answered access of this holder whose id lies in a range, as references give one."""
    for found in Release.objects.filter(id__range=(first, last), state="released"):
        consent = Consent.objects.filter(id=found.consent_id, tenure_id=tenure_id).first()
        if consent is not None and found.released_at is not None:
            return Answered(found.id, found.released_at, consent)
    return None


def number_behind(code: SharingCode) -> str | None:
    """The number (E.164) of who made a sharing code; None when their key is gone."""
    key = person_keys.get(code.key_id)
    return key.unseal(bytes(code.number_sealed), f"sharing-code:{code.id}") if key else None


def blocked(tenure_id: UUID) -> QuerySet[Block]:
    """Whom a holder of a number has blocked, the last one first."""
    return Block.objects.filter(tenure_id=tenure_id).order_by("-blocked_at", "id")


def paused_until(tenure_id: UUID) -> datetime | None:
    """Until when organisations' questions are paused; None when they are not."""
    return (
        Pause.objects.filter(tenure_id=tenure_id, until__gt=DatabaseNow())
        .values_list("until", flat=True)
        .first()
    )


def withdrawal_by_phone(wish_id: UUID) -> WithdrawalByPhone:
    """What a member of staff was told. Raises WithdrawalByPhone.DoesNotExist."""
    return WithdrawalByPhone.objects.get(id=wish_id)


def withdrawals_waiting() -> QuerySet[WithdrawalByPhone]:
    """What was told and not done yet, the oldest first."""
    return WithdrawalByPhone.objects.filter(done_at=None).order_by("told_at")


def live_sharing_codes(tenure_id: UUID) -> QuerySet[SharingCode]:
    """Codes that were not used yet and still can be."""
    return SharingCode.objects.filter(
        tenure_id=tenure_id, used_by=None, expires_at__gt=DatabaseNow()
    ).order_by("expires_at")
