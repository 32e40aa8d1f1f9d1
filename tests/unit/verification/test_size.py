"""An answer fits a QR code: with the longest values there are, and how far a list goes."""

import gzip
import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import pytest
import qrcode
from django.conf import settings

from tests.unit.verification.tokens import ITINERARY, KEYS_TEXT, STATEMENT, signed
from verification import qr
from verification.claims import MOST_PLACES, Listed, Statement
from verification.reading import check, read_keys

#: Each is the longest code a place can have.
CODES = tuple(f"{n}" + "9" * 19 for n in range(MOST_PLACES))
LONGEST = replace(
    STATEMENT,
    issuer="https://travel-history.services.gov.example",
    audience_name="工" * 60,  # the longest name that can be registered
    issued_at=datetime(2286, 11, 20, 18, tzinfo=UTC),
    expires_at=datetime(2286, 11, 27, 18, tzinfo=UTC),
    question="stayed_only_in",
    answer="CANNOT_TELL",
    places=CODES,
    names=dict.fromkeys(CODES, "Riviere-des-Prairies-Pointe-aux-Trembles, Canada"),
    days_covered=14,
    hours_observed=336,
    minimum_hours=24,
    rule_version="12.10",
    status_index=(1 << 20) - 1,
)


@cache
def cities() -> list[tuple[str, str]]:
    """Code and name of the bundled places, the shortest name first."""
    path = Path(settings.BASE_DIR) / "signaling" / "data" / "gazetteer.geojson.gz"
    features = json.loads(gzip.decompress(path.read_bytes()))["features"]
    named = [(f["properties"]["code"], f["properties"]["name"]) for f in features]
    return sorted(named, key=lambda place: len(place[1]))


def itinerary(places: Iterable[tuple[str, str]]) -> Statement:
    """Each place was visited on every other day."""
    names = dict(places)
    days = tuple(date(2026, 11, 9) + timedelta(days=n) for n in range(0, 14, 2))
    return replace(ITINERARY, names=names, listed=tuple(Listed((code,), days) for code in names))


def test_the_longest_answer_there_can_be_fits() -> None:
    for count in range(1, MOST_PLACES + 1):
        assert len(qr.fitting(replace(LONGEST, places=CODES[:count]), signed)) < 1000


def test_a_usual_answer_keeps_its_names_and_has_room_left() -> None:
    assert qr.fitting(STATEMENT, signed) == signed()
    assert len(signed()) < 750


def test_names_go_only_where_there_is_no_room_and_codes_never() -> None:
    keys = read_keys(KEYS_TEXT)

    def read(said: Statement) -> Statement:
        report = check(qr.fitting(said, signed), keys, now=said.issued_at)
        assert report.statement is not None
        return report.statement

    asked = replace(STATEMENT, audience_name="工" * 60)
    assert read(asked) == asked
    many = dict(cities()[2000:2008])
    crowded = replace(asked, places=tuple(many), names=many)
    assert read(crowded) == replace(crowded, audience_name="")
    assert read(LONGEST) == replace(LONGEST, audience_name="", names={})


def test_how_many_cities_of_an_itinerary_fit() -> None:
    """Usual names of the gazetteer. What docs/answers.md says: 5 with their names, 14 without."""
    middle = cities()[len(cities()) // 2 :]
    named = max(n for n in range(1, 20) if qr.fits(signed(itinerary(middle[:n]))))
    bare = max(n for n in range(1, 40) if qr.fits(qr.fitting(itinerary(middle[:n]), signed)))
    assert named >= 5
    assert bare >= 14


def test_a_code_is_one_a_phone_can_read() -> None:
    """At most 105 modules a side; drawn without styles, which a strict policy forbids."""
    token = qr.fitting(LONGEST, signed)
    drawing = ElementTree.fromstring(qr.svg(token))  # noqa: S314  our own
    assert drawing.tag == "{http://www.w3.org/2000/svg}svg"
    assert "style" not in {name for element in drawing.iter() for name in element.attrib}
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_L)
    code.add_data("x" * qr.MOST_BYTES, optimize=0)
    code.make()
    assert code.modules_count == 105


def test_beyond_that_there_is_no_code_but_the_answer_is_whole() -> None:
    long = itinerary(cities()[-40:])
    token = qr.fitting(long, signed)
    assert token == signed(long)
    with pytest.raises(qr.TooLargeError, match="999"):
        qr.svg(token)
