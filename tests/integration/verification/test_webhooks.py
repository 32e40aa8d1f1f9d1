"""Organisations' own servers: told alike of everything, signed, tried again; no way into ours."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from core import clock
from tests.integration.verification.test_api import (
    AsRole,
    Software,
    hand_over,
    harbour,
    hill,
    is_problem,
    web,
)
from verification import outgoing
from verification.models import Attempt, Delivery, Webhook
from verification.services import calling

__all__ = ["harbour", "hill", "web"]
URL = "https://hr.example/travelcheck"


@dataclass
class Server:
    """An organisation's server, in the place of the network: it keeps what it was sent."""

    says: int | str = 200
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    def post(self, url: str, *, headers: dict[str, str], body: bytes) -> int:
        self.got.append((url, headers, body))
        if isinstance(self.says, str):
            raise outgoing.UnreachableError(self.says)
        return self.says

    @property
    def told(self) -> list[str]:
        return [json.loads(body)["type"] for _, _, body in self.got]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    stand_in = Server()
    monkeypatch.setattr(outgoing, "post", stand_in.post)
    return stand_in


def registered(software: Software, url: str = URL) -> dict[str, Any]:
    made = software.post("webhooks", {"url": url})
    assert made.status_code == 201, made.content
    return dict(made.json())


def run_due() -> None:
    calling.announce()
    for delivery in list(calling.due()):
        calling.deliver(delivery)


def later(superuser: psycopg.Connection, by: str) -> None:
    """Calls that were put off come due."""
    superuser.execute("UPDATE verification_delivery SET due_at = due_at - %s::interval", [by])


