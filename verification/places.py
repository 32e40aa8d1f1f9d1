"""The places that a question can be about: found by a part of their name, and named by code."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import Case, IntegerField, Q, Value, When

from consent.places import city_name
from signaling.models import City

MOST_FOUND = 12
LONGEST_TEXT = 60


@dataclass(frozen=True, slots=True)
class Place:
    """A city or a country, called what its reader calls it; `within` tells two of a name apart."""

    code: str
    name: str
    within: str
    is_country: bool


def search(text: str, locale: str) -> list[Place]:
    """Places whose name begins with the text, then those that have it somewhere; countries first.

    A text of no letter finds nothing. `locale`: `en` or `zh…`, the language of the names.
    """
    sought = " ".join(text.split())[:LONGEST_TEXT]
    if not sought:
        return []
    begins = Q(name__istartswith=sought) | Q(name_zh__startswith=sought) | Q(code__iexact=sought)
    has = Q(name__icontains=sought) | Q(name_zh__contains=sought)
    rank = Case(When(begins, then=Value(0)), default=Value(1), output_field=IntegerField())
    found = City.objects.filter(begins | has).order_by(rank, "name", "code")[:MOST_FOUND]
    return sorted((_place(city, locale) for city in found), key=lambda one: not one.is_country)


def named(codes: Iterable[str], locale: str) -> list[Place]:
    """The places with these codes, in their order; one that is not known is left out."""
    wanted = list(dict.fromkeys(codes))
    known = City.objects.in_bulk(wanted)
    return [_place(known[code], locale) for code in wanted if code in known]


def split(codes: Collection[str]) -> tuple[list[str], list[str]]:
    """(cities, countries) of these codes. An unknown one stays, among the cities: whoever checks
    the question names it."""
    countries = {
        city.code for city in City.objects.filter(code__in=codes) if city.code == city.country
    }
    return sorted(set(codes) - countries), sorted(countries)


def as_texted(codes: Collection[str], locale: str) -> list[str]:
    """What a text to a person calls the places, sorted. `locale`: of the catalogue of texts."""
    cities = City.objects.in_bulk(codes)
    countries = {city.country for city in cities.values()}
    known = cities | City.objects.in_bulk(countries)
    return sorted(city_name(code, known, locale) for code in codes)


def _place(city: City, locale: str) -> Place:
    is_country = city.code == city.country
    in_chinese = locale.startswith("zh")
    name = (in_chinese and city.name_zh) or city.name
    around = (city.name, city.admin1) if name != city.name else (city.admin1,)
    within = "" if is_country else ", ".join(dict.fromkeys(part for part in around if part))
    return Place(city.code, name, within, is_country)
