"""Which provider a text goes out through."""

import random

from sms_gateway import providers
from sms_gateway.models import ProviderState
from sms_gateway.providers import Provider
from sms_gateway.providers.routes import Route, routes


def choose(number: str, *, failed_at: str = "") -> Provider:
    """A provider for this number, by weight and by how well each does; one that has just failed
    with this text only when there is no other. Call it with a row locked: it reads, and locks
    nothing."""
    fitting = [route for route in routes() if route.fit(number) >= 0]
    if len(routes()) == 1:
        return providers.get(routes()[0].provider)
    states = {state.provider: state for state in ProviderState.objects.all()}
    pinned = [name for name, state in states.items() if state.is_pinned]
    if pinned:
        return providers.get(pinned[0])
    shares = {name: state.share for name, state in states.items()}
    return providers.get(_drawn(fitting or list(routes()), shares, number, failed_at))


def _drawn(found: list[Route], shares: dict[str, int], number: str, failed_at: str) -> str:
    """From the routes that fit best; further ones when none of those has any weight left."""
    order = sorted({(route.fit(number), route.weight > 0) for route in found}, reverse=True)
    for avoided in ({failed_at}, set[str]()):
        for rank in order:
            able = [
                (route.provider, max(route.weight, 1) * shares.get(route.provider, 100))
                for route in found
                if (route.fit(number), route.weight > 0) == rank and route.provider not in avoided
            ]
            weights = [weight for _, weight in able]
            if sum(weights):
                return random.choices([name for name, _ in able], weights)[0]  # noqa: S311
    # All have failed: the first is as good as any.
    return found[0].provider
