"""Reading what is published about answers, and an organisation's own requests."""

import base64
import json
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from consent.models import Request
from core import clock
from core.keys import derive
from core.sealing import unseal
from organisations.models import Organisation
from travel.questions import Terms
from verification.claims import STATUS_PATH, Statement, from_claims
from verification.models import Answer, SigningKey, StatusList
from verification.signing import jwk

#: How long a key that signs no more can still be fetched after its last answer has expired: then
#: an old answer is told to have expired, and not to be unknown.
RETIRED_FOR = timedelta(days=30)


def terms() -> Terms:
    """What this service asks of data before it answers."""
    return Terms(
        minimum_stay=timedelta(hours=settings.MINIMUM_STAY_HOURS),
        hours=settings.ANSWER_COVERED_HOURS,
        days_percent=settings.ANSWER_COVERED_DAYS_PERCENT,
    )


def published_keys() -> QuerySet[SigningKey]:
    """The keys that answers may be signed with, the newest first."""
    kept = RETIRED_FOR + timedelta(hours=settings.ANSWER_VALID_HOURS)
    recent = Q(retired_at=None) | Q(retired_at__gt=clock.now() - kept)
    return SigningKey.objects.filter(recent, revoked_at=None).order_by("-published_at", "key_id")


def key_set() -> dict[str, Any]:
    """The published keys as a JWK set (RFC 7517)."""
    return {"keys": [jwk(bytes(key.public_key)) for key in published_keys()]}


def status_list(day: date) -> str | None:
    """The signed list of the answers issued on one UTC day; None when there are none."""
    return StatusList.objects.filter(day=day).values_list("token", flat=True).first()


def status_url(day: date) -> str:
    return f"{settings.PUBLIC_BASE_URL}{STATUS_PATH}{day.isoformat()}"


class RequestState(StrEnum):
    """All that an asker is ever told of a request. Everything that is not an answer is `open` until
    the request closes, and `not_released` from then on."""

    OPEN = "open"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"  # it had been answered, and the person took it back: delete it
    CANCELLED = "cancelled"
    NOT_RELEASED = "not_released"


def state_of(request: Request, answer: Answer | None, now: datetime) -> RequestState:
    """What the asker of a request is told. `answer`: what was handed over, if it was.

    It depends on nothing else, so that what became of a request nobody answered shows nowhere.
    """
    if answer is not None and answer.withdrawn_at is not None:
        return RequestState.WITHDRAWN
    if answer is not None:
        return RequestState.ANSWERED
    if request.cancelled_at is not None:
        return RequestState.CANCELLED
    return RequestState.NOT_RELEASED if request.closes_at <= now else RequestState.OPEN


#: Whom a request is about, and what the worker makes of it, is not for the asker's side to see; the
#: database refuses it.
NOT_FOR_ASKERS = (
    "number_index", "number_sealed", "key_id", "code_digest", "target", "considered_at", "outcome",
)  # fmt: skip


def requests_of(organisation: Organisation, *, is_test: bool = False) -> QuerySet[Request]:
    """An organisation's requests, the latest first. Others' are as if they were not there."""
    return (
        Request.objects.defer(*NOT_FOR_ASKERS)
        .filter(org_ref=organisation.id, is_test=is_test)
        .order_by("-asked_at", "-id")
    )


def open_requests(organisation: Organisation, *, is_test: bool = False) -> QuerySet[Request]:
    """Those that may still be answered, and have not been."""
    answered = Answer.objects.filter(request_id=OuterRef("id"), handed_over_at__isnull=False)
    return requests_of(organisation, is_test=is_test).filter(
        ~Exists(answered), cancelled_at=None, closes_at__gt=clock.now()
    )


def answers_to(requests: Iterable[Request]) -> dict[UUID, Answer]:
    """The answers that were handed over, by request."""
    ids = [request.id for request in requests]
    shown = Answer.objects.defer("release_entry").filter(handed_over_at__isnull=False)
    return shown.in_bulk(ids)


def token_of(answer: Answer) -> str | None:
    """The signed answer itself; None once it was blanked. Whoever reads it for an asker calls
    `services.reading.read` instead, which notes that it was read."""
    if answer.token_sealed is None:
        return None
    context = f"answer:{answer.request_id}".encode()
    return unseal(derive("answer"), bytes(answer.token_sealed), context).decode()


def said_by(answer: Answer) -> Statement | None:
    """What an answer of ours says; None once its token was blanked."""
    token = token_of(answer)
    if token is None:
        return None
    payload = token.split(".")[1]
    return from_claims(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))))


def answers_named(first: UUID, last: UUID) -> QuerySet[Answer]:
    """Answers that were handed over and whose own id, consent or access has one of these ids."""
    ids = (first, last)
    named = Q(answer_id__range=ids) | Q(consent_id__range=ids) | Q(release_id__range=ids)
    return Answer.objects.filter(named, handed_over_at__isnull=False)
