"""A text that is queued goes once, in order, unless something says that it must not."""

import base64
import os
import threading
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from audit import services as audit
from audit.sequencer import Sequencer
from sms_gateway import providers, selectors, services
from sms_gateway.kinds import HELP, START, STOP
from sms_gateway.messages import OutboundText
from sms_gateway.models import OutboundMessage, Reason, SandboxText, State
from sms_gateway.providers import Accepted
from tests import database
from tests.fakes.conversation import Seen
from tests.integration.sms_gateway.conftest import (
    NUMBER,
    OTHER,
    Later,
    Queue,
    address,
    in_threads,
    run_task,
    send_text,
)

pytestmark = pytest.mark.django_db(transaction=True)

SEED = base64.b64decode(database.KEYS["AUDIT_SIGNING_KEY"])


def states() -> list[str]:
    return list(OutboundMessage.objects.order_by("id").values_list("state", flat=True))


def reached_phones() -> list[str]:
    """References of what reached phones, in the order it did."""
    rows = SandboxText.objects.filter(incoming=True).order_by("id").values_list("ref", flat=True)
    causes = dict(OutboundMessage.objects.values_list("ref", "cause"))
    return [causes[ref] for ref in rows]


def checkpoint() -> None:
    """The sequencer takes up what is in the log so far."""
    url = os.environ["DATABASE_SEQUENCER_URL"]
    Sequencer(url, "log.example", SEED).run(once=True)


def test_one_text_per_cause(queue: Queue) -> None:
    first = send_text("one", cause="inbound:1")
    again = send_text("two", cause="inbound:1")
    assert first.id == again.id
    queue.run()
    assert len(reached_phones()) == 1


def test_one_text_per_cause_when_queued_at_the_same_time(queue: Queue) -> None:
    in_threads(8, lambda _: send_text(cause="inbound:1"))
    queue.run()
    assert len(reached_phones()) == 1


def test_a_row_that_is_rolled_back_is_never_sent(queue: Queue) -> None:
    with transaction.atomic():
        send_text()
        transaction.set_rollback(True)
    assert queue.waiting == []
    assert states() == []


# ------------------------------------------------------------------ what holds a text back
def test_a_withdrawn_text_does_not_go(queue: Queue, stand_ins: Seen) -> None:
    held = uuid.uuid4()
    row = send_text("Shanghai", hold_ref=held)
    stand_ins.withdrawn.add(held)
    queue.run()
    row.refresh_from_db()
    assert (row.state, row.reason, row.body_sealed) == (State.SUPPRESSED, Reason.WITHDRAWN, None)
    assert reached_phones() == []


def test_a_text_waits_for_its_entry_to_be_under_a_checkpoint(queue: Queue) -> None:
    entry = audit.record(event="config.changed", by="system")
    row = send_text(after_entry=entry)
    queue.run()  # asks a limited number of times, then leaves it to the sweep
    assert states() == [State.QUEUED]
    checkpoint()
    services.send(outbound_id=row.id)
    assert states() == [State.SENT]


def test_waiting_for_the_log_is_taken_up_by_the_sweep(queue: Queue, later: Later) -> None:
    send_text(after_entry=audit.record(event="config.changed", by="system"))
    queue.lose()
    checkpoint()
    later(10)
    services.sweep()
    queue.run()
    assert states() == [State.SENT]


def test_an_expired_text_does_not_go(queue: Queue, later: Later) -> None:
    send_text("code", expires_at=datetime.now(UTC) + timedelta(minutes=30))
    send_text("anything")
    queue.lose()
    later(30 * 60 + 1)
    services.sweep()
    queue.run()
    assert states() == [State.SUPPRESSED, State.SENT]
    assert OutboundMessage.objects.order_by("id")[0].reason == Reason.EXPIRED


@pytest.mark.parametrize(("kind", "goes"), [("notice", False), ("code", False), ("answer", True)])
def test_each_kind_has_its_life(queue: Queue, later: Later, kind: str, goes: bool) -> None:
    """A code that comes after half an hour would only mislead."""
    row = send_text(kind=kind)
    queue.lose()
    later(30 * 60 + 1)
    services.sweep()
    queue.run()
    row.refresh_from_db()
    assert row.state == (State.SENT if goes else State.SUPPRESSED)
    assert row.reason == ("" if goes else Reason.EXPIRED)


