"""Texts that Twilio hands us, called as Twilio calls: with signatures made by its own library."""

from unittest import mock

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from sms_gateway.models import InboundMessage, OutboundMessage, Problem
from tests.fakes.conversation import Seen
from tests.fakes.twilio_api import FakeTwilio
from tests.integration.sms_gateway.conftest import NUMBER, AsRole, Later, Queue, in_threads
from tests.integration.sms_gateway.twilio import BASE, INBOUND, fake, form, post, rows, sign

__all__ = ["fake"]


def test_a_signed_text_is_stored_and_answered_with_empty_twiml(
    as_role: AsRole, queue: Queue, stand_ins: Seen, fake: FakeTwilio
) -> None:
    with as_role("web"):
        answer = post(INBOUND, form("行程 & more = 100 %"))
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/xml")
    assert answer.content == b'<?xml version="1.0" encoding="UTF-8"?><Response/>'
    queue.run()
    assert stand_ins.inbound[0].text == "行程 & more = 100 %"
    assert [message["to"] for message in fake.messages] == [NUMBER]


def test_the_provider_is_not_called_in_the_webhook(
    as_role: AsRole, queue: Queue, fake: FakeTwilio
) -> None:
    with as_role("web"):
        post(INBOUND, form())
    assert fake.requests == []
    assert [task for task, _ in queue.waiting] == ["handle"]


@pytest.mark.parametrize(
    ("params", "signature"),
    [
        (form(), ""),
        (form(), "nonsense"),
        (form(), sign(BASE + INBOUND, form(), token="another token")),
        (form("STOP"), sign(BASE + INBOUND, form())),  # words exchanged
        (form(From="+8613800000002"), sign(BASE + INBOUND, form())),  # sender exchanged
        (form(Extra="1"), sign(BASE + INBOUND, form())),  # a parameter added
        (form(), sign(BASE + "/sms/twilio/status", form())),  # another address
        (form(), sign("https://evil.example" + INBOUND, form())),
        (form(), sign("http://travelcheck.example" + INBOUND, form())),  # without TLS
        (form(), sign(BASE + INBOUND + "?a=1", form())),
        (form(), sign(BASE + INBOUND, {})),
    ],
)
def test_what_twilio_did_not_sign_is_refused_and_nothing_written(
    as_role: AsRole, queue: Queue, params: dict[str, str], signature: str
) -> None:
    with as_role("web"):
        assert post(INBOUND, params, signature).status_code == 403
    assert rows() == 0
    assert queue.waiting == []


def test_an_added_query_is_part_of_what_is_signed(as_role: AsRole, queue: Queue) -> None:
    with as_role("web"):
        signature = sign(BASE + INBOUND, form())
        assert post(INBOUND + "?a=1", form(), signature).status_code == 403
        assert post(INBOUND + "?a=1%20b", form()).status_code == 200


@pytest.mark.parametrize(
    "extra",
    [
        {"HTTP_HOST": "evil.example"},
        {"HTTP_X_FORWARDED_HOST": "evil.example", "HTTP_X_FORWARDED_PROTO": "http"},
    ],
)
def test_the_host_a_request_names_decides_nothing(
    as_role: AsRole, queue: Queue, extra: dict[str, str]
) -> None:
    with as_role("web"):
        assert post(INBOUND, form(), **extra).status_code == 200
        forged = sign("https://evil.example" + INBOUND, form(sid="SM" + "1" * 32))
        assert post(INBOUND, form(sid="SM" + "1" * 32), forged, **extra).status_code == 403
    assert InboundMessage.objects.count() == 1


@pytest.mark.parametrize("token", ["", None])
def test_without_a_token_nothing_is_accepted(
    as_role: AsRole, settings: Settings, token: str | None
) -> None:
    """An empty key would be one that everybody has."""
    settings.TWILIO_AUTH_TOKEN = token
    with as_role("web"):
        signature = sign(BASE + INBOUND, form(), token="")
        assert post(INBOUND, form(), signature).status_code == 403


def test_with_another_provider_nothing_is_accepted(as_role: AsRole, settings: Settings) -> None:
    settings.SMS_PROVIDER = "sandbox"
    with as_role("web"):
        assert post(INBOUND, form()).status_code == 403


def test_only_post(as_role: AsRole) -> None:
    with as_role("web"):
        assert Client().get(INBOUND).status_code == 405


def test_a_replay_has_no_second_effect(as_role: AsRole, queue: Queue, stand_ins: Seen) -> None:
    """Twilio's signature has neither time nor nonce: the stored id is what stops it."""
    for _ in range(3):
        with as_role("web"):
            assert post(INBOUND, form()).status_code == 200
        queue.run()
    assert len(stand_ins.inbound) == 1


def test_a_hundred_deliveries_of_one_text_at_once_are_one_text(
    as_role: AsRole, queue: Queue, stand_ins: Seen
) -> None:
    answers: list[int] = []

    def deliver(_: int) -> None:
        answers.extend(post(INBOUND, form()).status_code for _ in range(5))

    with as_role("web"):
        in_threads(20, deliver)
    assert answers == [200] * 100
    assert InboundMessage.objects.count() == 1
    queue.run()
    assert len(stand_ins.inbound) == 1
    assert OutboundMessage.objects.count() == 1


def test_a_picture_is_told_to_the_handler(as_role: AsRole, queue: Queue, stand_ins: Seen) -> None:
    with as_role("web"):
        post(INBOUND, form("", NumMedia="1", MediaUrl0="https://api.twilio.com/x"))
    queue.run()
    assert [inbound.problem for inbound in stand_ins.inbound] == [Problem.MEDIA]


def test_a_lost_queue_does_not_lose_the_text(
    as_role: AsRole, settings: Settings, stand_ins: Seen, later: Later
) -> None:
    """The real queue this time, and it fails."""
    with (
        as_role("web"),
        mock.patch("sms_gateway.tasks.handle.apply_async", side_effect=OSError("no Redis")),
    ):
        assert post(INBOUND, form()).status_code == 200
    assert InboundMessage.objects.get().handled_at is None


def test_the_webhook_needs_few_round_trips(as_role: AsRole, queue: Queue) -> None:
    with as_role("web"):
        post(INBOUND, form(sid="SM" + "1" * 32))
        with CaptureQueriesContext(connection) as queries:
            post(INBOUND, form(sid="SM" + "2" * 32))
    statements = [q["sql"] for q in queries if q["sql"].split()[0] in ("SELECT", "INSERT")]
    assert len(statements) == 2
