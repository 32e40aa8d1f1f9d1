"""Twilio's webhooks, called as Twilio calls them: with signatures made by its own library."""

from collections.abc import Iterator
from typing import Any, cast
from unittest import mock

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings
from twilio.request_validator import RequestValidator

from sms_gateway import providers, selectors, services
from sms_gateway.kinds import HELP, STOP
from sms_gateway.models import (
    DeliveryReport,
    InboundMessage,
    OutboundMessage,
    Problem,
    Reason,
    State,
)
from tests.fakes import twilio_api
from tests.fakes.conversation import Seen
from tests.fakes.twilio_api import TOKEN, FakeTwilio
from tests.integration.sms_gateway.conftest import (
    NUMBER,
    AsRole,
    Later,
    Queue,
    address,
    in_threads,
    send_text,
)

BASE = "https://travelcheck.example"
SERVICE_NUMBER = "+12025550100"
INBOUND = "/sms/twilio/inbound"


@pytest.fixture(autouse=True)
def fake(settings: Settings, transactional_db: None) -> Iterator[FakeTwilio]:
    with twilio_api.running() as running:
        settings.SMS_PROVIDER = "twilio"
        settings.SMS_NUMBER = SERVICE_NUMBER
        settings.PUBLIC_BASE_URL = BASE
        settings.ALLOWED_HOSTS = ["travelcheck.example", "testserver", "evil.example"]
        settings.TWILIO_ACCOUNT_SID = twilio_api.ACCOUNT
        settings.TWILIO_AUTH_TOKEN = TOKEN
        settings.TWILIO_API_BASE_URL = running.base_url
        settings.TWILIO_HANDLES_KEYWORDS = False
        providers.get.cache_clear()
        yield running
        providers.get.cache_clear()


def form(body: str = "TRIP", sid: str = "SM" + "0" * 32, **more: str) -> dict[str, str]:
    return {
        "MessageSid": sid,
        "SmsSid": sid,
        "AccountSid": twilio_api.ACCOUNT,
        "From": NUMBER,
        "To": SERVICE_NUMBER,
        "Body": body,
        "NumMedia": "0",
        "NumSegments": "1",
        **more,
    }


def sign(url: str, params: dict[str, str], token: str = TOKEN) -> str:
    return str(RequestValidator(token).compute_signature(url, params))


def post(
    path: str, params: dict[str, str], signature: str | None = None, **extra: Any
) -> HttpResponse:
    given = sign(BASE + path, params) if signature is None else signature
    headers = {"X-Twilio-Signature": given} if given else {}
    return cast(HttpResponse, Client().post(path, params, headers=headers, **extra))


def rows() -> int:
    return InboundMessage.objects.count() + DeliveryReport.objects.count()


# ------------------------------------------------------------------ what comes in
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


# ------------------------------------------------------------------ reports
def deliver_receipt(
    as_role: AsRole, receipt: tuple[str, dict[str, str], str], signature: str | None = None
) -> int:
    url, params, signed = receipt
    with as_role("web"):
        return post(url.removeprefix(BASE), params, signature or signed).status_code


def test_a_signed_receipt_moves_the_text(as_role: AsRole, queue: Queue, fake: FakeTwilio) -> None:
    send_text()
    queue.run()
    sid = fake.messages[0]["sid"]
    for status in ("queued", "sent", "delivered", "sent"):
        assert deliver_receipt(as_role, fake.receipt(sid, status)) == 200
        queue.run()
    assert OutboundMessage.objects.get().state == State.DELIVERED
    assert DeliveryReport.objects.count() == 3


def test_a_forged_receipt_is_refused(as_role: AsRole, queue: Queue, fake: FakeTwilio) -> None:
    send_text()
    queue.run()
    receipt = fake.receipt(fake.messages[0]["sid"], "delivered")
    assert deliver_receipt(as_role, receipt, "forged") == 403
    url, params, signature = receipt
    other = url.rsplit("=", 1)[0] + "=3f0ad2c6-8d52-4a3f-9b3f-6a1f0a2b9a11"
    assert deliver_receipt(as_role, (other, params, signature)) == 403
    assert DeliveryReport.objects.count() == 0


def test_a_receipt_of_an_unknown_text_is_taken(as_role: AsRole) -> None:
    path = "/sms/twilio/status"
    params = {"MessageSid": "SM" + "9" * 32, "MessageStatus": "delivered"}
    with as_role("web"):
        assert post(path, params).status_code == 200
        params["MessageStatus"] = "sent"
        assert post(f"{path}?ref=not-a-reference", params).status_code == 200


def test_a_receipt_says_that_the_person_opted_out(
    as_role: AsRole, queue: Queue, fake: FakeTwilio
) -> None:
    send_text()
    queue.run()
    receipt = fake.receipt(fake.messages[0]["sid"], "failed", ErrorCode="21610")
    deliver_receipt(as_role, receipt)
    queue.run()
    assert OutboundMessage.objects.get().state == State.FAILED
    assert selectors.is_opted_out(number_index=address().number_index)