def test_no_text_lives_longer_than_a_day(queue: Queue, later: Later) -> None:
    send_text(expires_at=datetime.now(UTC) + timedelta(days=9))
    queue.lose()
    later(24 * 3600 + 60)
    services.sweep()
    queue.run()
    assert states() == [State.SUPPRESSED]


# ------------------------------------------------------------------ order
def test_texts_of_one_number_keep_their_order(queue: Queue) -> None:
    for n in range(5):
        send_text(cause=str(n))
    queue.waiting.reverse()
    queue.run()
    assert reached_phones() == ["0", "1", "2", "3", "4"]


def test_order_holds_while_workers_compete(queue: Queue) -> None:
    ids = [send_text(cause=str(n)).id for n in range(8)]

    def work(thread: int) -> None:
        for outbound_id in ids[thread:] + ids[:thread]:
            run_task("send", outbound_id)

    in_threads(4, work)
    queue.run()
    assert reached_phones() == [str(n) for n in range(8)]


def test_a_later_text_waits_for_an_earlier_one_that_waits_for_the_log(queue: Queue) -> None:
    entry = audit.record(event="config.changed", by="system")
    first = send_text(cause="answer", after_entry=entry)
    send_text(cause="help")
    queue.run_all_but_waits()
    assert reached_phones() == []
    checkpoint()
    services.send(outbound_id=first.id)
    queue.run()
    assert reached_phones() == ["answer", "help"]


def test_a_log_that_cannot_be_written_does_not_hold_back_the_rest(
    queue: Queue, later: Later
) -> None:
    send_text(cause="answer", after_entry=audit.record(event="config.changed", by="system"))
    later(20)
    send_text(cause="stop", kind=STOP)
    queue.run_all_but_waits()
    assert reached_phones() == ["stop"]


def test_other_numbers_wait_for_nobody(queue: Queue) -> None:
    send_text(after_entry=audit.record(event="config.changed", by="system"))
    send_text(cause="other", number=OTHER)
    queue.run_all_but_waits()
    assert reached_phones() == ["other"]


# ------------------------------------------------------------------ crashes
class Broken(BaseException):
    """The process ends here: no `except Exception` sees it."""


def provider_that(
    monkeypatch: pytest.MonkeyPatch, *, before: bool = False, after: bool = False
) -> None:
    """The worker dies before, or after, the provider has taken the text."""
    sandbox = providers.get("sandbox")
    accept = sandbox.send

    def send(text: OutboundText) -> Accepted:
        if before:
            raise Broken
        accept(text)
        raise Broken

    monkeypatch.setattr(sandbox, "send", send)


@pytest.mark.parametrize("taken", [False, True])
def test_a_worker_that_dies_while_sending_loses_and_doubles_nothing(
    queue: Queue, later: Later, monkeypatch: pytest.MonkeyPatch, stand_ins: Seen, taken: bool
) -> None:
    row = send_text()
    with monkeypatch.context() as patched:
        provider_that(patched, before=not taken, after=taken)
        with pytest.raises(Broken):
            queue.run()
    assert states() == [State.SENDING]
    services.send(outbound_id=row.id)  # too early to doubt: the other worker may still be at it
    assert states() == [State.SENDING]
    later(30)
    services.sweep()
    queue.run()
    row.refresh_from_db()
    assert (row.state, row.attempts) == (State.SENT, 1 if taken else 2)
    assert len(reached_phones()) == 1
    assert stand_ins.progress == [(row.id, "sent")]


