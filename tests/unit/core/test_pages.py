"""The words of pages: complete in every language, and none that nobody shows."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from audit import vocabulary
from consent.models import AskedBy, WithdrawalByPhone
from consent.models import State as ConsentState
from core import pages
from core.catalogue import CatalogueError, placeholders
from disputes import reasons
from disputes.models import State
from inquiry.views.home import COMMANDS
from organisations.catalogue import Purpose, Role, Scope, Status
from organisations.views.operations import ACTS
from oversight.models.resolution import Reason
from sms_gateway import models as gateway
from subject_access.exports import README
from subject_access.showing import PARTS
from verification.forms import KEPT
from verification.selectors import RequestState
from verification.views.requests import COLUMNS

ROOT = Path(settings.BASE_DIR)
ROOMS = (
    "accounts", "disputes", "inquiry", "organisations", "oversight", "subject_access",
    "verification",
)  # fmt: skip
SOURCES = [
    *(ROOT / "templates").rglob("*.*"),
    *(path for room in ROOMS for path in (ROOT / room).rglob("*.py")),
]
SHOWN = re.compile(
    r"""(?:words ["']|words\(["']|later\(["']|Error\(["'])([a-z_]+\.[a-z0-9_]+)["']"""
)
# Keys that the code puts together: those it can come to.
FILE_PROBLEMS = [
    "none", "empty", "too_large", "too_many", "not_csv", "not_text", "no_column", "column_twice",
]  # fmt: skip
FORM = ["number_or_code", "not_a_mobile_number", "not_a_code"]
#: Events that name a person always, and those that may.
OF_PEOPLE = [
    *(name for name, needs in vocabulary.events().items()
      if "subject_ref" in needs and name != "erasure.done"),
    "access.denied", "auditor.searched", "auditor.viewed_entry",
]  # fmt: skip
REQUEST_PROBLEMS = [
    *FORM, "days", "kept_days", "no_places_for_an_itinerary", "how_many_places", "unknown_place",
]  # fmt: skip
ROW_PROBLEMS = [
    *FORM, "reference_long", "reference_unseen", "twice", "by_number", "question", "not_allowed",
    "over_per_day", "over_open", "too_late",
]  # fmt: skip
BY_VALUE = {
    "act": list(ACTS),
    "call_reason": WithdrawalByPhone.Reason.values,
    "dispute_kind": ["stay", "border"],
    "dispute_reason": [*reasons.CONFIRMED, *reasons.REJECTED],
    "dispute_state": [state for state in State.values if state != State.ASKED],
    "oversight_reason": Reason.values,
    "oversight_verdict": ["intact", "tampered", "unverifiable"],
    "purpose": Purpose.values,
    "role": Role.values,
    "role_short": Role.values,
    "scope": Scope.values,
    "status": Status.values,
    # the employers' portal
    "ask": [*(f"kept_{days}" for days in KEPT), "reference_long", "reference_unseen"],
    "asked_by": AskedBy.values,
    "cap": ["per_day", "open"],
    "column": COLUMNS,
    "file": FILE_PROBLEMS,
    "kind": ["visited_any", "stayed_only_in", "itinerary"],
    "not_allowed": ["suspended", "purpose", "itinerary", "by_number"],
    "request.problem": REQUEST_PROBLEMS,
    "row": ROW_PROBLEMS,
    "word_does": list(COMMANDS),
    "webhooks": ["disabled_now", "enabled_now", "old_ended"],
    "webhook_outcome": ["address", "connection", "forbidden", "name", "reply"],
    "texts_outcome": gateway.Outcome.values,
    "texts_reason": gateway.Reason.values,
    "texts_state": gateway.State.values,
    "texts_why": gateway.Why.values,
    # a person's own page
    "consent_state": ConsentState.values,
    "log_event": [event.replace(".", "_") for event in OF_PEOPLE],
    "my_page": [f"readme_{name}" for name in README],
    "my_page_part": list(PARTS),
    "text_kind": [
        "reply",
        "answer",
        "notice",
        "code",
        "page_code",
        "receipt",
        "help",
        "stop",
        "start",
    ],
    "state": list(RequestState),
    "state_what": list(RequestState),
}


def shown() -> set[str]:
    keys = {key for path in SOURCES for key in SHOWN.findall(path.read_text(encoding="utf-8"))}
    values = {f"{group}.{v.replace(':', '_')}" for group, all_ in BY_VALUE.items() for v in all_}
    return keys | values


def test_all_languages_of_the_service() -> None:
    assert set(pages.languages()) == {code for code, _ in settings.LANGUAGES}


@pytest.mark.parametrize("code", [code for code, _ in settings.LANGUAGES])
def test_a_language_has_exactly_what_is_shown(code: str) -> None:
    spoken = pages.languages()[code]
    assert set(spoken) == shown()
    first = pages.languages()[pages.FIRST]
    different = [key for key in first if placeholders(first[key]) != placeholders(spoken[key])]
    assert different == []
    assert all(spoken.values())


def test_words_are_in_the_language_of_the_reader() -> None:
    with translation.override("zh-hans"):
        assert pages.words("log_in.title") == "登录"
    with translation.override("fr"):
        assert pages.words("log_in.title") == "Log in"
    label = pages.later("log_in.title")
    with translation.override("zh-hans"):
        assert str(label) == "登录"


@pytest.mark.parametrize(("key", "values"), [("no.such", {}), ("members.until", {})])
def test_a_missing_text_or_value_is_an_error(key: str, values: dict[str, str]) -> None:
    with pytest.raises(CatalogueError):
        pages.words(key, **values)
