"""How often a key may call, told in every answer (RateLimit headers of the IETF's httpapi group).

Counted per key and per organisation, in Redis; when it is away nobody is held back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from core.limits import Limit, Verdict, draw
from organisations.models import ApiKey

if TYPE_CHECKING:  # views look here for their defaults while they are defined
    from rest_framework.views import APIView

PER_KEY: Mapping[str, Limit] = {
    "read": Limit("api-read", capacity=120, seconds=60),
    "write": Limit("api-write", capacity=60, seconds=60),
}
PER_ORGANISATION: Mapping[str, Limit] = {
    "read": Limit("api-read-organisation", capacity=600, seconds=60),
    "write": Limit("api-write-organisation", capacity=300, seconds=60),
}


class CallThrottle(BaseThrottle):
    """Reads and writes have buckets of their own, so that polling cannot stop asking."""

    def __init__(self) -> None:
        self.seconds = 1

    def allow_request(self, request: Request, view: APIView) -> bool:
        key: Any = request.auth
        if not isinstance(key, ApiKey):
            return True
        reads = request.method in ("GET", "HEAD", "OPTIONS") or getattr(view, "is_reading", False)
        scope = "read" if reads else "write"
        limit = PER_KEY[scope]
        mine = draw(limit, key.id.bytes)
        ours = draw(PER_ORGANISATION[scope], key.organisation_id.bytes)
        self.seconds = max(1, limit.seconds // limit.capacity)
        if mine.left is not None:
            request._request.rate_limit = (  # type: ignore[attr-defined]
                f'"{scope}";q={limit.capacity};w={limit.seconds}',
                f'"{scope}";r={mine.left};t={self.seconds}',
            )
        return mine.verdict is Verdict.ALLOWED and ours.verdict is Verdict.ALLOWED

    def wait(self) -> float:
        return float(self.seconds)
