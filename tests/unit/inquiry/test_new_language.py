"""A further language is one file: it is understood and answered in without a line of code."""

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from core import catalogue
from inquiry import intents, parse


def forget(*modules: ModuleType) -> None:
    for module in modules:
        for kept in vars(module).values():
            if hasattr(kept, "cache_clear"):
                kept.cache_clear()


@pytest.fixture
def greek(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """English, German, Chinese, and a Greek whose words are the English ones behind a lambda."""
    for code in catalogue.locales():
        content = (catalogue.FOLDER / f"{code}.toml").read_text(encoding="utf-8")
        (tmp_path / f"{code}.toml").write_text(content, encoding="utf-8")
    english = (tmp_path / "en.toml").read_text(encoding="utf-8")
    about, rest = english.split("[keywords]")
    keywords, texts = rest.split("[dates]")
    about = about.replace('"English"', '"Ελληνικά"').replace("LATIN", "GREEK")
    about = about.replace('["EN", "ENGLISH", "英文", "英语", "ENGLISCH"]', '["EL", "GREEK"]')
    keywords = keywords.replace('["', '["Λ').replace(', "', ', "Λ')
    texts = texts.replace("Your text arrived empty", "Το μήνυμα ήταν κενό")
    (tmp_path / "el.toml").write_text(
        f"{about}[keywords]{keywords}[dates]{texts}", encoding="utf-8"
    )
    monkeypatch.setattr(catalogue, "FOLDER", tmp_path)
    forget(catalogue, parse)
    yield
    monkeypatch.undo()
    forget(catalogue, parse)


def test_a_file_is_enough(greek: None) -> None:
    assert catalogue.locales() == ("en", "de", "el", "zh")
    assert parse.parse("λtrip") == intents.Trip()
    assert parse.parse("Λ O K 482913") == intents.Grant("482913")
    assert parse.parse("ΛSTOP παρακαλώ") == intents.Stop()
    assert parse.parse("LANG el") == intents.ChooseLanguage("el")
    assert parse.parse("Greek") == intents.ChooseLanguage("el")
    assert parse.shown_locale("λtrip") == "el"
    assert parse.shown_locale("καλημέρα") == "el"
    assert catalogue.render("el", "other.empty").startswith("Το μήνυμα ήταν κενό")
    assert parse.parse("TRIP") == intents.Trip(), "the words of the others still work"
