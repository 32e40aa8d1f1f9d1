"""A text that comes in has one effect, whatever happens to the processes in between."""

import uuid
from contextlib import suppress

import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from core.numbers import number_index
from sms_gateway import services
from sms_gateway.models import Act, InboundMessage, OutboundMessage, Problem, State, Unclear
from sms_gateway.selectors import is_opted_out
from sms_gateway.services.handling import MAX_ATTEMPTS
from tests.fakes.conversation import Seen
from tests.integration.sms_gateway.conftest import (
    NUMBER,
    OTHER,
    AsRole,
    Later,
    Queue,
    Text,
    address,
    in_threads,
    run_task,
)


def bodies(seen: Seen) -> list[str]:
    return [inbound.text for inbound in seen.inbound]


def test_a_text_is_stored_handled_and_answered(text: Text, queue: Queue, stand_ins: Seen) -> None:
    text("TRIP")
    assert queue.waiting == [("handle", (InboundMessage.objects.get().id,))]
    queue.run()
    assert bodies(stand_ins) == ["TRIP"]
    assert stand_ins.inbound[0].sender.address == NUMBER
    assert InboundMessage.objects.get().handled_at is not None
    assert OutboundMessage.objects.get().state == State.SENT


def test_what_a_text_is_stands_beside_its_words(text: Text, queue: Queue) -> None:
    """Whether it is STOP, and what it agrees to unless it cannot be read as a command."""
    for body, to in [("STOP", "10086"), ("OK 1", "10086"), ("OK 1", "10000"), ("TRIP", "10086")]:
        text(body, to=to)
    noted = InboundMessage.objects.order_by("id").values_list("is_stop", "agrees_to", "problem")
    assert [(stop, agrees and bytes(agrees), problem) for stop, agrees, problem in noted] == [
        (True, None, ""),
        (False, b"OK 1", ""),
        (False, None, Problem.WRONG_NUMBER),
        (False, None, ""),
    ]


def test_the_same_message_id_again_changes_nothing(text: Text, queue: Queue) -> None:
    text("TRIP", message_id="one")
    queue.run()
    assert text("TRIP", message_id="one") == 0
    assert text("STOP", message_id="one") == 0
    assert queue.waiting == []
    assert InboundMessage.objects.count() == OutboundMessage.objects.count() == 1


def test_neither_words_nor_numbers_are_stored_in_clear(text: Text, queue: Queue) -> None:
    text("TRIP to Shanghai")
    queue.run()
    for row in [InboundMessage.objects.values().get(), OutboundMessage.objects.values().get()]:
        stored = b"|".join(
            bytes(v) if isinstance(v, bytes | memoryview) else str(v).encode() for v in row.values()
        )
        assert b"Shanghai" not in stored
        assert NUMBER.encode()[1:] not in stored


def test_a_task_delivered_to_many_workers_at_once_has_one_effect(
    text: Text, queue: Queue, stand_ins: Seen
) -> None:
    inbound_id = text("TRIP")
    in_threads(12, lambda _: run_task("handle", inbound_id))
    assert bodies(stand_ins) == ["TRIP"]
    in_threads(12, lambda _: run_task("send", OutboundMessage.objects.get().id))
    assert OutboundMessage.objects.get().attempts == 1


def test_texts_of_one_number_are_handled_in_the_order_they_came(
    text: Text, queue: Queue, stand_ins: Seen
) -> None:
    for n in range(8):
        text(str(n))
    queue.waiting.reverse()
    queue.run()
    assert bodies(stand_ins) == [str(n) for n in range(8)]


def test_order_holds_while_workers_compete(text: Text, queue: Queue, stand_ins: Seen) -> None:
    ids = [text(str(n)) for n in range(10)]

    def work(thread: int) -> None:
        for inbound_id in ids[thread:] + ids[:thread]:
            run_task("handle", inbound_id)

    in_threads(4, work)
    queue.run()
    assert bodies(stand_ins) == [str(n) for n in range(10)]


def test_a_failing_handler_leaves_nothing_behind_and_blocks_nobody(
    text: Text, queue: Queue, stand_ins: Seen, caplog: pytest.LogCaptureFixture
) -> None:
    stand_ins.fail_on.add("poison 482913")
    poison = text("poison 482913")
    text("next")
    text("somebody else", number=OTHER)
    queue.run()
    assert bodies(stand_ins) == ["poison 482913", "next", "somebody else"]
    row = InboundMessage.objects.get(id=poison)
    assert (row.handled_at, row.attempts) == (None, 1)
    # What the handler had queued before it failed is gone with its transaction.
    assert OutboundMessage.objects.count() == 2
    assert "could not be handled" in caplog.text
    assert "482913" not in caplog.text


def test_a_text_that_fails_for_ever_is_tried_later_and_later_then_given_up(
    text: Text, queue: Queue, stand_ins: Seen, later: Later
) -> None:
    stand_ins.fail_on.add("poison")
    inbound_id = text("poison")
    seconds = 0
    while InboundMessage.objects.get().handled_at is None:
        services.sweep()
        queue.run()
        seconds += 60
        later(seconds)
        assert seconds < 4 * 3600
    row = InboundMessage.objects.get(id=inbound_id)
    assert row.problem == Problem.GIVEN_UP
    assert len(stand_ins.inbound) == MAX_ATTEMPTS
    assert seconds > 3600
    services.sweep()
    assert queue.waiting == []