def test_a_report_that_came_is_proof_enough(
    queue: Queue, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = send_text()
    sandbox = providers.get("sandbox")
    with monkeypatch.context() as patched:
        provider_that(patched, before=True)
        with pytest.raises(Broken):
            queue.run()
    from sms_gateway.services import sending

    monkeypatch.setattr(sending, "_reported", lambda *_: Accepted("known-to-the-provider"))
    monkeypatch.setattr(sandbox, "find", lambda *_: pytest.fail("was asked all the same"))
    later(30)
    services.send(outbound_id=row.id)
    row.refresh_from_db()
    assert (row.state, row.provider_message_id) == (State.SENT, "known-to-the-provider")


def test_a_provider_that_cannot_say_is_asked_again_before_anything_is_sent(
    queue: Queue, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = send_text()
    sandbox = providers.get("sandbox")
    with monkeypatch.context() as patched:
        provider_that(patched, after=True)
        with pytest.raises(Broken):
            queue.run()
    with monkeypatch.context() as patched:
        patched.setattr(sandbox, "find", lambda *_: 1 / 0)
        later(30)
        services.send(outbound_id=row.id)
        assert states() == [State.SENDING]
    later(60)
    services.send(outbound_id=row.id)
    assert states() == [State.SENT]
    assert len(reached_phones()) == 1


def test_a_withdrawal_during_the_crash_is_seen_before_the_second_attempt(
    queue: Queue, later: Later, monkeypatch: pytest.MonkeyPatch, stand_ins: Seen
) -> None:
    held = uuid.uuid4()
    send_text(hold_ref=held)
    with monkeypatch.context() as patched:
        provider_that(patched, before=True)
        with pytest.raises(Broken):
            queue.run()
    stand_ins.withdrawn.add(held)
    later(30)
    services.sweep()
    queue.run()
    assert states() == [State.SUPPRESSED]
    assert reached_phones() == []


def test_a_listener_that_fails_neither_loses_nor_doubles_the_text(
    queue: Queue, later: Later, stand_ins: Seen
) -> None:
    row = send_text()
    stand_ins.listener_fails = True
    with pytest.raises(RuntimeError, match="listener"):
        queue.run()
    stand_ins.listener_fails = False
    later(30)
    services.sweep()
    queue.run()
    assert stand_ins.progress == [(row.id, "sent")]
    assert len(reached_phones()) == 1


def test_everything_in_the_queue_is_lost(queue: Queue, later: Later) -> None:
    for n in range(20):
        send_text(cause=str(n), number=f"+86138000001{n:02}")
    queue.lose()
    later(10)
    services.sweep()
    queue.run()
    services.sweep()
    assert queue.waiting == []
    assert sorted(reached_phones()) == sorted(str(n) for n in range(20))


# ------------------------------------------------------------------ the ledger of STOP
def opt_out(number: str = NUMBER, word: str = "STOP") -> None:
    with transaction.atomic():
        services.opt_out(number_index=address(number).number_index, word=word)


def test_nothing_but_keyword_replies_goes_after_stop(queue: Queue) -> None:
    opt_out()
    opt_out(word="QUIT")  # saying it twice is no error
    for kind in ("answer", STOP, HELP, START):
        send_text(kind=kind, cause=kind)
    send_text(cause="other", number=OTHER)
    queue.run()
    assert reached_phones() == [STOP, HELP, START, "other"]
    assert OutboundMessage.objects.get(cause="answer").reason == Reason.OPTED_OUT


def test_start_restores(queue: Queue) -> None:
    opt_out()
    with transaction.atomic():
        services.opt_in(number_index=address().number_index, inbound_id=1)
    assert not selectors.is_opted_out(number_index=address().number_index)
    send_text()
    queue.run()
    assert states() == [State.SENT]


def test_a_text_waits_while_its_number_is_opting_out(queue: Queue) -> None:
    """Neither side waits for the other's lock; the text asks again and then sees the ledger."""
    locked, done = threading.Event(), threading.Event()

    def hold_open() -> None:
        with transaction.atomic():
            services.opt_out(number_index=address().number_index, word="STOP")
            locked.set()
            done.wait(30)
        connection.close()

    row = send_text()
    stopping = threading.Thread(target=hold_open)
    stopping.start()
    assert locked.wait(30)
    queue.waiting.clear()
    run_task("send", row.id)
    assert queue.waiting == [("send", (row.id, 1))]
    assert states() == [State.QUEUED]
    done.set()
    stopping.join()
    queue.run()
    assert states() == [State.SUPPRESSED]
    assert reached_phones() == []
