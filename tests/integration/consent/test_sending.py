"""The gateway's own sending against a withdrawal: whichever comes first, the other knows."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from consent import services
from sms_gateway.messages import Address
from sms_gateway.models import OutboundMessage
from sms_gateway.services import queue, send
from tests.integration.consent.world import Person, World

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = 40


def queued(world: World, person: Person) -> int:
    """An answer that waits to be sent, held by the consent."""
    return queue(
        to=Address(person.number, person.index),
        body="an answer",
        kind="answer",
        cause=f"test:{person.consent}",
        hold_ref=person.consent,
    )


def test_what_is_withdrawn_is_not_sent(world: World) -> None:
    person = world.agreed(world.person(subscribed=False))
    outbound = queued(world, person)
    world.stop(person)
    send(outbound_id=outbound)
    row = OutboundMessage.objects.get(id=outbound)
    assert (row.state, row.reason) == ("suppressed", "withdrawn")


def test_a_notice_may_go_while_its_code_lives(world: World) -> None:
    person = world.person(subscribed=False)
    world.ask(person)
    outbound = queued(world, person)
    send(outbound_id=outbound)
    assert OutboundMessage.objects.get(id=outbound).state in ("sent", "delivered")


def test_sending_and_stopping_at_once(world: World) -> None:
    """`sending` is marked before the consent ended, or not at all."""
    people = [world.agreed(world.person(subscribed=False)) for _ in range(PEOPLE)]
    rows = {person.number: queued(world, person) for person in people}
    stops = {person.number: world.text(person.number, "STOP") for person in people}

    def at_once(person: Person) -> None:
        start = threading.Barrier(2)

        def sending() -> None:
            start.wait(timeout=30)
            send(outbound_id=rows[person.number])
            connection.close()

        def stopping() -> None:
            start.wait(timeout=30)
            services.withdraw_all(inbound=stops[person.number])
            connection.close()

        with ThreadPoolExecutor(2) as pair:
            for work in [pair.submit(sending), pair.submit(stopping)]:
                work.result(timeout=60)

    for person in people:
        at_once(person)
    outcomes = world.superuser.execute(
        "SELECT o.state, o.sending_at < c.ended_at FROM sms_gateway_outboundmessage o"
        " JOIN consent_consent c ON c.id = o.hold_ref WHERE c.state = 'withdrawn'"
    ).fetchall()
    assert len(outcomes) == PEOPLE
    assert set(outcomes) <= {
        ("sending", True),
        ("sent", True),
        ("delivered", True),
        ("suppressed", None),
    }
