"""Both languages say the same things."""

import pytest

from core.catalogue import placeholders
from tests.unit.verification.tokens import STATEMENT
from verification.reading import Report, Standing, Verdict
from verification.wording import worded
from verification.words import WORDS, language_of


def test_every_text_is_in_both_languages_with_the_same_values() -> None:
    english, chinese = WORDS["en"], WORDS["zh"]
    assert english.keys() == chinese.keys()
    for key, text in english.items():
        assert placeholders(text) == placeholders(chinese[key]), key
        assert text.strip()


@pytest.mark.parametrize("language", sorted(WORDS))
@pytest.mark.parametrize("standing", [s for s in Standing if s is not Standing.STANDS])
def test_whatever_becomes_of_an_answer_has_words(language: str, standing: Standing) -> None:
    report = Report(Verdict.NOT_GENUINE, standing.name.lower(), STATEMENT, standing)
    assert worded(report, language).finding


def test_the_language_that_is_wanted_first() -> None:
    assert language_of("zh-hans", "en") == "zh"
    assert language_of("", "fr", "zh") == "zh"
    assert language_of("fr") == "en"