def test_a_stop_that_cannot_be_handled_still_ends_texts_and_waits_for_somebody(
    text: Text, queue: Queue, stand_ins: Seen, as_role: AsRole
) -> None:
    """And what an operator wants of one text is not held back by another that still fails."""
    stand_ins.fail_on |= {"STOP", "poison"}
    for body in ("STOP", "poison"):
        text(body)
    InboundMessage.objects.update(attempts=MAX_ATTEMPTS - 1)
    queue.run()
    assert is_opted_out(number_index=address().number_index)
    stop, poison = Unclear.objects.order_by("inbound_id").values_list("ref", flat=True)
    operator = uuid.uuid4()
    with as_role("web"):
        services.ask(what=Act.STOP, target=stop, by_ref=operator)
        services.ask(what=Act.CLOSE, target=poison, by_ref=operator)
    services.operate()
    assert Unclear.objects.get(closed_at=None).ref == stop
    stand_ins.fail_on.clear()
    services.operate()
    assert not Unclear.objects.filter(closed_at=None).exists()


def test_a_text_is_handled_once_its_handler_is_mended(
    text: Text, queue: Queue, stand_ins: Seen, later: Later
) -> None:
    stand_ins.fail_on.add("TRIP")
    text("TRIP")
    queue.run()
    stand_ins.fail_on.clear()
    later(60)
    services.sweep()
    queue.run()
    assert InboundMessage.objects.get().problem == ""
    assert OutboundMessage.objects.count() == 1


def test_a_text_that_kills_its_worker_each_time_is_given_up(
    text: Text, queue: Queue, settings: Settings, later: Later
) -> None:
    settings.SMS_INBOUND_HANDLER = "tests.integration.sms_gateway.test_inbound.die"
    text("TRIP")
    for turn in range(1, 4 * MAX_ATTEMPTS):
        later(turn * 10)
        services.sweep()
        for task, args in queue.waiting:
            with suppress(SystemExit):
                run_task(task, *args)
        queue.lose()
    row = InboundMessage.objects.get()
    assert (row.problem, row.handled_at is not None) == (Problem.GIVEN_UP, True)


def die(_: object) -> None:
    """Ends the worker as a signal would: nothing below can catch it as an error."""
    raise SystemExit(9)


@pytest.mark.parametrize(
    ("body", "number", "to", "problem"),
    [
        ("", NUMBER, "10086", Problem.EMPTY),
        ("TR\ufffdP", NUMBER, "10086", Problem.UNREADABLE),
        ("\ud83d", NUMBER, "10086", Problem.UNREADABLE),
        ("a" * 9000, NUMBER, "10086", Problem.TOO_LONG),
        ("TRIP", NUMBER, "10010", Problem.WRONG_NUMBER),
        ("TRIP", "+862112345678", "10086", Problem.LANDLINE),
        ("TRIP", "BANK", "10086", Problem.ALPHANUMERIC),
        ("TRIP", "", "10086", Problem.NO_NUMBER),
    ],
)
def test_problems_reach_the_handler_by_name(
    text: Text, queue: Queue, stand_ins: Seen, body: str, number: str, to: str, problem: Problem
) -> None:
    text(body, number=number, to=to)
    queue.run()
    assert [inbound.problem for inbound in stand_ins.inbound] == [problem]
    assert InboundMessage.objects.get().problem == problem


def test_what_cannot_be_answered_is_recorded_and_not_sent(text: Text, queue: Queue) -> None:
    text("TRIP", number="BANK")
    queue.run()
    row = OutboundMessage.objects.get()
    assert (row.state, row.reason, row.body_sealed) == (State.SUPPRESSED, "unreachable", None)


def test_no_answer_goes_to_a_phone_that_was_sealed_beside_anothers_index(
    text: Text, queue: Queue, superuser: psycopg.Connection
) -> None:
    """What a compromised web process could store, to have somebody's code come to itself."""
    text("TRIP")
    victim = number_index("+8613900000009")
    superuser.execute("UPDATE sms_gateway_inboundmessage SET number_index = %s", [victim])
    queue.run()
    row = OutboundMessage.objects.get()
    assert (row.state, row.reason, row.body_sealed) == (State.SUPPRESSED, "unreachable", None)


def test_a_text_of_somebody_erased_meanwhile_is_not_read(
    text: Text, queue: Queue, stand_ins: Seen, superuser: psycopg.Connection
) -> None:
    text("TRIP")
    superuser.execute("DELETE FROM core_personkey")
    queue.run()
    assert stand_ins.inbound == []
    assert InboundMessage.objects.get().problem == Problem.ERASED


def test_a_webhook_costs_two_statements_and_a_report_one(
    as_role: AsRole, text: Text, queue: Queue
) -> None:
    """No BEGIN, no COMMIT: each is its own transaction. The other statement finds the key."""
    text("TRIP")
    with as_role("web"):
        connection.ensure_connection()
        with CaptureQueriesContext(connection) as seen:
            services.receive(
                provider="sandbox",
                provider_message_id="second",
                sender=NUMBER,
                recipient="10086",
                body="LOG",
            )
        assert len(seen) == 2
        with CaptureQueriesContext(connection) as seen:
            services.receive_report(provider="sandbox", provider_message_id="x", status="delivered")
        assert len(seen) == 1
