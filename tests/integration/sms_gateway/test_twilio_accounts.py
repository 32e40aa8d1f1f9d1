"""Twilio: two accounts, two tokens while one is changed, Messaging Services, and forgetting."""

import pytest
from pytest_django import Settings

from sms_gateway import providers, services
from sms_gateway.models import DeliveryReport, InboundMessage, OutboundMessage, State
from tests.fakes import twilio_api
from tests.fakes.twilio_api import FakeTwilio
from tests.integration.sms_gateway.conftest import AsRole, Later, Queue, send_text
from tests.integration.sms_gateway.test_twilio_reports import deliver_receipt
from tests.integration.sms_gateway.twilio import BASE, INBOUND, fake, form, post, sign

__all__ = ["fake"]


def sid(number: int) -> str:
    return "SM" + f"{number:032x}"


def test_both_tokens_sign_while_one_is_changed(as_role: AsRole, settings: Settings) -> None:
    settings.TWILIO_AUTH_TOKEN_OLD, settings.TWILIO_AUTH_TOKEN = twilio_api.TOKEN, "the new one"
    with as_role("web"):
        for number, token in enumerate(("the new one", twilio_api.TOKEN)):
            given = form(sid=sid(number))
            assert post(INBOUND, given, sign(BASE + INBOUND, given, token)).status_code == 200
        settings.TWILIO_AUTH_TOKEN_OLD = ""
        given = form(sid=sid(3))
        assert post(INBOUND, given, sign(BASE + INBOUND, given)).status_code == 403
    assert InboundMessage.objects.count() == 2


def test_a_second_account_is_told_by_its_signature(as_role: AsRole, settings: Settings) -> None:
    settings.TWILIO_B_AUTH_TOKEN = "another account's"
    given = form()
    signature = sign(BASE + INBOUND, given, "another account's")
    with as_role("web"):
        assert post(INBOUND, given, signature).status_code == 403  # nothing goes through it
        settings.SMS_ROUTES = "twilio:1 twilio_b:1"
        assert post(INBOUND, given, signature).status_code == 200
        assert post(INBOUND, given).status_code == 200
    names = InboundMessage.objects.order_by("provider").values_list("provider", flat=True)
    assert list(names) == ["twilio", "twilio_b"]


def test_a_messaging_service_chooses_the_number(
    queue: Queue, fake: FakeTwilio, settings: Settings, later: Later
) -> None:
    settings.TWILIO_MESSAGING_SERVICE_SID = "MG" + "1" * 32
    fake.after_accepting = "close"
    send_text()
    queue.run()
    fake.after_accepting = ""
    assert fake.requests[0][1]["MessagingServiceSid"] == "MG" + "1" * 32
    assert "From" not in fake.requests[0][1]
    later(60)
    services.sweep()
    queue.run()
    assert OutboundMessage.objects.get().state == State.SENT
    assert len(fake.messages) == 1


def test_twilio_forgets_what_the_person_has(
    as_role: AsRole, queue: Queue, fake: FakeTwilio, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    send_text("Shanghai")
    queue.run()
    services.redact()
    assert fake.messages[0]["body"] == "Shanghai"
    deliver_receipt(as_role, fake.receipt(fake.messages[0]["sid"], "delivered"))
    queue.run()
    with monkeypatch.context() as patched:
        patched.setattr(providers.get("twilio"), "redact", lambda _: 1 / 0)
        services.redact()
    services.redact()
    assert fake.messages[0]["body"] == "Shanghai"  # tried again, but not at once
    later(700)
    services.redact()
    assert fake.messages[0]["body"] == ""
    assert OutboundMessage.objects.get().redact_at is None
    count = len(fake.requests)
    services.redact()
    assert len(fake.requests) == count
    assert DeliveryReport.objects.count() == 1


def test_twilio_forgets_what_came_in_once_it_is_handled(
    as_role: AsRole, queue: Queue, fake: FakeTwilio
) -> None:
    picture, secret = "MM" + "1" * 32, sid(2)
    fake.received(secret, "I am in Hangzhou")
    fake.received(picture, "", "ME" + "1" * 32, "ME" + "2" * 32)
    with as_role("web"):
        post(INBOUND, form("I am in Hangzhou", secret))
        post(INBOUND, form("", picture, NumMedia="2"))
    services.redact()
    assert fake.messages[1]["body"] == "I am in Hangzhou", "nobody has read it yet"
    queue.run()
    services.redact()
    assert [message["body"] for message in fake.messages[-2:]] == ["", ""]
    assert fake.media[picture] == []
    assert not InboundMessage.objects.exclude(redact_at=None).exists()
    with as_role("web"):
        post(INBOUND, form("I am in Hangzhou", secret))
    assert InboundMessage.objects.count() == 2, "its row stays, so a replay is known"


def test_twilio_forgets_a_text_of_which_it_tells_nothing(
    queue: Queue, fake: FakeTwilio, later: Later
) -> None:
    send_text("Shanghai")
    queue.run()
    fake.messages[0]["status"] = "sent"  # and no report of it ever comes
    later(24 * 3600 + 60)
    services.purge_bodies()
    services.redact()
    assert fake.messages[0]["body"] == ""
