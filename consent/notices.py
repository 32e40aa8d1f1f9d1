"""Notices: what a person is shown before they answer."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from consent.codes import DIGITS
from consent.terms import NOTICE_VERSION
from core import catalogue, clock, segments
from core.models import Installation

SELF_INQUIRY = "notice.self"


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
    zone = ZoneInfo(installation.time_zone)
    days = terms["window_days"]
    first, last = clock.full_days_before(clock.now(), days=days, zone=zone)
    values = {
        "days": days,
        "period": catalogue.format_days(locale, first, last),
        "valid_days": terms["valid_days"],
    }
    text = catalogue.render(locale, SELF_INQUIRY, code=code, **values)
    hashed = catalogue.render(locale, SELF_INQUIRY, code="0" * DIGITS, **values)
    return Rendered(
        template=SELF_INQUIRY,
        version=NOTICE_VERSION,
        locale=locale,
        text=text,
        sha256=sha256(hashed.encode()).digest(),
        segments=segments.count(text).count,
    )
