"""Reading what is published about answers."""

from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet

from core import clock
from travel.questions import Terms
from verification.claims import STATUS_PATH
from verification.models import SigningKey, StatusList
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
