"""What places are called to a person, in their language.

A country is named when the gazetteer has the country itself as a place: those are the ones abroad.
A code that the gazetteer does not know any more is shown as it is.
"""

from collections.abc import Mapping
from typing import Protocol

from core import catalogue


class City(Protocol):
    """What is known of a place; `signaling.models.City` is one."""

    @property
    def code(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def name_zh(self) -> str: ...
    @property
    def country(self) -> str: ...


Cities = Mapping[str, City]


def city_name(code: str, cities: Cities, locale: str) -> str:
    city = cities.get(code)
    if city is None:
        return code
    country = cities.get(city.country)
    if country is None or country.code == code:
        return own_name(city, locale)
    return catalogue.render(
        locale,
        "answer.abroad",
        city=own_name(city, locale),
        country=own_name(country, locale),
    )


def own_name(city: City, locale: str) -> str:
    """The name in the field that the language's catalogue prefers."""
    return str(getattr(city, catalogue.language(locale).city_name, "") or city.name)
