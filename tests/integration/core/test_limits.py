import os
import socket
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from unittest import mock

import pytest
import redis
from pytest_django import Settings

from core import limits
from core.limits import Limit, Verdict, take

HOURLY = Limit("test", capacity=3, seconds=3600)


@pytest.fixture(autouse=True)
def _fresh_client() -> None:
    limits.client.cache_clear()


def test_over_the_limit_it_is_said_once_and_then_silent() -> None:
    verdicts = [take(HOURLY, b"somebody") for _ in range(6)]
    assert verdicts == [Verdict.ALLOWED] * 3 + [Verdict.TELL] + [Verdict.SILENT] * 2
    assert take(HOURLY, b"somebody else") is Verdict.ALLOWED
    assert take(Limit("other", 1, 60), b"somebody") is Verdict.ALLOWED


def test_many_at_once_get_no_more_than_the_bucket_holds() -> None:
    with ThreadPoolExecutor(16) as pool:
        verdicts = Counter(pool.map(lambda _: take(HOURLY, b"crowd"), range(64)))
    assert verdicts == {Verdict.ALLOWED: 3, Verdict.TELL: 1, Verdict.SILENT: 60}


def test_a_bucket_fills_again() -> None:
    quick = Limit("quick", capacity=1, seconds=1)
    assert take(quick, b"somebody") is Verdict.ALLOWED
    key = f"limit:quick:{b'somebody'.hex()}"
    # An hour passes: the bucket remembers when it was last touched.
    limits.client().hset(key, "at", "0")
    assert take(quick, b"somebody") is Verdict.ALLOWED


def test_without_redis_nobody_is_kept_from_an_answer(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    assert take(HOURLY, b"somebody") is Verdict.ALLOWED
    assert "rate limits are off" in caplog.text
    settings.REDIS_URL = os.environ["REDIS_URL"]
    limits.client.cache_clear()


def test_a_redis_that_hangs_is_waited_for_once_in_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for each bucket: who asks holds locks that a STOP may wait for."""
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        hanging = redis.Redis(port=deaf.getsockname()[1], socket_timeout=0.2)
        asked = mock.Mock(wraps=hanging.eval)
        monkeypatch.setattr(hanging, "eval", asked)
        monkeypatch.setattr(limits, "client", lambda: hanging)
        for _ in range(5):
            assert limits.take(Limit("any", 1, 60), b"key") is Verdict.ALLOWED
            assert limits.spend("any", amount=1, limit=0, seconds=60) is None
        assert asked.call_count == 1
        monkeypatch.setattr(limits, "LEFT_ALONE_SECONDS", 0.0)
        monkeypatch.setattr(limits._away, "until", 0.0)
        limits.take(Limit("any", 1, 60), b"key")
        limits.take(Limit("any", 1, 60), b"key")
        assert asked.call_count == 3
