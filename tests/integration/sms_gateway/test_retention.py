"""Words go after a day or with the person; rows stay, so that a replay is known for ever."""

import psycopg
import pytest

from core.numbers import number_index
from sms_gateway import providers, selectors, services
from sms_gateway.models import InboundMessage, OutboundMessage, Problem, Reason, State
from tests.fakes.conversation import Seen
from tests.integration.sms_gateway.conftest import (
    NUMBER,
    OTHER,
    AsRole,
    Later,
    Queue,
    Text,
    address,
    report,
    send_text,
)

DAY = 24 * 3600


def test_words_go_a_day_after_they_were_handled(text: Text, queue: Queue, later: Later) -> None:
    text("TRIP")
    queue.run()
    later(DAY - 60)
    services.purge_bodies()
    assert InboundMessage.objects.get().body_sealed is not None
    later(DAY + 60)
    services.purge_bodies()
    assert InboundMessage.objects.get().body_sealed is None
    row = OutboundMessage.objects.get()
    assert (row.body_sealed, row.address_sealed) == (None, None)


def test_words_of_a_text_that_nobody_can_ask_about_go_after_a_day_too(
    queue: Queue, later: Later, monkeypatch: pytest.MonkeyPatch, as_role: AsRole
) -> None:
    """The provider took it or not, and cannot say: its body is kept no longer for that."""
    sandbox = providers.get("sandbox")
    monkeypatch.setattr(sandbox, "send", lambda *_: 1 / 0)
    monkeypatch.setattr(sandbox, "find", lambda *_: 1 / 0)
    row = send_text("Shanghai", cause="in doubt")
    queue.run()
    later(DAY - 60)
    services.sweep()
    queue.run()
    services.purge_bodies()
    row.refresh_from_db()
    assert (row.state, row.body_sealed is None) == (State.SENDING, False)
    later(DAY + 60)
    services.purge_bodies()
    row.refresh_from_db()
    assert (row.state, row.reason) == (State.FAILED, Reason.EXPIRED)
    assert (row.body_sealed, row.address_sealed) == (None, None)
    services.sweep()
    queue.run()
    report(as_role, "delivered", ref=row.ref)
    queue.run()
    row.refresh_from_db()
    assert row.state == State.DELIVERED, "what is proved later is still believed"


def test_words_of_a_text_that_was_never_tried_go_after_a_day_too(
    queue: Queue, later: Later
) -> None:
    row = send_text("Shanghai", cause="forgotten")
    queue.lose()
    later(DAY + 60)
    services.purge_bodies()
    row.refresh_from_db()
    assert (row.state, row.reason) == (State.SUPPRESSED, Reason.EXPIRED)
    assert (row.body_sealed, row.address_sealed) == (None, None)


def test_a_replay_is_known_after_the_words_are_gone(text: Text, queue: Queue, later: Later) -> None:
    text("TRIP", message_id="old")
    queue.run()
    later(30 * DAY)
    services.purge_bodies()
    assert text("TRIP", message_id="old") == 0
    assert queue.waiting == []


def test_what_is_not_handled_yet_keeps_its_words(text: Text, queue: Queue, later: Later) -> None:
    text("TRIP")
    queue.lose()
    later(3 * DAY)
    services.purge_bodies()
    services.sweep()
    queue.run()
    assert InboundMessage.objects.get().problem == ""


def test_a_number_can_be_texted_while_its_owner_is_not_erased(
    text: Text, queue: Queue, later: Later, superuser: psycopg.Connection
) -> None:
    inbound_id = text("TRIP")
    queue.run()
    later(2 * DAY)
    services.purge_bodies()
    found = selectors.address_of_inbound(inbound_id=inbound_id)
    assert found is not None
    assert found.number == NUMBER
    superuser.execute("DELETE FROM core_personkey")
    assert selectors.address_of_inbound(inbound_id=inbound_id) is None