# ------------------------------------------------------------------ what goes out
def state() -> tuple[str, str]:
    row = OutboundMessage.objects.get()
    return row.state, row.reason


def test_somebody_who_stopped_at_twilio_is_in_our_ledger_too(
    queue: Queue, fake: FakeTwilio
) -> None:
    fake.opted_out.add(NUMBER)
    send_text()
    queue.run()
    assert state() == (State.SUPPRESSED, Reason.OPTED_OUT)
    assert selectors.is_opted_out(number_index=address().number_index)


def test_a_permanent_failure_ends_it(queue: Queue, fake: FakeTwilio) -> None:
    fake.fail_with = [twilio_api.problem(400, 21211, "invalid")]
    send_text()
    queue.run()
    assert state() == (State.FAILED, Reason.PERMANENT)
    assert OutboundMessage.objects.get().error_code == "21211"


@pytest.mark.parametrize(("status", "code"), [(429, 20429), (401, 20003)])
def test_other_failures_are_tried_again_until_they_succeed(
    queue: Queue, fake: FakeTwilio, later: Later, status: int, code: int
) -> None:
    fake.fail_with = [twilio_api.problem(status, code, "no")] * 4
    send_text()
    queue.run()
    assert state()[0] == State.QUEUED
    seconds = 0
    while OutboundMessage.objects.get().state == State.QUEUED:
        seconds += 5
        later(seconds)
        services.sweep()
        queue.run()
        assert seconds < 3600
    assert state() == (State.SENT, "")
    assert OutboundMessage.objects.get().attempts == 5
    assert seconds > 300  # it waited longer each time
    assert len(fake.messages) == 1


def test_what_never_succeeds_ends_with_its_reason(
    queue: Queue, fake: FakeTwilio, later: Later
) -> None:
    fake.fail_with = [twilio_api.problem(429, 20429, "no")] * 10
    send_text()
    queue.run()
    later(25 * 3600)
    services.sweep()
    queue.run()
    assert state() == (State.FAILED, Reason.TEMPORARY)
    assert OutboundMessage.objects.get().body_sealed is None


@pytest.mark.parametrize("accepted", [True, False])
def test_after_a_broken_connection_twilio_is_asked_before_anything_is_sent_again(
    queue: Queue, fake: FakeTwilio, later: Later, accepted: bool
) -> None:
    if accepted:
        fake.after_accepting = "close"
    else:
        fake.fail_with = [twilio_api.problem(503, 20503, "unavailable")]
    send_text()
    queue.run()
    assert state()[0] == State.SENDING
    fake.after_accepting = ""
    later(60)
    services.sweep()
    queue.run()
    assert state() == (State.SENT, "")
    assert len(fake.messages) == 1
    methods = [method for method, _ in fake.requests]
    assert methods == (["POST", "GET"] if accepted else ["POST", "GET", "POST"])


# ------------------------------------------------------------------ who answers STOP
@pytest.mark.parametrize(
    ("body", "theirs"),
    [("STOP", True), (" stop ", True), ("Unsubscribe", True), ("退订", False), ("STOP 3", False)],
)
def test_one_confirmation_of_stop_theirs_or_ours(
    as_role: AsRole, queue: Queue, fake: FakeTwilio, settings: Settings, body: str, theirs: bool
) -> None:
    settings.TWILIO_HANDLES_KEYWORDS = True
    with as_role("web"):
        post(INBOUND, form(body))
    queue.lose()
    inbound = InboundMessage.objects.get()
    send_text(kind=STOP, reply_to=inbound.id)
    queue.run()
    assert len(fake.messages) == (0 if theirs else 1)
    assert state() == (
        (State.SUPPRESSED, Reason.ANSWERED_BY_PROVIDER) if theirs else (State.SENT, "")
    )


def test_other_replies_to_a_keyword_are_ours(
    as_role: AsRole, queue: Queue, fake: FakeTwilio, settings: Settings
) -> None:
    """YES re-subscribes at Twilio; that it is not consent is for us to say."""
    settings.TWILIO_HANDLES_KEYWORDS = True
    with as_role("web"):
        post(INBOUND, form("YES"))
    queue.run()
    assert len(fake.messages) == 1


def test_all_confirmations_are_ours_when_twilio_is_told_to_leave_them(
    as_role: AsRole, queue: Queue, fake: FakeTwilio
) -> None:
    with as_role("web"):
        post(INBOUND, form("HELP"))
    queue.lose()
    send_text(kind=HELP, reply_to=InboundMessage.objects.get().id)
    queue.run()
    assert len(fake.messages) == 1


def test_the_webhook_needs_few_round_trips(as_role: AsRole, queue: Queue) -> None:
    from django.test.utils import CaptureQueriesContext

    with as_role("web"):
        post(INBOUND, form(sid="SM" + "1" * 32))
        with CaptureQueriesContext(connection) as queries:
            post(INBOUND, form(sid="SM" + "2" * 32))
    statements = [q["sql"] for q in queries if q["sql"].split()[0] in ("SELECT", "INSERT")]
    assert len(statements) == 2
