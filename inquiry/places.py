"""What the places of an itinerary are called, in a reader's language."""

from collections.abc import Iterable

from consent.places import Cities, city_name
from core import catalogue
from signaling.models import City as KnownCity
from travel.itinerary import Place, Visit

__all__ = ["Cities", "city_name", "place_name"]


def cities_of(visits: Iterable[Visit]) -> Cities:
    """The places that visits name, with the countries they lie in."""
    codes = {code for visit in visits for code in visit.place.cities}
    cities = KnownCity.objects.in_bulk(codes, field_name="code")
    countries = {city.country for city in cities.values()}
    return cities | KnownCity.objects.in_bulk(countries, field_name="code")


def place_name(place: Place, cities: Cities, locale: str) -> str:
    """A city; a city and its country abroad; or one city or the other at a border."""
    names = [city_name(code, cities, locale) for code in place.cities]
    if len(names) == 1:
        return names[0]
    return catalogue.render(locale, "answer.border", first=names[0], second=names[1])
