"""How much goes out, and what becomes of the rest."""

import uuid

import pytest
import redis
from pytest_django import Settings

from core import limits as core_limits
from sms_gateway import services
from sms_gateway.kinds import STOP
from sms_gateway.models import Incident, OutboundMessage, Reason, SandboxText, State, Why
from sms_gateway.services.limits import by_prefix, is_allowed
from tests.integration.sms_gateway.conftest import OTHER, Later, Queue, send_text

pytestmark = pytest.mark.django_db(transaction=True)
LIMITED = (State.SUPPRESSED, Reason.LIMIT)
SENT = (State.SENT, "")


def ends() -> list[tuple[str, str]]:
    return list(OutboundMessage.objects.order_by("id").values_list("state", "reason"))


def test_only_countries_on_the_list_are_texted(queue: Queue, settings: Settings) -> None:
    settings.SMS_COUNTRIES = "86 852"
    for number in ("+8613800000001", "+85291234567", "+882161234567"):
        send_text(number=number, cause=number)
    queue.run()
    assert ends() == [SENT, SENT, LIMITED]
    settings.SMS_COUNTRIES = ""
    assert is_allowed("882161234567")


def test_a_number_gets_so_many_a_day_and_the_end_of_it_always(
    queue: Queue, settings: Settings
) -> None:
    settings.SMS_PER_NUMBER_DAY = 2
    for n in range(3):
        send_text(cause=str(n))
    send_text(cause="stop", kind=STOP)
    send_text(cause="other", number=OTHER)
    queue.run()
    assert ends() == [SENT, SENT, LIMITED, SENT, SENT]


def test_a_country_and_an_organisation_have_theirs(queue: Queue, settings: Settings) -> None:
    settings.SMS_PER_COUNTRY_HOUR = "86:100 *:1"
    settings.SMS_PER_ORGANISATION_DAY = 1
    for n in range(2):
        send_text(cause=f"abroad {n}", number=f"+8529123456{n}")
    mine, theirs = uuid.uuid4(), uuid.uuid4()
    for n, org_ref in enumerate((mine, mine, theirs)):
        send_text(cause=f"org {n}", number=f"+861380000000{n}", org_ref=org_ref)
    queue.run()
    assert ends() == [SENT, LIMITED, SENT, LIMITED, SENT]


def test_the_providers_rate_is_waited_for(queue: Queue, settings: Settings) -> None:
    settings.SMS_PER_SECOND = 1
    for n in range(3):
        send_text(cause=str(n), number=f"+861380000000{n}")
    for _ in range(3):
        services.send(outbound_id=queue.waiting.pop(0)[1][0])
    assert [state for state, _ in ends()].count(State.SENT) < 3
    assert {state for state, _ in ends()} == {State.SENT, State.QUEUED}
    settings.SMS_PER_SECOND = 0
    queue.run()
    assert ends() == [SENT] * 3


def test_when_the_money_is_spent_texts_wait_and_somebody_is_told(
    queue: Queue, settings: Settings, later: Later
) -> None:
    settings.SMS_PRICES, settings.SMS_BUDGET_PER_DAY = "86:400 *:900", 1
    for n in range(4):
        send_text(cause=str(n), number=f"+861380000000{n}")
    send_text(cause="stop", kind=STOP)
    queue.run()
    assert [state for state, _ in ends()] == ["sent", "sent", "queued", "queued", "sent"]
    assert list(OutboundMessage.objects.order_by("id").values_list("cost", flat=True)) == [
        400, 400, 0, 0, 400,
    ]  # fmt: skip
    incident = Incident.objects.get()
    assert (incident.why, incident.closed_at) == (Why.OVER_BUDGET, None)
    services.close_when_affordable()
    assert Incident.objects.get().closed_at is None

    settings.SMS_BUDGET_PER_DAY = 3
    later(400)
    services.sweep()
    queue.run()
    services.close_when_affordable()
    assert ends() == [SENT] * 5
    assert Incident.objects.get().closed_at is not None


def test_waiting_for_money_uses_up_nothing_else_and_what_does_not_go_costs_nothing(
    queue: Queue, settings: Settings, later: Later
) -> None:
    settings.SMS_PRICES, settings.SMS_BUDGET_PER_DAY = "*:400", 1
    settings.SMS_PER_NUMBER_DAY = 1
    for n in range(3):  # only the first goes; the others are over the number's limit, and free
        send_text(cause=f"pumped {n}")
    for n in (1, 2):
        send_text(cause=f"other {n}", number=f"+861390000000{n}")
    queue.run()
    assert ends() == [SENT, LIMITED, LIMITED, SENT, (State.QUEUED, Reason.LIMIT)]
    for minutes in (6, 12, 18):
        later(minutes * 60)
        services.sweep()
        queue.run()
    settings.SMS_BUDGET_PER_DAY = 2
    later(24 * 60)
    services.sweep()
    queue.run()
    assert ends()[-1] == SENT


def test_what_waits_for_money_till_it_is_old_is_suppressed(
    queue: Queue, settings: Settings, later: Later
) -> None:
    settings.SMS_PRICES, settings.SMS_BUDGET_PER_DAY = "*:2000", 1
    send_text(kind="notice")
    queue.run()
    later(1900)
    services.sweep()
    queue.run()
    assert ends() == [LIMITED]


def test_without_redis_nothing_is_counted_but_money(
    queue: Queue, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = redis.Redis.from_url("unix:///nowhere/redis.sock")
    monkeypatch.setattr(core_limits, "client", lambda: away)
    settings.SMS_PER_NUMBER_DAY, settings.SMS_PRICES = 1, "*:400"
    settings.SMS_BUDGET_PER_DAY = 1
    for n in range(3):
        send_text(cause=str(n))
    queue.run()
    assert [state for state, _ in ends()] == ["sent", "sent", "queued"]
    assert SandboxText.objects.count() == 2


def test_the_longest_prefix_counts() -> None:
    assert by_prefix("86:40 8610:30 *:100", "8610123") == ("8610", 30)
    assert by_prefix("86:40 *:100", "44123") == ("", 100)
    assert by_prefix("86:40", "44123") == ("", 0)
