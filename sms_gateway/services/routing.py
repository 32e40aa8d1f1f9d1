"""Which provider a text goes out through."""

import random

from sms_gateway import providers
from sms_gateway.models import ProviderState, SenderOptOut
from sms_gateway.providers import Provider
from sms_gateway.providers.routes import Route, routes


def choose(number: str, *, number_index: bytes, failed_at: str = "") -> Provider:
    """A provider for this number, by weight and by how well each does; one that has just failed
    with this text, or blocks our sender for this number, only when there is no other. Call it with
    a row locked: it reads, and locks nothing."""
    if len(routes()) == 1:
        return providers.get(routes()[0].provider)
    blocking = blocked_at(number_index)
    able = [route for route in routes() if route.provider not in blocking] or list(routes())
    fitting = [route for route in able if route.fit(number) >= 0]
    states = {state.provider: state for state in ProviderState.objects.all()}
    pinned = [name for name, state in states.items() if state.is_pinned and name not in blocking]
    if pinned:
        return providers.get(pinned[0])
    shares = {name: state.share for name, state in states.items()}
    return providers.get(_drawn(fitting or able, shares, number, failed_at))


def blocked_at(number_index: bytes) -> set[str]:
    """Providers that deliver nothing from our senders there to this number."""
    rows = SenderOptOut.objects.filter(number_index=number_index)
    return set(rows.values_list("provider", flat=True))


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