# ---------------------------------------------------------------------- what is told
def test_what_is_sent_is_signed_and_says_no_more_than_that_there_is_something(
    harbour: Software, server: Server, superuser: psycopg.Connection, as_role: AsRole
) -> None:
    hook = registered(harbour)
    asked = harbour.asked()
    hand_over(superuser, asked["id"], harbour.organisation.id)
    with as_role("worker"):
        run_due()
        run_due()
    [(url, headers, body)] = server.got
    assert url == URL
    said = json.loads(body)
    assert (said["type"], said["data"]) == (
        "request.answered",
        {"request_id": asked["id"], "state": "answered"},
    )
    secret = base64.b64decode(hook["secret"].removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    shown = harbour.get(f"webhooks/{hook['id']}/deliveries").json()["deliveries"]
    assert [attempt["outcome"] for attempt in shown[0]["attempts"]] == ["200"]
    assert "secret" not in harbour.get("webhooks").json()["webhooks"][0]


def test_every_end_without_an_answer_is_told_alike(
    harbour: Software, server: Server, superuser: psycopg.Connection, as_role: AsRole
) -> None:
    """By one sweep, at the same time, whatever the worker made of the request."""
    registered(harbour)
    outcomes = ["", "unknown_number", "blocked", "asked", "over_budget"]
    for n, outcome in enumerate(outcomes):
        asked = harbour.asked(number=f"+861390000001{n}")
        superuser.execute(
            "UPDATE consent_request SET outcome = %s, considered_at = CASE WHEN %s <> ''"
            " THEN core.now() END, asked_at = asked_at - interval '1 day' WHERE id = %s",
            [outcome, outcome, asked["id"]],
        )
    cancelled = harbour.asked(number="+8613900000020")
    harbour.post(f"requests/{cancelled['id']}/cancel")
    with as_role("worker"):
        run_due()
        assert server.got == []
        superuser.execute("UPDATE consent_request SET closes_at = core.now()")
        assert calling.announce() == len(outcomes)
        made = set(Delivery.objects.values_list("event", "made_at", "due_at"))
        assert len(made) == 1
        run_due()
    assert server.told == ["request.not_released"] * len(outcomes)


def test_a_withdrawal_a_dispute_and_a_correction_follow(
    harbour: Software, server: Server, superuser: psycopg.Connection, as_role: AsRole
) -> None:
    registered(harbour)
    asked = harbour.asked()
    hand_over(superuser, asked["id"], harbour.organisation.id)
    superuser.execute(
        "INSERT INTO verification_issuedanswer (id, consent_id, list_day, list_index, standing,"
        " is_handed_over, issued_at, expires_at) SELECT answer_id, consent_id, core.now()::date, 7,"
        " 0, true, core.now(), core.now() FROM verification_answer"
    )
    with as_role("worker"):
        for standing in (0, 2, 3):
            superuser.execute("UPDATE verification_issuedanswer SET standing = %s", [standing])
            run_due()
        superuser.execute("UPDATE verification_answer SET withdrawn_at = core.now()")
        run_due()
    assert server.told == [
        "request.answered", "answer.disputed", "answer.corrected", "answer.withdrawn",
    ]  # fmt: skip


def test_others_and_test_keys_are_told_of_their_own(
    harbour: Software, hill: Software, server: Server, superuser: psycopg.Connection,
    as_role: AsRole,
) -> None:  # fmt: skip
    tester = Software("Harbour", is_test=True)
    registered(hill, "https://hill.example/")
    registered(tester, "https://test.example/")
    registered(harbour, "https://live.example/")
    asked = harbour.asked()
    hand_over(superuser, asked["id"], harbour.organisation.id)
    with as_role("worker"):
        run_due()
    assert [url for url, _, _ in server.got] == ["https://live.example/"]


# ---------------------------------------------------------------------- trying again
def test_what_failed_is_tried_again_for_a_day_and_then_given_up(
    harbour: Software, server: Server, superuser: psycopg.Connection, as_role: AsRole
) -> None:
    registered(harbour)
    hand_over(superuser, harbour.asked()["id"], harbour.organisation.id)
    server.says = "connection"
    with as_role("worker"):
        for _ in range(30):
            run_due()
            later(superuser, "1 day")
            superuser.execute(
                "UPDATE verification_delivery SET made_at = made_at - interval '2 hours'"
            )
        delivery = Delivery.objects.get()
        assert delivery.given_up_at is not None
        assert 3 <= delivery.attempts == Attempt.objects.count() <= 12
        assert not list(calling.due())


def test_a_worker_that_died_at_it_leaves_a_call_that_comes_due_again(
    harbour: Software, server: Server, superuser: psycopg.Connection, as_role: AsRole,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    registered(harbour)
    hand_over(superuser, harbour.asked()["id"], harbour.organisation.id)

    def die(*_: object, **__: object) -> int:
        raise KeyboardInterrupt

    with as_role("worker"):
        monkeypatch.setattr(outgoing, "post", die)
        with pytest.raises(KeyboardInterrupt):
            run_due()
        monkeypatch.setattr(outgoing, "post", server.post)
        run_due()
        assert server.got == []
        later(superuser, "2 minutes")
        run_due()
        assert server.told == ["request.answered"]


def test_days_of_failures_end_it_and_a_new_secret_begins_anew(
    harbour: Software, server: Server, superuser: psycopg.Connection, as_role: AsRole
) -> None:
    hook = registered(harbour)
    hand_over(superuser, harbour.asked()["id"], harbour.organisation.id)
    server.says = 500
    with as_role("worker"):
        run_due()
        failing = Webhook.objects.get().failing_since
        assert failing is not None
        superuser.execute(
            "UPDATE verification_webhook SET failing_since = failing_since - interval '3 days'"
        )
        later(superuser, "1 hour")
        run_due()
        assert Webhook.objects.get().disabled_at is not None
        later(superuser, "1 day")
        assert not list(calling.due())
    rotated = harbour.post(f"webhooks/{hook['id']}/rotate").json()
    assert rotated["disabled_at"] is None
    assert rotated["secret"] != hook["secret"]
    server.says = 200
    with as_role("worker"):
        run_due()
    signatures = server.got[-1][1]["webhook-signature"].split(" ")
    assert len(signatures) == 2
    with as_role("worker"):
        superuser.execute("UPDATE verification_delivery SET made_at = made_at - interval '31 days'")
        assert calling.forget() > 0


# ---------------------------------------------------------------------- what may be registered
@pytest.mark.parametrize("url", ["http://hr.example/", "https://a@hr.example/", "ftp://x/", "x"])
def test_what_is_no_address_of_a_webhook(harbour: Software, url: str) -> None:
    answer = harbour.post("webhooks", {"url": url})
    is_problem(answer, "invalid")
    assert answer.json()["errors"] == {"url": ["not_https"]}


def test_five_are_enough_and_each_address_is_there_once(harbour: Software) -> None:
    for n in range(5):
        registered(harbour, f"https://hr{n}.example/")
        again = harbour.post("webhooks", {"url": f"https://hr{n}.example/"})
        is_problem(again, "invalid" if n < 4 else "cap")
    is_problem(harbour.post("webhooks", {"url": URL}), "cap")
    one = harbour.get("webhooks").json()["webhooks"][0]
    assert harbour.browser.delete(f"/api/v1/webhooks/{one['id']}").status_code == 204
    registered(harbour)


def test_nothing_old_is_told_to_a_new_address(
    harbour: Software, server: Server, superuser: psycopg.Connection, as_role: AsRole
) -> None:
    hand_over(superuser, harbour.asked()["id"], harbour.organisation.id)
    superuser.execute(
        "UPDATE verification_answer SET handed_over_at = %s", [clock.now() - timedelta(minutes=1)]
    )
    registered(harbour)
    with as_role("worker"):
        run_due()
    assert server.got == []