def test_forgetting_a_number_stops_and_blanks_its_texts_only(text: Text, queue: Queue) -> None:
    text("TRIP")
    text("TRIP", number=OTHER)
    queue.run()
    send_text("Shanghai", cause="waiting")
    services.forget(number_index=address().number_index)
    send_text("You are erased.", cause="last word")
    queue.run()
    mine = number_index(NUMBER)
    for row in InboundMessage.objects.filter(number_index=mine):
        assert (row.body_sealed, row.sender_sealed) == (None, None)
    assert OutboundMessage.objects.get(cause="waiting").state == State.SUPPRESSED
    assert OutboundMessage.objects.get(cause="last word").state == State.SENT
    others = InboundMessage.objects.exclude(number_index=mine)
    assert [row.body_sealed is not None for row in others] == [True]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("forget_too", [True, False])
def test_a_stop_of_somebody_erased_meanwhile_is_handled_all_the_same(
    text: Text, queue: Queue, superuser: psycopg.Connection, stand_ins: Seen, forget_too: bool
) -> None:
    """Its words cannot be read: sealed under a key that is gone, or blanked as well."""
    stop, other = text("STOP"), text("TRIP")
    superuser.execute("DELETE FROM core_personkey")
    if forget_too:
        services.forget(number_index=number_index(NUMBER))
    queue.run()
    assert [(seen.id, seen.text) for seen in stand_ins.inbound] == [(stop, "STOP")]
    assert stand_ins.inbound[0].number_index == number_index(NUMBER)
    assert set(InboundMessage.objects.values_list("problem", flat=True)) == {Problem.ERASED}
    assert InboundMessage.objects.get(id=other).handled_at is not None
    assert OutboundMessage.objects.get().state == State.SUPPRESSED, "there is nobody to answer"


@pytest.mark.django_db(transaction=True)
def test_a_queued_text_of_somebody_erased_is_not_sent(
    queue: Queue, superuser: psycopg.Connection
) -> None:
    send_text("Shanghai")
    superuser.execute("DELETE FROM core_personkey")
    queue.run()
    row = OutboundMessage.objects.get()
    assert (row.state, row.reason) == (State.SUPPRESSED, "erased")


def test_what_operators_did_and_what_went_wrong_is_not_kept_for_ever(
    later: Later, superuser: psycopg.Connection, as_role: AsRole
) -> None:
    later(0)
    superuser.execute(
        "INSERT INTO sms_gateway_unclear (inbound_id, ref, number_index, key_id, received_at)"
        " VALUES (1, gen_random_uuid(), '\\x00', gen_random_uuid(), core.now())"
    )
    superuser.execute(
        "INSERT INTO sms_gateway_operatoract (id, what, target, by_ref, asked_at, done_at)"
        " VALUES (gen_random_uuid(), 'close', gen_random_uuid(), gen_random_uuid(), core.now(), %s)"
        ", (gen_random_uuid(), 'stop', gen_random_uuid(), gen_random_uuid(), core.now(), NULL)",
        [superuser.execute("SELECT core.now()").fetchone()[0]],  # type: ignore[index]
    )
    superuser.execute(
        "INSERT INTO sms_gateway_switch (provider, at, before, after, why)"
        " VALUES ('sandbox', core.now(), 100, 0, 'failing')"
    )
    superuser.execute(
        "INSERT INTO sms_gateway_incident (id, provider, why, opened_at, closed_at) VALUES"
        " (gen_random_uuid(), 'sandbox', 'slow', core.now(), core.now()),"
        " (gen_random_uuid(), 'sandbox', 'failing', core.now(), NULL)"
    )
    left = []
    for days in (13, 15, 89, 91, 365, 367):
        later(days * DAY)
        with as_role("worker"):
            services.purge_bodies()
        left.append(
            [
                superuser.execute(f"SELECT count(*) FROM sms_gateway_{table}").fetchone()[0]  # type: ignore[index]
                for table in ("unclear", "operatoract", "switch", "incident")
            ]
        )
    assert left == [
        [1, 2, 1, 2], [0, 2, 1, 2], [0, 2, 1, 2], [0, 1, 1, 2], [0, 1, 1, 2], [0, 1, 0, 1],
    ]  # fmt: skip
