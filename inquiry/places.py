"""What places are called, in a reader's language."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from core import catalogue
from signaling.models import City as KnownCity
from travel.itinerary import Place, Visit


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


def cities_of(visits: Iterable[Visit]) -> Cities:
    """The places that visits name, with the countries they lie in."""
    codes = {code for visit in visits for code in visit.place.cities}
    cities = KnownCity.objects.in_bulk(codes, field_name="code")
    countries = {city.country for city in cities.values()}
    return cities | KnownCity.objects.in_bulk(countries, field_name="code")


def place_name(place: Place, cities: Cities, locale: str) -> str:
    """A city; a city and its country abroad; or one city or the other at a border.

    A country is named when the gazetteer has the country itself as a place: those are the ones
    abroad. A code that the gazetteer does not know any more is shown as it is.
    """
    names = [city_name(code, cities, locale) for code in place.cities]
    if len(names) == 1:
        return names[0]
    return catalogue.render(locale, "answer.border", first=names[0], second=names[1])


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
