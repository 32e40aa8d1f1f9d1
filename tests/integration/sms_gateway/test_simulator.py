"""Numbers of the sandbox that behave as networks do, through the real processes."""

import json
import uuid

import pytest
import requests
from django.test import Client

from sms_gateway.models import DeliveryReport, OutboundMessage, Reason, State
from sms_gateway.providers.sandbox import simulator
from tests.integration.sms_gateway.conftest import AsRole, Queue, run_task, send_text
from tests.integration.sms_gateway.processes import Service
from tests.machine import wait_until

NUMBER = "+86138000090{:02}"
DELIVERED = (State.DELIVERED, "")
ENDS = {
    1: DELIVERED,
    2: (State.UNDELIVERED, Reason.TEMPORARY),
    3: (State.SUPPRESSED, Reason.OPTED_OUT),
    4: DELIVERED,
    5: DELIVERED,
    6: DELIVERED,
}


def ends() -> dict[int, tuple[str, str]]:
    rows = OutboundMessage.objects.values_list("cause", "state", "reason")
    return {int(cause): (state, reason) for cause, state, reason in rows if cause.isdigit()}


def test_each_number_behaves_as_it_says(service: Service) -> None:
    for n in ENDS:
        send_text(cause=str(n), number=NUMBER.format(n))
    wait_until(lambda: ends() == ENDS, what=f"{ENDS}, not {ends()}")

    # A text that the network brings twice has one answer.
    body = {"number": NUMBER.format(7), "body": "TRIP"}
    given = requests.post(f"{service.base_url}/sandbox/texts", json=body, timeout=10).json()
    wait_until(lambda: OutboundMessage.objects.filter(kind="echo").exists())
    shown = requests.get(
        f"{service.base_url}/sandbox/texts?number_id={given['number_id']}", timeout=10
    ).json()["texts"]
    assert [text["incoming"] for text in shown].count(True) <= 1
    assert OutboundMessage.objects.filter(kind="echo").count() == 1


def test_a_report_is_there_before_the_send_returns(
    as_role: AsRole, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order itself, which processes cannot be made to show."""
    told: list[str] = []
    monkeypatch.setattr(
        simulator, "report", lambda ref, *statuses: told.extend(statuses) if statuses else None
    )
    row = send_text(number=NUMBER.format(5))
    run_task("send", row.id)
    assert told == ["delivered"]


def test_only_the_sandbox_itself_reports(as_role: AsRole) -> None:
    body = json.dumps({"ref": str(uuid.uuid4()), "status": "delivered"})
    for signature, expected in (("", 403), ("00", 403), (None, 204)):
        with as_role("web"):
            given = simulator.signature(body.encode()) if signature is None else signature
            answer = Client().post(
                simulator.PATH,
                body,
                content_type="application/json",
                headers={simulator.SIGNATURE: given},
            )
        assert answer.status_code == expected
    assert DeliveryReport.objects.count() == 1
