"""A number in other hands: nothing of its old holder goes to the new one."""

from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest

from consent.models import Consent, Release
from core.numbers import number_index
from inquiry.models import Conversation
from sms_gateway.models import InboundMessage, OutboundMessage
from sms_gateway.services.handling import MAX_ATTEMPTS
from subscribers.models import Tenure
from tests.integration.consent.world import World
from tests.integration.inquiry.cases import says
from tests.integration.inquiry.talk import Service
from tests.integration.inquiry.test_ending import erase_code

pytestmark = pytest.mark.django_db(transaction=True)

Subscriber = Callable[..., str]


def hand_over(world: World, number: str) -> None:
    """The number is somebody else's from now on."""
    tenure = world.value(
        "UPDATE subscribers_tenure SET valid_to = core.now() WHERE msisdn_index = %s RETURNING id",
        number_index(number),
    )
    since = world.value("SELECT valid_to FROM subscribers_tenure WHERE id = %s", tenure)
    world.subscribe(number, since=since)


def contest(world: World, number: str) -> None:
    """The feed names somebody else for the number as well."""
    world.superuser.execute(
        "UPDATE subscribers_tenure SET contested_from = core.now() - interval '1 hour'"
        " WHERE msisdn_index = %s",
        [number_index(number)],
    )


def unsent() -> list[tuple[str, str]]:
    rows = OutboundMessage.objects.exclude(state__in=["sent", "delivered"]).order_by("id")
    return list(rows.values_list("state", "reason"))


@pytest.mark.parametrize("word", ["LOG", "LIST", "TRIP", "DROP 1", "NO"])
def test_a_reply_that_waits_across_a_handover_is_not_sent(
    service: Service, subscriber: Subscriber, world: World, word: str
) -> None:
    number = subscriber("330100")
    service.agree(number)
    service.receive(number, word)
    service.run_only("handle")
    hand_over(world, number)
    service.work()
    service.sweep_later()
    assert service.arrived(number) == []
    assert set(unsent()) <= {("suppressed", "withdrawn")}
    assert says(service.reply(number, "TRIP"), "notice.self")


def test_a_claim_that_waits_across_a_handover_is_answered_to_nobody(
    service: Service, subscriber: Subscriber, world: World
) -> None:
    number = subscriber("330100")
    code = service.code(number)
    service.receive(number, f"OK {code}")
    service.run_only("handle")
    hand_over(world, number)
    service.work()
    service.sweep_later()
    assert Release.objects.get().reason == "tenure_ended"
    assert service.arrived(number) == []
    assert not OutboundMessage.objects.filter(cause__startswith="release:").exists()


@pytest.mark.parametrize("word", ["TRIP", "OK {code}", "LOG", "MORE", "HELP", "hello"])
def test_a_text_of_the_old_holder_is_not_answered_to_the_new_one(
    service: Service, subscriber: Subscriber, world: World, word: str
) -> None:
    """It came before the handover and is handled after it."""
    number = subscriber("330100")
    service.receive(number, word.format(code=service.code(number)))
    hand_over(world, number)
    service.work()
    assert service.arrived(number) == []
    assert InboundMessage.objects.filter(handled_at=None).count() == 0
    assert not Release.objects.exists()
    assert says(service.reply(number, "LOG"), "log.none")


def test_a_stop_of_the_old_holder_counts_all_the_same(
    service: Service, subscriber: Subscriber, world: World
) -> None:
    number = subscriber("330100")
    service.agree(number)
    service.receive(number, "STOP")
    hand_over(world, number)
    service.work()
    assert Consent.objects.get().state == "withdrawn"
    assert says(service.arrived(number)[0], "stop.done")
    assert service.say(number, "TRIP") == []


def test_while_two_are_named_nothing_is_told_but_everything_can_be_ended(
    service: Service, subscriber: Subscriber, world: World
) -> None:
    number = subscriber("330100")
    service.agree(number)
    code = erase_code(service, number)
    contest(world, number)
    for word in ("TRIP", "LOG", "LIST", "MORE", "OK 482913"):
        assert says(service.reply(number, word), "other.contested"), word
    assert says(service.reply(number, "HELP"), "help.all")
    assert says(service.reply(number, "DROP 1"), "drop.no_list")
    assert says(service.reply(number, "NO"), "refuse.none_open")
    assert Release.objects.count() == 1
    assert says(service.reply(number, f"ERASE {code}"), "erase.done")
    assert Consent.objects.get().state == "withdrawn"
    assert says(service.reply(number, "STOP"), "stop.done")


def test_an_answer_on_its_way_is_not_sent_when_two_are_named(
    service: Service, subscriber: Subscriber, world: World
) -> None:
    number = subscriber("330100")
    code = service.code(number)
    service.receive(number, f"OK {code}")
    service.run_only("handle", "answer")
    assert Release.objects.get().state == "released"
    contest(world, number)
    service.work()
    assert service.arrived(number) == []
    assert unsent() == [("suppressed", "withdrawn")]


def test_the_rest_of_an_answer_is_not_the_new_holders(
    service: Service, subscriber: Subscriber, world: World
) -> None:
    number = subscriber("330100")
    service.agree(number)
    hand_over(world, number)
    assert says(service.reply(number, "MORE"), "answer.nothing_more")
    assert not Conversation.objects.filter(more_sealed__isnull=False).exists()


def test_a_first_text_during_a_load_waits_and_is_answered_after_it(
    service: Service, superuser: psycopg.Connection
) -> None:
    """However long the load takes: the wait is no failed attempt."""
    number = "+8613700000009"
    service.receive(number, "TRIP")
    with superuser.transaction():
        superuser.execute("SELECT gate.lock_holders(1, %s)", [number_index(number)])
        service.work()
        for _ in range(MAX_ATTEMPTS + 1):
            InboundMessage.objects.update(enqueued_at=service.now() - timedelta(minutes=1))
            InboundMessage.objects.update(due_at=service.now())
            service.sweep()
        assert not Tenure.objects.exists()
        waiting = InboundMessage.objects.get()
        assert (waiting.handled_at, waiting.attempts) == (None, 0)
        assert waiting.due_at > service.now()
    service.retry_texts()
    (notice,) = service.arrived(number)
    assert says(notice, "notice.self")
