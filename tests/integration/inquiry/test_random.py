"""Conversations nobody planned: whatever is texted in whatever order, each text has one reply."""

import random
import re
from collections.abc import Callable

import pytest

from consent.models import Consent, Release
from core.limits import Limit
from inquiry import intents, limits
from inquiry.parse import parse
from sms_gateway.models import InboundMessage, OutboundMessage
from tests.integration.inquiry.talk import Service

pytestmark = pytest.mark.django_db(transaction=True)

WORDS = (
    "TRIP", "TRIP", "行程", "OK <code>", "OK <code>", "同意<code>", "OK 000000", "OK", "NO",
    "NO <code>", "YES", "<code>", "LIST", "LIST", "DROP 1", "DROP 2", "DROP 1", "LOG", "记录",
    "MORE", "LANG zh", "LANG en", "ERASE", "ERASE <erase>", "ERASE 000000", "STOP", "START",
    "START", "HELP", "tirp", "SHARE", "LOG 1", "👍", "", "你好", "OK <code>?",
)  # fmt: skip
TEXTS = 45


@pytest.mark.parametrize("seed", range(3))
def test_one_reply_each_and_no_answer_without_consent(
    service: Service,
    subscriber: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    seed: int,
) -> None:
    monkeypatch.setattr(limits, "PER_NUMBER", Limit("none", capacity=10**6, seconds=1))
    chance = random.Random(seed)
    numbers = [subscriber("330100", "310000"), "+8613700000009"]
    codes = dict.fromkeys(numbers, ("111111", "222222"))
    stopped: set[str] = set()
    for _ in range(TEXTS):
        number = chance.choice(numbers)
        code, erase = codes[number]
        body = chance.choice(WORDS).replace("<code>", code).replace("<erase>", erase)
        meaning = parse(body)
        replies = service.say(number, body)
        silent = number in stopped and not isinstance(meaning, intents.Start | intents.Help)
        assert len(replies) == (0 if silent else 1), (seed, body, replies)
        if isinstance(meaning, intents.Stop):
            stopped.add(number)
        elif isinstance(meaning, intents.Start):
            stopped.discard(number)
        for reply in replies:
            if found := re.search(r"OK (\d{6})$", reply):
                codes[number] = (found[1], erase)
            elif found := re.search(r"(?:ERASE|删除) (\d{6})", reply):
                codes[number] = (code, found[1])
        if number in stopped:
            assert not live_consents_of(service, number)
    assert not InboundMessage.objects.filter(attempts__gt=0).exists(), "a text failed"
    assert not OutboundMessage.objects.filter(state__in=["queued", "sending"]).exists()
    granted = set(Consent.objects.exclude(granted_at=None).values_list("id", flat=True))
    assert set(Release.objects.values_list("consent_id", flat=True)) <= granted


def live_consents_of(service: Service, number: str) -> bool:
    return bool(
        service.world.value(
            "SELECT EXISTS (SELECT FROM consent_consent c WHERE c.number_index = %s"
            " AND c.state IN ('requested', 'disclosed', 'granted'))",
            service.index(number),
        )
    )
