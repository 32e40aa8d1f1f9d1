"""The simulator's addresses, as scripts use them."""

import json
import uuid
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from sms_gateway.models import (
    DeliveryReport,
    InboundMessage,
    OutboundMessage,
    Problem,
    SandboxText,
    State,
)
from sms_gateway.providers.sandbox import mailbox
from tests.fakes.conversation import Seen
from tests.integration.sms_gateway.conftest import NUMBER, OTHER, AsRole, Queue, send_text

pytestmark = pytest.mark.django_db(transaction=True)


def post(as_role: AsRole, **wanted: object) -> tuple[int, dict[str, Any]]:
    with as_role("web"):
        answer = Client().post(
            "/sandbox/texts", json.dumps(wanted), content_type="application/json"
        )
    return answer.status_code, answer.json()


def get(as_role: AsRole, address: str) -> dict[str, Any]:
    with as_role("web"):
        answer = Client().get(address)
    assert answer.status_code == 200
    return dict(answer.json())


def test_a_conversation(as_role: AsRole, queue: Queue) -> None:
    status, sent = post(as_role, number=NUMBER, body="TRIP")
    assert status == 201
    queue.run()
    got = get(as_role, f"/sandbox/texts?number_id={sent['number_id']}&after={sent['text_id']}")
    assert [(text["incoming"], text["body"]) for text in got["texts"]] == [(True, "You said: TRIP")]
    assert (got["texts"][0]["segments"], got["texts"][0]["encoding"]) == (1, "GSM-7")
    _, again = post(as_role, number_id=sent["number_id"], body="OK 482913")
    assert again["number_id"] == sent["number_id"]


def test_fetching_is_delivery(as_role: AsRole, queue: Queue, stand_ins: Seen) -> None:
    _, sent = post(as_role, number=NUMBER, body="TRIP")
    queue.run()
    assert OutboundMessage.objects.get().state == State.SENT
    for _ in range(2):
        get(as_role, f"/sandbox/texts?number_id={sent['number_id']}")
    queue.run()
    assert OutboundMessage.objects.get().state == State.DELIVERED
    assert [status for _, status in stand_ins.progress] == ["sent", "delivered"]
    assert DeliveryReport.objects.count() == 1


def test_a_text_handed_over_twice_reaches_the_phone_once() -> None:
    ref = uuid.uuid4()
    ids = {mailbox.put(ref=ref, number=NUMBER, body="x") for _ in range(2)}
    assert len(ids) == 1
    assert SandboxText.objects.count() == 1


def test_phones_do_not_see_each_others_texts(as_role: AsRole, queue: Queue) -> None:
    _, mine = post(as_role, number=NUMBER, body="mine")
    _, other = post(as_role, number=OTHER, body="theirs")
    queue.run()
    got = get(as_role, f"/sandbox/texts?number_id={mine['number_id']}")
    assert {text["body"] for text in got["texts"]} == {"mine", "You said: mine"}
    listed = {p["id"]: p for p in get(as_role, "/sandbox/phones")["phones"]}
    assert listed[other["number_id"]]["waiting"] == 1
    assert listed[mine["number_id"]]["waiting"] == 0


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"to": "10010"}, Problem.WRONG_NUMBER),
        ({"media": True}, Problem.MEDIA),
        ({"body": "\ufffd"}, Problem.UNREADABLE),
        pytest.param({"body": "\ud83d"}, Problem.UNREADABLE, id="half of a pair"),
        ({"body": ""}, Problem.EMPTY),
        ({"number": "BANK"}, Problem.ALPHANUMERIC),
        ({"number": "+862112345678"}, Problem.LANDLINE),
    ],
)
def test_what_networks_do_can_be_played(
    as_role: AsRole, queue: Queue, more: dict[str, object], problem: Problem
) -> None:
    status, _ = post(as_role, **{"number": NUMBER, "body": "TRIP", **more})
    assert status == 201
    assert InboundMessage.objects.get().problem == problem


def test_a_duplicate_can_be_played(as_role: AsRole, queue: Queue) -> None:
    for _ in range(3):
        post(as_role, number=NUMBER, body="TRIP", message_id="one")
    assert InboundMessage.objects.count() == 1


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"number": NUMBER},
        {"body": "x"},
        {"number": "", "body": "x"},
        {"number": "1" * 21, "body": "x"},
        {"number": 8613800000001, "body": "x"},
        {"number_id": 99, "body": "x"},
        {"number_id": "x", "body": "x"},
        {"number": NUMBER, "body": 5},
    ],
)
def test_a_wrong_request_is_told_what_is_wrong(as_role: AsRole, wanted: dict[str, object]) -> None:
    status, answer = post(as_role, **wanted)
    assert status == 400
    assert answer["error"]
    assert InboundMessage.objects.count() == SandboxText.objects.count() == 0


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded"])
def test_a_form_of_another_site_cannot_send_texts(as_role: AsRole, kind: str) -> None:
    with as_role("web"):
        answer = Client().post("/sandbox/texts", json.dumps({"number": NUMBER, "body": "x"}), kind)
    assert answer.status_code == 400
    assert InboundMessage.objects.count() == 0


@pytest.mark.parametrize("address", ["/sandbox/", "/sandbox/phones", "/sandbox/texts?number_id=1"])
def test_there_is_no_simulator_with_another_provider(
    as_role: AsRole, settings: Settings, address: str
) -> None:
    settings.SMS_PROVIDER = "twilio"
    with as_role("web"):
        assert Client().get(address).status_code == 404
        assert Client().post(address).status_code in (404, 405)


def test_the_phones_of_the_settings_come_first_with_their_names(
    as_role: AsRole, settings: Settings
) -> None:
    settings.SANDBOX_PHONES = [{"number": OTHER, "label_en": "Mei", "label_zh": "小梅"}]
    post(as_role, number=NUMBER, body="TRIP")
    phones = get(as_role, "/sandbox/phones?lang=zh")["phones"]
    assert [(phone["name"], phone["number"]) for phone in phones] == [
        ("小梅", OTHER),
        ("其他号码", NUMBER),
    ]


def test_neither_words_nor_numbers_are_stored_in_clear(as_role: AsRole, queue: Queue) -> None:
    post(as_role, number=NUMBER, body="Shanghai")
    send_text("Hangzhou")
    queue.run()
    for row in SandboxText.objects.all():
        assert b"hanghai" not in bytes(row.body_sealed)
        assert b"angzhou" not in bytes(row.body_sealed)


def test_the_page_is_strict_about_where_things_come_from(as_role: AsRole) -> None:
    with as_role("web"):
        answer = Client().get("/sandbox/?lang=zh")
    content = answer.content.decode()
    assert '<html lang="zh-Hans">' in content
    assert "default-src 'self'" in answer["Content-Security-Policy"]
    assert "https://" not in content
    assert "style=" not in content
    assert "onclick" not in content
    assert "no-store" in answer["Cache-Control"]
