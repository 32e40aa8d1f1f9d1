"""Words go after a day or with the person; rows stay, so that a replay is known for ever."""

import psycopg
import pytest

from core.numbers import number_index
from sms_gateway import selectors, services
from sms_gateway.models import InboundMessage, OutboundMessage, State
from tests.integration.sms_gateway.conftest import (
    NUMBER,
    OTHER,
    Later,
    Queue,
    Text,
    address,
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
def test_a_queued_text_of_somebody_erased_is_not_sent(
    queue: Queue, superuser: psycopg.Connection
) -> None:
    send_text("Shanghai")
    superuser.execute("DELETE FROM core_personkey")
    queue.run()
    row = OutboundMessage.objects.get()
    assert (row.state, row.reason) == (State.SUPPRESSED, "erased")
