"""Both sides of the wire held to what Twilio publishes: our requests and the fake's answers."""

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import requests
from pytest_django import Settings

from sms_gateway import providers
from sms_gateway.messages import OutboundText
from sms_gateway.providers import Accepted, FailureKind, Receipt
from sms_gateway.providers.twilio import client as twilio_client
from tests.contract.twilio import published
from tests.contract.twilio.conftest import SERVICE_NUMBER
from tests.fakes.twilio_api import ACCOUNT, TOKEN, FakeTwilio, problem

TO = "+8613800000001"
URL = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"


def text(body: str = "cities", to: str = TO) -> OutboundText:
    return OutboundText(uuid.uuid4(), to, body, datetime.now(UTC))


def nobody(_: str) -> bool:
    return False


def failure(run: Callable[[], object]) -> providers.Failure:
    with pytest.raises(Exception) as caught:  # noqa: PT011 (whatever the library raises)
        run()
    return providers.get("twilio").classify(caught.value)


# ------------------------------------------------------------------ our requests
def test_a_text_is_sent_as_published(fake: FakeTwilio) -> None:
    sent = text("你好 €")
    accepted = providers.get("twilio").send(sent)
    ((method, form),) = fake.requests
    assert method == "POST"
    published.check_create(form)
    assert (form["To"], form["From"], form["Body"]) == (TO, SERVICE_NUMBER, "你好 €")
    assert form["StatusCallback"] == f"https://travelcheck.example/sms/twilio/status?ref={sent.ref}"
    assert published.MESSAGE_SID.fullmatch(accepted.provider_message_id)


def test_a_text_is_looked_for_as_published(fake: FakeTwilio) -> None:
    sent = text()
    accepted = providers.get("twilio").send(sent)
    assert providers.get("twilio").find(sent, nobody) == accepted
    method, query = fake.requests[-1]
    assert method == "GET"
    published.check_list(query)


def test_words_are_taken_back_as_published(fake: FakeTwilio) -> None:
    sid = providers.get("twilio").send(text("Shanghai")).provider_message_id
    fake.receipt(sid, "delivered")
    providers.get("twilio").redact(sid)
    method, form = fake.requests[-1]
    assert method == "POST"
    assert set(form) <= published.UPDATE_KNOWN
    published.check_message(fake.messages[0])
    assert fake.messages[0]["body"] == ""


def test_a_picture_is_taken_back_as_published(fake: FakeTwilio) -> None:
    sid, picture = "MM" + "1" * 32, "ME" + "2" * 32
    fake.received(sid, "", picture)
    media = requests.get(
        fake.base_url + URL.replace(".json", f"/{sid}/Media.json"), auth=(ACCOUNT, TOKEN), timeout=5
    )
    published.check_page(media.json(), of="media_list")
    published.check_picture(media.json()["media_list"][0])
    providers.get("twilio").redact(sid, has_media=True)
    assert [method for method, _ in fake.requests[-3:]] == ["POST", "GET", "DELETE"]
    assert fake.media[sid] == []


def test_a_messaging_service_sends_as_published(fake: FakeTwilio, settings: Settings) -> None:
    settings.TWILIO_MESSAGING_SERVICE_SID = "MG" + "0" * 32
    providers.get("twilio").send(text())
    published.check_create(fake.requests[0][1])
    published.check_message(fake.messages[0])


def test_only_the_very_text_is_found(fake: FakeTwilio) -> None:
    provider = providers.get("twilio")
    first = provider.send(text("same words")).provider_message_id
    assert provider.find(text("other words"), nobody) is None
    assert provider.find(text("same words", to="+8613800000002"), nobody) is None
    assert provider.find(text("same words"), lambda sid: sid == first) is None
    later = OutboundText(uuid.uuid4(), TO, "same words", datetime.now(UTC) + timedelta(minutes=30))
    assert provider.find(later, nobody) is None


def test_every_published_status_is_understood(fake: FakeTwilio) -> None:
    means = {status: providers.get("twilio").receipt(status) for status in published.STATUSES}
    final = {
        "sent": Receipt.SENT,
        "delivered": Receipt.DELIVERED,
        "read": Receipt.DELIVERED,
        "undelivered": Receipt.UNDELIVERED,
        "failed": Receipt.FAILED,
        "canceled": Receipt.FAILED,
    }
    assert {status: receipt for status, receipt in means.items() if receipt} == final


# ------------------------------------------------------------------ the fake's answers
def call(fake: FakeTwilio, **form: str) -> requests.Response:
    return requests.post(fake.base_url + URL, data=form, auth=(ACCOUNT, TOKEN), timeout=5)


