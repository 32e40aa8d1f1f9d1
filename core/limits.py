"""Token buckets in Redis. When Redis is away nothing is limited: answering is the safer failure,
since every answer still needs a consent and a log entry in PostgreSQL."""

import logging
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from time import monotonic

import redis
from django.conf import settings

log = logging.getLogger(__name__)

# One round trip, atomic: refill by the time gone, take one token, and remember whether the
# person has been told since the bucket was last empty.
TAKE = """
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at', 'told')
local capacity, per_second = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local tokens = tonumber(bucket[1]) or capacity
tokens = math.min(capacity, tokens + (now - (tonumber(bucket[2]) or now)) * per_second)
local told = tonumber(bucket[3]) or 0
local verdict
if tokens >= 1 then
  tokens = tokens - 1
  told = 0
  verdict = 0
elseif told == 0 then
  told = 1
  verdict = 1
else
  verdict = 2
end
redis.call('HSET', KEYS[1], 'tokens', tokens, 'at', now, 'told', told)
redis.call('EXPIRE', KEYS[1], math.ceil(capacity / per_second) + 60)
return {verdict, math.floor(tokens)}
"""

# One round trip, atomic: add to a sum unless that goes over the limit; the sum then.
SPEND = """
local spent = tonumber(redis.call('GET', KEYS[1]) or '0')
if spent + tonumber(ARGV[1]) > tonumber(ARGV[2]) then return -1 end
redis.call('INCRBY', KEYS[1], ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return spent + tonumber(ARGV[1])
"""


class Verdict(StrEnum):
    ALLOWED = "allowed"
    TELL = "tell"  # over the limit for the first time: say so once
    SILENT = "silent"  # over the limit, and already said


VERDICTS = (Verdict.ALLOWED, Verdict.TELL, Verdict.SILENT)


@dataclass(frozen=True, slots=True)
class Limit:
    """A bucket that holds `capacity` uses and refills in `seconds`."""

    name: str
    capacity: int
    seconds: int


@lru_cache(maxsize=1)
def client() -> "redis.Redis":
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1)


@dataclass(slots=True)
class _Away:
    """Which client got no answer, and until when it is not asked again: a Redis that hangs keeps a
    process waiting once in a while, not for each bucket of each text, with its locks held."""

    client: "redis.Redis | None" = None
    until: float = 0.0


_away = _Away()
LEFT_ALONE_SECONDS = 2.0


def _run(script: str, key: str, *arguments: str) -> object:
    """Run a script on one key. Raises RedisError when Redis is away, or was a moment ago."""
    asked = client()
    if _away.client is asked and monotonic() < _away.until:
        raise redis.ConnectionError
    try:
        return asked.eval(script, 1, key, *arguments)
    except redis.RedisError:
        _away.client, _away.until = asked, monotonic() + LEFT_ALONE_SECONDS
        raise


@dataclass(frozen=True, slots=True)
class Taken:
    """`left`: uses that are still in the bucket; None when Redis is away."""

    verdict: Verdict
    left: int | None


def take(limit: Limit, key: bytes) -> Verdict:
    """Take one use from the bucket of `key` (an opaque keyed hash, never a number)."""
    return draw(limit, key).verdict


def draw(limit: Limit, key: bytes) -> Taken:
    """The same, and what is left."""
    try:
        answer = _run(
            TAKE,
            f"limit:{limit.name}:{key.hex()}",
            str(limit.capacity),
            str(limit.capacity / limit.seconds),
        )
    except redis.RedisError:
        log.warning("rate limits are off: Redis does not answer")
        return Taken(Verdict.ALLOWED, None)
    assert isinstance(answer, list)
    return Taken(VERDICTS[int(answer[0])], int(answer[1]))


def spend(name: str, *, amount: int, limit: int, seconds: int) -> bool | None:
    """Add `amount` to the sum `name`, which is forgotten after `seconds` without a change. False,
    with nothing added, when it would go over `limit`; None when Redis is away."""
    try:
        total = _run(SPEND, f"sum:{name}", str(amount), str(limit), str(seconds))
    except redis.RedisError:
        log.warning("sums are not kept: Redis does not answer")
        return None
    return int(str(total)) >= 0
