"""The notice says what is looked up, for which days and how long, within three segments."""

from datetime import UTC, datetime

import pytest

from consent import notices, terms
from core import catalogue, clock
from core.models import Installation

SHANGHAI = Installation(id=1, time_zone="Asia/Shanghai", window_days=14)


def render(locale: str, code: str = "482913") -> notices.Rendered:
    return notices.render_self_inquiry(
        locale=locale, code=code, terms=terms.self_inquiry(14), installation=SHANGHAI
    )


@pytest.mark.parametrize("locale", catalogue.locales())
def test_it_fits_in_three_segments_on_any_day_of_the_year(
    locale: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for month in range(1, 13):
        for day in (1, 14, 28):
            moment = datetime(2026, month, day, 12, tzinfo=UTC)
            monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
            assert render(locale).segments <= 3


@pytest.mark.parametrize("locale", catalogue.locales())
def test_it_names_the_days_of_the_window_the_term_and_the_code(
    locale: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 23, 15, 59, tzinfo=UTC))
    text = render(locale).text
    first, last = (datetime(2026, 11, day, tzinfo=UTC).date() for day in (9, 22))
    assert catalogue.format_days(locale, first, last) in text
    assert "30" in text
    assert text.rstrip().endswith(("482913", "482913。"))
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 23, 16, 0, tzinfo=UTC))
    assert render(locale).text != text, "after midnight in Shanghai it is another day"


@pytest.mark.parametrize("locale", catalogue.locales())
def test_its_hash_is_of_the_text_without_the_code(locale: str) -> None:
    one, other = render(locale, "482913"), render(locale, "000001")
    assert one.text != other.text
    assert one.sha256 == other.sha256
    assert one.sha256.hex() == one.about()["sha256"]
