"""Delivery reports come early, late, twice, backwards, or for texts nobody knows."""

import itertools
import uuid

import pytest

from sms_gateway import services
from sms_gateway.models import DeliveryReport, OutboundMessage, State
from tests.fakes.conversation import Seen
from tests.integration.sms_gateway.conftest import AsRole, Later, Queue, report, send_text

pytestmark = pytest.mark.django_db(transaction=True)


def state() -> str:
    return OutboundMessage.objects.get().state


ORDERS = list(itertools.permutations(["sent", "undelivered", "delivered"]))


@pytest.mark.parametrize("order", ORDERS)
def test_reports_in_any_order_end_in_delivered(
    queue: Queue, as_role: AsRole, stand_ins: Seen, order: tuple[str, ...]
) -> None:
    row = send_text()
    queue.run()
    for status in order:
        report(as_role, status, ref=row.ref)
        queue.run()
    assert state() == State.DELIVERED
    assert stand_ins.progress == [(row.id, "sent"), (row.id, "delivered")]


def test_a_text_never_goes_back(queue: Queue, as_role: AsRole) -> None:
    row = send_text()
    queue.run()
    for status in ("delivered", "failed", "sent", "undelivered"):
        report(as_role, status, ref=row.ref)
        queue.run()
        assert state() == State.DELIVERED


def test_a_report_before_the_send_returns(queue: Queue, as_role: AsRole, stand_ins: Seen) -> None:
    """It names our reference, so it is proof that the text was taken: nothing is sent again."""
    row = send_text()
    OutboundMessage.objects.filter(id=row.id).update(state=State.SENDING, provider="sandbox")
    queue.lose()
    report(as_role, "delivered", ref=row.ref)
    queue.run()
    assert state() == State.DELIVERED
    assert stand_ins.progress == [(row.id, "sent"), (row.id, "delivered")]


def test_a_report_that_only_has_the_providers_id_waits_for_the_send_to_return(
    queue: Queue, as_role: AsRole, later: Later
) -> None:
    row = send_text()
    report(as_role, "delivered", message_id=str(row.ref))
    send, apply = queue.waiting
    queue.waiting = [apply, send]
    queue.run()
    assert state() == State.DELIVERED
    assert DeliveryReport.objects.get().applied_at is not None


def test_a_lost_report_is_taken_up_by_the_sweep(
    queue: Queue, as_role: AsRole, later: Later
) -> None:
    row = send_text()
    queue.run()
    report(as_role, "delivered", ref=row.ref)
    queue.lose()
    later(10)
    services.sweep()
    queue.run()
    assert state() == State.DELIVERED


def test_the_same_status_is_kept_once(queue: Queue, as_role: AsRole) -> None:
    row = send_text()
    queue.run()
    for _ in range(3):
        report(as_role, "delivered", ref=row.ref)
    assert DeliveryReport.objects.count() == 1


def test_a_report_of_an_unknown_text_is_kept_and_disturbs_nothing(
    queue: Queue, as_role: AsRole, later: Later
) -> None:
    report(as_role, "delivered", ref=uuid.uuid4())
    report(as_role, "delivered", message_id="nobody's")
    queue.run()
    later(60)
    services.sweep()
    assert queue.waiting == []
    assert DeliveryReport.objects.filter(applied_at=None).count() == 2


def test_words_go_when_the_phone_has_them(queue: Queue, as_role: AsRole) -> None:
    row = send_text("Shanghai")
    queue.run()
    row.refresh_from_db()
    assert row.body_sealed is not None
    report(as_role, "delivered", ref=row.ref)
    queue.run()
    row.refresh_from_db()
    assert row.body_sealed is None
