"""What Twilio reports of texts."""

import pytest

from sms_gateway import selectors
from sms_gateway.models import DeliveryReport, OutboundMessage, Reason, State
from tests.fakes.twilio_api import FakeTwilio
from tests.integration.sms_gateway.conftest import AsRole, Queue, address, send_text
from tests.integration.sms_gateway.twilio import BASE, fake, post

__all__ = ["fake"]


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
    row = OutboundMessage.objects.get()
    assert (row.state, row.reason) == (State.FAILED, Reason.PERMANENT)
    assert selectors.is_opted_out(number_index=address().number_index)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("30003", Reason.TEMPORARY),  # switched off
        ("30005", Reason.PERMANENT),  # no such handset
        ("30007", Reason.TECHNICAL),  # filtered: ours to mend
        ("", Reason.TECHNICAL),
    ],
)
def test_a_receipt_says_of_what_kind_the_failure_is(
    as_role: AsRole, queue: Queue, fake: FakeTwilio, code: str, reason: Reason
) -> None:
    send_text()
    queue.run()
    deliver_receipt(as_role, fake.receipt(fake.messages[0]["sid"], "undelivered", ErrorCode=code))
    queue.run()
    row = OutboundMessage.objects.get()
    assert (row.state, row.reason, row.error_code) == (State.UNDELIVERED, reason, code)
