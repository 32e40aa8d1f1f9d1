"""Which providers there are, for whom, and with which weight: `SMS_ROUTES`.

    SMS_ROUTES="twilio:9 twilio_b:1 smpp:1:86,852"

Each route is `provider:weight`, or `provider:weight:prefixes` for numbers that begin so. Routes
with the longest fitting prefix come first; the others are there when those are not. Weight 0 is a
standby: it gets texts only when no other is left. Without SMS_ROUTES all goes to SMS_PROVIDER.
"""

from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings

from sms_gateway.providers import PROVIDERS


class RouteError(ValueError):
    """What is wrong with SMS_ROUTES."""


@dataclass(frozen=True, slots=True)
class Route:
    provider: str
    weight: int = 1
    prefixes: tuple[str, ...] = ()

    def fit(self, number: str) -> int:
        """How many digits of the number the route names; 0 for a route of all, -1 for none."""
        if not self.prefixes:
            return 0
        found = [len(p) for p in self.prefixes if number.removeprefix("+").startswith(p)]
        return max(found, default=-1)


def routes() -> tuple[Route, ...]:
    return _parsed(str(settings.SMS_ROUTES)) or (Route(settings.SMS_PROVIDER),)


def names() -> list[str]:
    """Each provider that texts may go out through, once."""
    return list(dict.fromkeys(route.provider for route in routes()))


def number_of(provider: str) -> str:
    """The number that a provider's texts come from."""
    return (provider.endswith("_b") and settings.SMS_NUMBER_B) or settings.SMS_NUMBER


@lru_cache(maxsize=8)
def _parsed(text: str) -> tuple[Route, ...]:
    return tuple(_route(word) for word in text.split())


def _route(word: str) -> Route:
    name, _, rest = word.partition(":")
    weight, _, prefixes = (rest or "1").partition(":")
    found = tuple(prefixes.split(",")) if prefixes else ()
    if name not in PROVIDERS or not weight.isdecimal() or not all(p.isdecimal() for p in found):
        raise RouteError(word)
    return Route(name, int(weight), found)
