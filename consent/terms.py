"""What exactly a person is asked to agree to."""

import math
from typing import Any

from django.conf import settings

from consent.models import Request

# Raised whenever the wording of a notice changes what it says. The log names it.
NOTICE_VERSION = "1"


def valid_days() -> int:
    """How long a consent to look up one's own journey stands, unless it is withdrawn."""
    return int(settings.CONSENT_VALID_DAYS)


def self_inquiry(window_days: int) -> dict[str, Any]:
    """The person asks about themself: the cities of the window, as often as they ask."""
    return {
        "asker": "self",
        "purpose": "self_inquiry",
        "question": "itinerary",
        "categories": ["cities"],
        "granularity": "city",
        "window_days": window_days,
        "valid_days": valid_days(),
        "max_uses": None,
        "recipients": ["self"],
        "resharing": False,
        "answer_kept_hours": 24,
        "lawful_basis": "consent",
        "collection_method": "sms",
        "withdrawal": ["STOP", "DROP"],
    }


def employer_question(request: Request, asker: str) -> dict[str, Any]:
    """An organisation asks once. `gate.asked_terms` holds what it says to what is stored."""
    lists = request.question == "itinerary"
    return {
        "org_ref": str(request.org_ref),
        "asker": asker,
        "purpose": request.purpose,
        "question": request.question,
        "places": request.places,
        "categories": ["cities"] if lists else ["been_to"],
        "granularity": "city" if lists else "yes_no",
        "window_days": request.days,
        "valid_days": math.ceil(settings.REQUEST_OPEN_HOURS / 24),
        "max_uses": 1,
        "kept_days": request.kept_days,
        "answer_valid_hours": settings.ANSWER_VALID_HOURS,
        "digits_of_the_number": 2,
        "recipients": ["asker"],
        "resharing": False,
        "answer_kept_hours": 24,
        "lawful_basis": "consent",
        "collection_method": "sms",
        "withdrawal": ["STOP", "DROP", "NO"],
    }
