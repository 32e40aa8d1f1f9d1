"""What exactly a person agrees to when they let an operator look at one visit."""

from typing import Any

PURPOSE, QUESTION = "visit_review", "visit"
#: Raised whenever the wording of the notice changes what it says. The log names it.
NOTICE_VERSION = "1"
NOTICE = "notice.visit"


def one_visit(window_days: int) -> dict[str, Any]:
    """The terms do not say which visit: they outlive it. The notice does, sealed."""
    return {
        "asker": "operator",
        "purpose": PURPOSE,
        "question": QUESTION,
        "categories": ["visit"],
        "granularity": "hour",
        "window_days": window_days,
        "valid_days": window_days,  # by then the visit has left the window
        "max_uses": 1,
        "recipients": ["operator"],
        "resharing": False,
        "kept_until": "decided",
        "lawful_basis": "consent",
        "collection_method": "sms",
        "withdrawal": ["STOP", "DROP"],
    }
