"""What exactly a person is asked to agree to."""

from typing import Any

from django.conf import settings

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
