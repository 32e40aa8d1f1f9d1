"""Notices: what a person is shown before they answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from consent.codes import DIGITS
from consent.terms import NOTICE_VERSION
from core import catalogue, clock, segments
from core.models import Installation

SELF_INQUIRY = "notice.self"
#: The kind of text that a notice is: its life is that of its code (settings.SMS_LIVES).
KIND = "notice"


@dataclass(frozen=True, slots=True, repr=False)
class Rendered:
    """A notice ready to be sent. `sha256` is of the text with every digit of the code as 0."""

    template: str
    version: str
    locale: str
    text: str
    sha256: bytes
    segments: int

    def about(self) -> dict[str, Any]:
        """What the gate stores beside the sealed text."""
        return {
            "template": self.template,
            "version": self.version,
            "locale": self.locale,
            "sha256": self.sha256.hex(),
            "segments": self.segments,
        }


def render_self_inquiry(
    *, locale: str, code: str, terms: dict[str, Any], installation: Installation
) -> Rendered:
    """The notice of a person's question about themself. Raises core.catalogue.CatalogueError."""
    values = {**_days(locale, terms, installation), "valid_days": terms["valid_days"]}
    return _rendered(SELF_INQUIRY, locale, code, values)


def render_employer_question(
    *,
    locale: str,
    code: str,
    terms: dict[str, Any],
    places: Sequence[str],
    installation: Installation,
) -> Rendered:
    """The notice of an organisation's question (`terms.employer_question`). It names every place,
    however many segments that takes: nobody can agree to a place they were not told.
    """
    values = {
        **_days(locale, terms, installation),
        "asker": terms["asker"],
        "purpose": catalogue.render(locale, f"purpose.{terms['purpose']}"),
        "kept_days": terms["kept_days"],
        "hours": settings.MINIMUM_STAY_HOURS,
    }
    if terms["question"] != "itinerary":
        # A place abroad is written with a comma in it: Bangkok, Thailand.
        separator = str(catalogue.language(locale).dates["separator"]).replace(",", ";")
        values["places"] = separator.join(places)
    return _rendered(f"notice.{terms['question']}", locale, code, values)


def _days(locale: str, terms: dict[str, Any], installation: Installation) -> dict[str, Any]:
    zone = ZoneInfo(installation.time_zone)
    days = terms["window_days"]
    first, last = clock.full_days_before(clock.now(), days=days, zone=zone)
    return {"days": days, "period": catalogue.format_days(locale, first, last)}


def _rendered(template: str, locale: str, code: str, values: dict[str, Any]) -> Rendered:
    text = catalogue.render(locale, template, code=code, **values)
    hashed = catalogue.render(locale, template, code="0" * DIGITS, **values)
    return Rendered(
        template=template,
        version=NOTICE_VERSION,
        locale=locale,
        text=text,
        sha256=sha256(hashed.encode()).digest(),
        segments=segments.count(text).count,
    )
