"""The operators' pages about texts: what they show, what they do, and what they cannot show."""

import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from audit.models import Entry
from core.numbers import number_index
from sms_gateway import dispatch, providers, services
from sms_gateway.messages import Address, Inbound
from sms_gateway.models import (
    InboundMessage,
    Incident,
    OperatorAct,
    OptOut,
    OutboundMessage,
    Probe,
    SandboxText,
    State,
    Unclear,
)
from sms_gateway.providers import Failure, FailureKind
from tests.factories import people

pytestmark = pytest.mark.usefixtures("web")
AsRole = Callable[[str], AbstractContextManager[None]]
NUMBER = "+8613800000001"
PAGE = "/operations/texts/"


@pytest.fixture(autouse=True)
def gateway(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tasks run when a test says so; the conversation is a stand-in that understands STOP."""
    monkeypatch.setattr(dispatch, "enqueue", lambda *_, **__: None)
    settings.SMS_MARKS = "tests.fakes.conversation.marks"
    settings.SMS_INBOUND_HANDLER = "tests.integration.organisations.test_texts_pages.understand"
    settings.SMS_HOLD = "tests.fakes.conversation.hold"
    settings.SMS_PROGRESS_LISTENER = "tests.fakes.conversation.progressed"
    settings.SMS_ROUTES = "sandbox:1 sandbox_b:0"


def understand(inbound: Inbound) -> None:
    if inbound.text == "STOP":
        services.opt_out(number_index=inbound.number_index, word="STOP", inbound_id=inbound.id)
    else:
        services.set_aside(inbound_id=inbound.id)


@pytest.fixture
def operator(as_role: AsRole, web: None) -> User:
    with as_role("owner"):
        return people.operator()


@pytest.fixture
def staff(operator: User) -> Client:
    return people.enter(operator)


def send(cause: str, *, kind: str = "answer") -> uuid.UUID:
    """A text, sent by the worker; its reference."""
    address = Address(NUMBER, number_index(NUMBER))
    outbound_id = services.queue(to=address, body="Shanghai 4 Nov", kind=kind, cause=cause)
    services.send(outbound_id=outbound_id)
    ref: uuid.UUID = OutboundMessage.objects.values_list("ref", flat=True).get(id=outbound_id)
    return ref


def test_only_operators_see_them(staff: Client, operator: User) -> None:
    member = people.enter(people.member(people.organisation("Ours"), "o@ours.example").user)
    for path in (PAGE, f"{PAGE}unclear/", f"{PAGE}{uuid.uuid4()}/"):
        assert Client().get(path).status_code == 302
        assert member.get(path).status_code == 404
    assert staff.get(PAGE).status_code == 200
    assert staff.get(f"{PAGE}{uuid.uuid4()}/").status_code == 404
    assert staff.post(f"{PAGE}unclear/{uuid.uuid4()}/resend/").status_code == 404


def test_a_text_that_did_not_arrive_is_found_and_sent_again(
    staff: Client, as_role: AsRole, operator: User
) -> None:
    with as_role("worker"):
        ref = send("first")
    services.receive_report(
        provider="sandbox", provider_message_id=str(ref), ref=ref, status="undelivered"
    )
    with as_role("worker"):
        services.apply_report(report_id=1)
    assert str(ref)[:8] in staff.get(PAGE).content.decode()
    found = staff.get(PAGE, {"q": f" {ref} "})
    assert found["Location"] == f"{PAGE}{ref}/"
    shown = staff.get(found["Location"]).content.decode()
    assert "undelivered" in shown
    assert "Send it again" in shown
    assert "Shanghai" not in shown
    assert NUMBER[1:] not in shown

    for _ in range(2):
        assert staff.post(f"{PAGE}{ref}/resend/").status_code == 302
    with as_role("worker"):
        services.operate()
        services.operate()
        again = OutboundMessage.objects.get(cause__startswith="resend:")
        services.send(outbound_id=again.id)
        services.send(outbound_id=again.id)
        assert SandboxText.objects.count() == 2
        assert OutboundMessage.objects.get(id=again.id).state == State.SENT
    assert OperatorAct.objects.get().was_done is True
    assert "done, as a new text" in staff.get(f"{PAGE}{ref}/").content.decode()
    with as_role("auditor"):
        entry = Entry.objects.get(event="gateway.text_resent")
        assert str(operator.id) in str(entry.body)
    assert staff.post(f"{PAGE}{again.ref}/resend/").status_code == 404


def test_what_nobody_understood_is_read_and_settled(staff: Client, as_role: AsRole) -> None:
    for n, body in enumerate(("I have had enough of these", "<b>what</b> is this")):
        services.receive(
            provider="sandbox",
            provider_message_id=str(n),
            sender=NUMBER,
            recipient="10086",
            body=body,
        )
    with as_role("worker"):
        for inbound_id in InboundMessage.objects.values_list("id", flat=True):
            services.handle(inbound_id=inbound_id)
        first, second = Unclear.objects.order_by("inbound_id").values_list("ref", flat=True)
    shown = staff.get(f"{PAGE}unclear/").content.decode()
    assert "I have had enough of these" in shown
    assert "&lt;b&gt;what" in shown
    assert NUMBER[1:] not in shown
    assert "Texts nobody understood: 2" in staff.get(PAGE).content.decode()
    staff.post(f"{PAGE}unclear/{first}/stop/")
    staff.post(f"{PAGE}unclear/{second}/close/")
    with as_role("worker"):
        services.operate()
        assert OptOut.objects.get().is_out
    assert "enough" not in staff.get(f"{PAGE}unclear/").content.decode()
    with as_role("auditor"):
        assert Entry.objects.filter(event="gateway.text_handled").count() == 2


def test_health_incidents_cost_and_the_pin(
    staff: Client, as_role: AsRole, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox = providers.get("sandbox")
    with as_role("worker"):
        send("works")
        with monkeypatch.context() as patched:
            patched.setattr(sandbox, "send", lambda _: 1 / 0)
            patched.setattr(sandbox, "classify", lambda _: Failure(FailureKind.TECHNICAL, "20003"))
            for n in range(8):
                address = Address(f"+861380000010{n}", number_index(f"+861380000010{n}"))
                services.send(
                    outbound_id=services.queue(to=address, body="x", kind="answer", cause=str(n))
                )
        services.watch()
    shown = staff.get(PAGE).content.decode()
    for expected in ("sandbox: fails", "0 %", "100 % → 0 %", "ours to mend", "0.45"):
        assert expected in shown, expected
    assert staff.post(f"{PAGE}pin/", {"provider": "pigeons"}).status_code == 404
    staff.post(f"{PAGE}pin/", {"provider": "sandbox_b"})
    assert "pinned" in staff.get(PAGE).content.decode()
    staff.post(f"{PAGE}pin/")
    assert "By weight again" not in staff.get(PAGE).content.decode()
    staff.cookies["django_language"] = "zh-hans"
    assert "短信通道" in staff.get(PAGE).content.decode()


def test_a_probe_that_does_not_come_back_opens_an_incident(
    as_role: AsRole,
    settings: Settings,
    freeze_database: Callable[[Any], None],
) -> None:
    from core import clock

    settings.SMS_PROBE_NUMBER = NUMBER
    begun = clock.now()
    with as_role("worker"):
        services.probe()
        freeze_database(begun + timedelta(minutes=6))
        services.watch_probes()
        assert Incident.objects.get().why == "time_up"
        services.probe()
        token = Probe.objects.latest("id").token
    services.receive(
        provider="sandbox",
        provider_message_id="back",
        sender=NUMBER,
        recipient="10086",
        body=f"PROBE {token}",
    )
    with as_role("worker"):
        services.handle(inbound_id=InboundMessage.objects.latest("id").id)
        assert Probe.objects.latest("id").back_at is not None
        assert not Unclear.objects.exists()
        services.watch_probes()
        assert Incident.objects.get().closed_at is not None