def test_the_fakes_messages_are_as_published(fake: FakeTwilio) -> None:
    answer = call(fake, To=TO, From=SERVICE_NUMBER, Body="x")
    assert answer.status_code == 201
    published.check_message(answer.json())
    page = requests.get(fake.base_url + URL, auth=(ACCOUNT, TOKEN), timeout=5)
    assert page.status_code == 200
    published.check_page(page.json())
    assert len(page.json()["messages"]) == 1


@pytest.mark.parametrize(
    "form",
    [
        {"From": SERVICE_NUMBER, "Body": "x"},
        {"To": TO, "Body": "x"},
        {"To": TO, "From": SERVICE_NUMBER},
        {"To": TO, "From": SERVICE_NUMBER, "Body": "x" * 1601},
    ],
)
def test_the_fake_refuses_what_is_not_as_published(fake: FakeTwilio, form: dict[str, str]) -> None:
    answer = call(fake, **form)
    assert answer.status_code == 400
    assert set(answer.json()) >= {"code", "message", "status"}
    assert fake.messages == []


def test_the_fake_knows_its_account(fake: FakeTwilio) -> None:
    answer = requests.post(fake.base_url + URL, data={}, auth=(ACCOUNT, "wrong"), timeout=5)
    assert (answer.status_code, answer.json()["code"]) == (401, 20003)


# ------------------------------------------------------------------ errors
@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, 21211, FailureKind.PERMANENT),
        (400, 21614, FailureKind.PERMANENT),
        (400, 21408, FailureKind.PERMANENT),
        (429, 20429, FailureKind.TEMPORARY),
        (429, 0, FailureKind.TEMPORARY),
        (400, 21611, FailureKind.TEMPORARY),
        (401, 20003, FailureKind.TECHNICAL),
        (403, 20005, FailureKind.TECHNICAL),
        (404, 20404, FailureKind.TECHNICAL),
        (400, 21606, FailureKind.TECHNICAL),
        (500, 20500, FailureKind.UNKNOWN),
        (503, 20503, FailureKind.UNKNOWN),
    ],
)
def test_errors_are_told_apart(fake: FakeTwilio, status: int, code: int, kind: FailureKind) -> None:
    fake.fail_with = [problem(status, code, f"{TO} is wrong")]
    found = failure(lambda: providers.get("twilio").send(text()))
    assert (found.kind, found.opted_out) == (kind, False)
    assert TO not in found.code


def test_errors_in_the_newer_form_are_understood_too(fake: FakeTwilio) -> None:
    """RFC 9457, as the client library reads it."""
    content = {"type": "about:blank", "title": "Too many requests", "status": 429, "code": 20429}
    fake.fail_with = [(429, content)]
    assert failure(lambda: providers.get("twilio").send(text())).kind is FailureKind.TEMPORARY


def test_an_answer_that_is_no_json(fake: FakeTwilio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json, "dumps", lambda _: "<html>bad gateway</html>")
    fake.fail_with = [(502, {})]
    assert failure(lambda: providers.get("twilio").send(text())).kind is FailureKind.UNKNOWN


def test_somebody_who_opted_out_at_twilio(fake: FakeTwilio) -> None:
    fake.opted_out.add(TO)
    found = failure(lambda: providers.get("twilio").send(text()))
    assert (found.kind, found.code, found.opted_out) == (FailureKind.PERMANENT, "21610", True)


@pytest.mark.parametrize("how", ["close", "hang"])
def test_a_connection_that_breaks_after_accepting_leaves_it_unknown(
    fake: FakeTwilio, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(twilio_client, "TIMEOUT_SECONDS", 0.5)
    fake.after_accepting = how
    sent = text()
    assert failure(lambda: providers.get("twilio").send(sent)).kind is FailureKind.UNKNOWN
    fake.after_accepting = ""
    assert providers.get("twilio").find(sent, nobody) == Accepted(fake.messages[0]["sid"])


def test_a_host_that_does_not_answer(fake: FakeTwilio, settings: Settings) -> None:
    settings.TWILIO_API_BASE_URL = "http://127.0.0.1:1"
    assert failure(lambda: providers.get("twilio").send(text())).kind is FailureKind.UNKNOWN


def test_the_library_logs_no_number(
    fake: FakeTwilio, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("DEBUG")
    sent = text()
    providers.get("twilio").send(sent)
    providers.get("twilio").find(sent, nobody)
    assert "13800000001" not in caplog.text + "".join(capfd.readouterr())
