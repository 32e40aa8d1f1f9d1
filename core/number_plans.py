"""Most numbers, decided in a microsecond: from the library's own metadata, and only where what the
library would say is certain. Everything else is left to the library.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

INTERNATIONAL: Final = re.compile(r"\+?([1-9][0-9]{6,14})", re.ASCII)

NOTHING: Final = r"\b\B"  # a pattern that matches no text


@dataclass(frozen=True, slots=True)
class Plan:
    """What is needed of one calling code's numbering plan."""

    digits: int  # of the calling code
    lengths: frozenset[int]  # of possible national numbers
    doubtful: re.Pattern[str]  # beginnings that the library may strip or keep apart
    landline: re.Pattern[str]  # whole national numbers that may be landlines


def e164_of_mobile(text: str) -> str | None:
    """The E.164 form of a possible number that is surely no landline; None when that takes a
    closer look."""
    match = INTERNATIONAL.fullmatch(text)
    if match is None:
        return None
    number = match[1]
    plan = _plan(number[:3])
    if plan is None:
        return None
    national = number[plan.digits :]
    if len(national) not in plan.lengths:
        return None
    if plan.doubtful.match(national) or plan.landline.fullmatch(national):
        return None
    return f"+{number}"


@lru_cache(maxsize=1_000)
def _plan(beginning: str) -> Plan | None:
    """The plan of the calling code that a number begins with; None when no country has it."""
    for digits in (1, 2, 3):
        regions = COUNTRY_CODE_TO_REGION_CODE.get(int(beginning[:digits]))
        if regions is not None:
            break
    else:
        return None
    found = [PhoneMetadata.metadata_for_region(region, None) for region in regions]
    countries = [country for country in found if country is not None]
    if not countries or countries[0].general_desc is None or len(countries) < len(found):
        return None  # a calling code of no country
    prefix = countries[0].national_prefix_for_parsing
    fixed = [country.fixed_line for country in countries]
    patterns = [f"(?:{desc.national_number_pattern})" for desc in fixed if desc is not None]
    return Plan(
        digits=digits,
        lengths=frozenset(countries[0].general_desc.possible_length),
        doubtful=re.compile(f"0|(?:{prefix})" if prefix else "0"),
        landline=re.compile("|".join(patterns) or NOTHING),
    )
