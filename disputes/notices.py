"""The notice that asks whether one visit may be looked at."""

from datetime import date
from hashlib import sha256

from consent.codes import DIGITS
from consent.notices import Rendered
from core import catalogue, segments
from disputes.terms import NOTICE, NOTICE_VERSION


def render(*, locale: str, code: str, place: str, days: str, due_on: date) -> Rendered:
    """`place` and `days` as the person reads them. The hash is of the text with `*` for both, and
    for the code: anybody could try all cities and days on a hash that stands in the log."""
    by = catalogue.format_day(locale, due_on)
    text = catalogue.render(locale, NOTICE, code=code, visit=place, days=days, day=by)
    blank = catalogue.render(locale, NOTICE, code="0" * DIGITS, visit="*", days="*", day=by)
    return Rendered(
        template=NOTICE,
        version=NOTICE_VERSION,
        locale=locale,
        text=text,
        sha256=sha256(blank.encode()).digest(),
        segments=segments.count(text).count,
    )
