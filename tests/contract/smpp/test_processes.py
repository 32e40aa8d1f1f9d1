"""The sending and the receiving process, each with its own rights, between a real SMSC and the
database."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from sms_gateway import services
from sms_gateway.models import (
    DeliveryReport,
    InboundMessage,
    InboundPart,
    OutboundMessage,
    State,
)
from tests.contract.smpp.smsc import Smsc
from tests.fakes.conversation import Seen
from tests.integration.sms_gateway.conftest import (
    AsRole,
    Later,
    Queue,
    later,
    queue,
    send_text,
    stand_ins,
)
from tests.integration.sms_gateway.processes import Service
from tests.machine import wait_until

__all__ = ["later", "queue", "stand_ins"]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def processes(smsc: Smsc, tmp_path: Path, transactional_db: None) -> Iterator[Service]:
    running = Service(
        tmp_path,
        # Nobody works here but the test itself.
        "unix:///nowhere/redis.sock",
        extra={
            "SMS_PROVIDER": "smpp",
            "SMS_NUMBER": "10086",
            "SMPP_SOCKETS": str(tmp_path),
            "SMPP_URL": f"smpp://travelcheck:secret@127.0.0.1:{smsc.port}",
        },
    )
    try:
        for name, kind in (("smpp-sender", "transmitter"), ("smpp-receiver", "receiver")):
            running.start(name)
            smsc.wait("bind", kind=kind)
        yield running
    finally:
        running.stop()


def bodies(queue: Queue, stand_ins: Seen) -> list[str]:
    """What has come in, as the conversation sees it."""
    for inbound_id in InboundMessage.objects.order_by("id").values_list("id", flat=True):
        services.handle(inbound_id=inbound_id)
    return [inbound.text for inbound in stand_ins.inbound]


def state() -> str:
    for report_id in DeliveryReport.objects.order_by("id").values_list("id", flat=True):
        services.apply_report(report_id=report_id)
    return OutboundMessage.objects.get().state


def test_a_text_goes_out_and_its_receipts_come_back(
    smsc: Smsc, processes: Service, queue: Queue
) -> None:
    row = send_text("出行" * 50)
    queue.run()
    ids = [part["id"] for part in smsc.all("submit")]
    assert len(ids) == 2
    assert state() == State.SENT
    for n, part_id in enumerate(ids):
        for _ in range(2):  # twice, as they come
            smsc.ask("receipt", id=part_id, stat="DELIVRD", **{"from": "8613800000001", "to": "1"})
        smsc.wait("delivered", 2 * n + 2)
        assert state() == (State.DELIVERED if n else State.SENT)
    row.refresh_from_db()
    assert row.body_sealed is None

    # What a worker sends while nobody holds the bind goes later.
    assert processes.end("smpp-sender") == 0
    smsc.wait("unbind")
    second = send_text("hello", cause="second")
    queue.run()
    second.refresh_from_db()
    assert (second.state, second.error_code) == (State.QUEUED, "unbound")
    assert "8613800000001" not in processes.log("smpp-sender")


def test_what_comes_in_has_one_effect(
    smsc: Smsc, processes: Service, queue: Queue, stand_ins: Seen, as_role: AsRole
) -> None:
    smsc.deliver("TRIP")
    smsc.deliver("行程", more={"data_coding": 8})
    smsc.deliver("TRIP")  # the person says it again, after the SMSC knows that we have the first
    assert bodies(queue, stand_ins) == ["TRIP", "行程", "TRIP"]

    # The link breaks before the SMSC hears that we have it: it repeats itself.
    smsc.deliver("LOG", then_drop=True)
    smsc.wait("bind", 2, kind="receiver")
    smsc.deliver("LOG")
    smsc.deliver("LIST")
    with as_role("web"):
        wait_until(lambda: not InboundPart.objects.filter(confirmed_at=None).exists())
    assert bodies(queue, stand_ins)[3:] == ["LOG", "LIST"]


def test_parts_come_in_any_order_twice_and_not_at_all(
    smsc: Smsc,
    processes: Service,
    queue: Queue,
    stand_ins: Seen,
    later: Later,
    as_role: AsRole,
) -> None:
    def part(number: int, words: str, reference: int = 7) -> None:
        smsc.deliver(words, udh=f"050003{reference:02x}03{number:02x}", more={"esm_class": 0x40})

    part(3, "three.")
    part(1, "One, ")
    part(1, "One, ")
    processes.kill("smpp-receiver")
    smsc.wait("closed")
    binds = len(smsc.all("bind"))
    processes.start("smpp-receiver")
    smsc.wait("bind", binds + 1)
    assert InboundMessage.objects.count() == 0
    part(2, "two, ")
    part(2, "two, ")
    assert bodies(queue, stand_ins) == ["One, two, three."]
    with as_role("web"):
        assert set(InboundPart.objects.values_list("sealed", flat=True)) == {None}

    # The phone has begun again with its references; and one whose rest never comes.
    part(1, "STOP this ")
    part(1, "Another ")
    later(700)
    with as_role("web"):
        services.sweep_parts(provider="smpp")
    assert bodies(queue, stand_ins)[1:] == ["STOP this \ufffd\ufffd", "Another \ufffd\ufffd"]
    assert [inbound.problem for inbound in stand_ins.inbound[1:]] == ["unreadable", "unreadable"]
    assert uuid.UUID(InboundMessage.objects.latest("id").provider_message_id).version == 4
