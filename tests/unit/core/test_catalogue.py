"""Languages are files, and the files are held to each other."""

from datetime import date
from pathlib import Path

import pytest

from core import catalogue
from core.catalogue import CatalogueError, Language, load

MINIMAL = """
[language]
name = "Espanol"
names = ["ES"]
script = "LATIN"
encoding = "gsm7"
city_name = "name"
[keywords]
trip = ["VIAJE"]
[dates]
[texts]
hint = "Hola {name}"
[texts.other]
empty = "Vacio"
"""


@pytest.fixture(params=catalogue.locales())
def spoken(request: pytest.FixtureRequest) -> Language:
    return catalogue.language(str(request.param))


def test_every_language_has_the_same_texts_with_the_same_placeholders(spoken: Language) -> None:
    first = catalogue.language(catalogue.FIRST)
    assert spoken.texts.keys() == first.texts.keys()
    for key, template in spoken.texts.items():
        assert catalogue.placeholders(template) == catalogue.placeholders(first.texts[key]), key


def test_every_language_has_a_word_for_every_command(spoken: Language) -> None:
    first = catalogue.language(catalogue.FIRST)
    assert spoken.keywords.keys() == first.keywords.keys()
    assert all(spoken.keywords.values())


def test_no_keyword_means_two_things() -> None:
    assert catalogue.commands()["TRIP"] == "trip"
    assert catalogue.commands()["退订"] == "stop"


def test_dates(spoken: Language) -> None:
    days = [
        (date(2026, 11, 9), date(2026, 11, 9)),
        (date(2026, 11, 9), date(2026, 11, 22)),
        (date(2026, 12, 30), date(2027, 1, 2)),
    ]
    expected = {
        "de": ["9. Nov", "9.-22. Nov", "30. Dez-2. Jan"],
        "en": ["9 Nov", "9-22 Nov", "30 Dec-2 Jan"],
        "zh": ["11月9日", "11月9日至22日", "12月30日至1月2日"],
    }
    assert [catalogue.format_days(spoken.code, *d) for d in days] == expected[spoken.code]


def test_a_text_needs_exactly_its_values() -> None:
    assert "30" in catalogue.render("en", "grant.expired", minutes=30)
    wrong: list[dict[str, str | int]] = [{}, {"minutes": 30, "code": "1"}]
    for values in wrong:
        with pytest.raises(CatalogueError, match=r"grant\.expired"):
            catalogue.render("en", "grant.expired", **values)
    with pytest.raises(CatalogueError, match="no text"):
        catalogue.render("en", "no.such.text")


def test_a_value_is_never_in_an_error() -> None:
    with pytest.raises(CatalogueError) as error:
        catalogue.render("en", "grant.expired", place="Hangzhou")
    assert "Hangzhou" not in str(error.value)


def test_a_language_that_is_gone_falls_back_to_the_first() -> None:
    assert catalogue.language("tlh").code == catalogue.FIRST


def test_a_new_language_is_one_file(tmp_path: Path) -> None:
    path = tmp_path / "es.toml"
    path.write_text(MINIMAL, encoding="utf-8")
    spanish = load(path)
    assert (spanish.code, spanish.keywords["trip"]) == ("es", ("VIAJE",))
    assert spanish.texts == {"hint": "Hola {name}", "other.empty": "Vacio"}


@pytest.mark.parametrize("broken", ["[language", "", MINIMAL.replace("script", "scrypt")])
def test_a_broken_file_is_named(tmp_path: Path, broken: str) -> None:
    path = tmp_path / "xx.toml"
    path.write_text(broken, encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"xx\.toml"):
        load(path)


@pytest.mark.parametrize("template", ["{a.b}", "{a[0]}", "{0}", "{}", "{a!r}", "{a:>9}"])
def test_placeholders_are_plain_names(template: str) -> None:
    with pytest.raises(CatalogueError):
        catalogue.placeholders(template)
