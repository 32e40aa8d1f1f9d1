"""TRIP, OK, NO, and the answer: what leaves the gate, when, and what the log says."""

import base64
import hmac
import itertools
import json
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from consent.models import Consent, Release
from core import catalogue, person_keys
from core.segments import count
from inquiry import answers
from inquiry.models import Conversation
from sms_gateway.models import OutboundMessage
from subscribers.models import Tenure
from tests.integration.consent.world import World
from tests.integration.inquiry.cases import says
from tests.integration.inquiry.conftest import stay
from tests.integration.inquiry.talk import Service
from verification.services.answering import Progress

pytestmark = pytest.mark.django_db(transaction=True)

Subscriber = Callable[..., str]
MANY = [f"X{n:02d}" for n in range(14)]


@pytest.fixture
def many_cities(world: World) -> list[str]:
    """Enough long names to fill more than four segments."""
    for code in MANY:
        world.superuser.execute(
            "INSERT INTO signaling_city (code, name, name_zh, country, admin1)"
            " VALUES (%s, %s, %s, 'TH', '')",
            [code, f"Town with a very long and sonorous name {code}", f"名字很长的地方{code}"],
        )
    return MANY


def test_from_trip_to_the_answer(service: Service, subscriber: Subscriber, today: date) -> None:
    number = subscriber("330100", "310000|320500", "TH")
    notice = service.reply(number, "TRIP")
    assert says(notice, "notice.self")
    assert count(notice).count <= 3
    answer = service.reply(number, f"ok {notice[-6:-3]} {notice[-3:]}")
    days = [catalogue.format_day("en", today - timedelta(days=n)) for n in range(1, 4)]
    lines = answer.splitlines()
    assert lines[1:4] == [
        f"Hangzhou: {days[0]}",
        f"Shanghai or Suzhou: {days[1]}",
        f"Thailand: {days[2]}",
    ]
    assert f"Data through {days[0]}; data on 14 of 14 days." in lines
    assert says(lines[-1], "answer.foot")


def test_in_chinese_from_the_first_word_on(service: Service, subscriber: Subscriber) -> None:
    number = subscriber("330100", "310000|320500", "TH-1609350")
    answer = service.reply(number, f"同意{service.code(number, '查询漫游地')}")
    assert [line.split("：")[0] for line in answer.splitlines()[1:4]] == [
        "杭州",
        "上海或苏州",
        "泰国曼谷",
    ]


def test_with_a_live_consent_trip_is_answered_at_once(
    service: Service, subscriber: Subscriber
) -> None:
    number = subscriber("330100")
    first = service.agree(number)
    second = service.reply(number, "TRIP")
    assert first.splitlines()[:-1] == second.splitlines()[:-1]
    assert first.splitlines()[-1] != second.splitlines()[-1], "each look-up has its own reference"
    assert Release.objects.count() == 2


def test_nothing_before_ok_and_the_log_before_the_answer(
    service: Service, subscriber: Subscriber, world: World
) -> None:
    number = subscriber("330100")
    code = service.code(number)
    assert world.bodies("access.claimed") == []
    service.receive(number, f"OK {code}")
    service.work(sequencing=False)
    assert len(world.bodies("access.claimed")) == 1
    assert world.bodies("access.fetched") == []
    assert service.arrived(number) == []
    world.sequence()
    service.sweep_later()
    assert says(service.arrived(number)[0].splitlines()[0], "answer.head")
    consent = [
        event
        for (event,) in world.superuser.execute(
            "SELECT event FROM audit_entry WHERE consent_id IS NOT NULL ORDER BY id"
        )
    ]
    assert consent == [
        "consent.requested",
        "consent.notice_sent",
        "consent.notice_delivered",
        "consent.granted",
        "access.claimed",
        "access.fetched",
        "access.released",
        "access.delivered",
    ]


def test_no_data_is_said_with_the_same_words_to_everybody(
    service: Service, subscriber: Subscriber
) -> None:
    without_data = subscriber(days_with_data=0)
    stranger = "+8613700000009"
    assert service.agree(without_data) == service.agree(stranger)


def test_nothing_found_is_not_no_data(service: Service, subscriber: Subscriber) -> None:
    answer = service.agree(subscriber(days_with_data=9))
    assert "No stay of 4 hours or more was found." in answer
    assert "data on 9 of 14 days" in answer


def test_three_wrong_codes_close_the_question(service: Service, subscriber: Subscriber) -> None:
    number = subscriber("330100")
    code = service.code(number)
    wrong = f"OK {(int(code) + 1) % 1_000_000:06d}"
    keys = ["grant.wrong_code", "grant.wrong_code", "grant.too_many", "grant.none_open"]
    assert [says(service.reply(number, wrong), key) for key in keys] == [True] * 4
    assert says(service.reply(number, f"OK {code}"), "grant.expired")
    assert not Release.objects.exists()


@pytest.mark.parametrize(("late", "key"), [(-1, "answer.head"), (0, "grant.expired")])
def test_a_code_lives_thirty_minutes(
    service: Service,
    subscriber: Subscriber,
    freeze_database: Callable[[datetime], None],
    late: int,
    key: str,
) -> None:
    number = subscriber("330100")
    asked = service.now()
    freeze_database(asked)
    code = service.code(number)
    freeze_database(asked + timedelta(minutes=30, seconds=late))
    reply = service.reply(number, f"OK {code}")
    assert says(reply.splitlines()[0], key)


def test_another_numbers_code_is_worth_nothing(service: Service, subscriber: Subscriber) -> None:
    mine, theirs = subscriber("330100"), subscriber("310000")
    codes = [service.code(mine), service.code(theirs)]
    while codes[0] == codes[1]:  # one in a million
        codes[1] = service.code(theirs)
    assert says(service.reply(mine, f"OK {codes[1]}"), "grant.wrong_code")
    assert "Hangzhou" in service.reply(mine, f"OK {codes[0]}")


def test_an_answer_waits_for_fresh_subscriptions_and_says_so_once(
    service: Service, subscriber: Subscriber, world: World
) -> None:
    number = subscriber("330100")
    world.refresh("subscriptions", service.now() - timedelta(hours=25))
    assert says(service.agree(number), "answer.waits_for_subscriptions")
    service.sweep_later()
    service.sweep_later()
    assert service.arrived(number) == []
    world.refresh("subscriptions")
    service.sweep_later()
    (answer,) = service.arrived(number)
    assert "Hangzhou" in answer


def test_the_feed_says_through_when_there_is_data(
    service: Service, subscriber: Subscriber, world: World, today: date
) -> None:
    number = subscriber(days_with_data=14)
    through = today - timedelta(days=4)
    world.superuser.execute(
        "INSERT INTO core_feed (name, refreshed_at, data_through) VALUES ('events', now(), %s)",
        [through],
    )
    assert f"Data through {catalogue.format_day('en', through)};" in service.agree(number)


def test_a_long_answer_goes_on_with_more(
    service: Service, subscriber: Subscriber, many_cities: list[str]
) -> None:
    number = subscriber(*many_cities)
    pages = [service.agree(number)]
    while pages[-1].endswith(catalogue.render("en", "answer.more")):
        pages.append(service.reply(number, "MORE"))
    assert len(pages) > 1
    assert all(count(page).count <= 4 for page in pages)
    assert [code for page in pages for code in many_cities if code in page] == many_cities
    assert says(service.reply(number, "MORE"), "answer.nothing_more")
    assert Release.objects.count() == 1, "the rest belongs to the same access"


def test_the_rest_is_sealed_and_kept_an_hour(
    service: Service, subscriber: Subscriber, many_cities: list[str]
) -> None:
    number = subscriber(*many_cities)
    service.agree(number)
    talk = Conversation.objects.get()
    assert talk.more_sealed is not None
    assert talk.more_until is not None
    assert b"Town" not in bytes(talk.more_sealed)
    Conversation.objects.update(more_until=talk.more_until - timedelta(hours=1))
    assert says(service.reply(number, "MORE"), "answer.nothing_more")
    service.sweep()
    assert Conversation.objects.get().more_sealed is None


def test_more_ends_with_the_consent(
    service: Service, subscriber: Subscriber, many_cities: list[str]
) -> None:
    number = subscriber(*many_cities)
    code = service.code(number)
    service.reply(number, f"OK {code}")
    assert says(service.reply(number, f"NO {code}"), "refuse.withdrawn")
    assert says(service.reply(number, "MORE"), "answer.nothing_more")


def test_what_was_committed_to_is_what_was_sent(
    service: Service, subscriber: Subscriber, many_cities: list[str], world: World
) -> None:
    """The log's commitment opens to the pages, with the key that only the person's key opens."""
    number = subscriber(*many_cities)
    pages = [service.agree(number)]
    while pages[-1].endswith(catalogue.render("en", "answer.more")):
        pages.append(service.reply(number, "MORE"))
    (body,) = world.bodies("access.released")
    enc = body["enc"]
    assert isinstance(enc, dict)
    key = person_keys.get(uuid.UUID(enc["key_id"]))
    assert key is not None
    tenure = Tenure.objects.only("subject_ref").get()
    opened = key.unseal(base64.b64decode(enc["ct"]), f"{tenure.subject_ref}|{body['entry_uuid']}")
    secret = base64.b64decode(json.loads(opened)["commitment_key"])
    digest = hmac.digest(secret, "\n\n".join(pages).encode(), "sha256")
    assert digest.hex() == body["payload_commitment"]


def test_a_withdrawal_before_the_answer_leaves_stops_it(
    service: Service, subscriber: Subscriber
) -> None:
    number = subscriber("330100")
    code = service.code(number)
    service.receive(number, f"OK {code}")
    service.work(sequencing=False)
    replies = service.say(number, "STOP")
    assert len(replies) == 1
    assert says(replies[0], "stop.done")
    service.sweep_later()
    assert service.arrived(number) == []
    assert Release.objects.get().state == "denied"
    assert Consent.objects.get().uses == 0


def test_a_withdrawal_after_the_release_stops_what_is_not_sent(
    service: Service, subscriber: Subscriber
) -> None:
    number = subscriber("330100")
    code = service.code(number)
    service.receive(number, f"OK {code}")
    service.run_only("handle", "answer")
    assert Release.objects.get().state == "released"
    assert not OutboundMessage.objects.filter(kind="answer").exclude(state="queued").exists()
    service.queue.waiting.clear()
    service.say(number, f"NO {code}")
    service.sweep_later()
    assert OutboundMessage.objects.get(kind="answer").state == "suppressed"


def test_lost_tasks_are_found_and_repeated_tasks_change_nothing(
    service: Service, subscriber: Subscriber
) -> None:
    number = subscriber("330100")
    code = service.code(number)
    service.receive(number, f"OK {code}")
    service.run_only("handle")
    service.queue.waiting.clear()  # Redis was flushed
    service.world.sequence()
    service.sweep_later()
    (answer,) = service.arrived(number)
    assert "Hangzhou" in answer
    release = Release.objects.get()
    assert answers.answer(release.id) is Progress.DONE
    service.sweep_later()
    assert service.arrived(number) == []
    assert Consent.objects.get().uses == 1


def test_a_crash_between_fetch_and_queue_undoes_both(
    service: Service, subscriber: Subscriber, monkeypatch: pytest.MonkeyPatch, world: World
) -> None:
    number = subscriber("330100")
    code = service.code(number)
    service.receive(number, f"OK {code}")
    service.run_only("handle")
    world.sequence()

    def crash(**_: object) -> int:
        raise RuntimeError("the worker was killed")

    with monkeypatch.context() as patch:
        patch.setattr(answers, "queue", crash)
        with pytest.raises(RuntimeError, match="killed"):
            answers.answer(Release.objects.get().id)
    assert world.bodies("access.fetched") == world.bodies("access.released") == []
    service.queue.waiting.clear()
    service.sweep_later()
    assert len(service.arrived(number)) == 1
    assert len(world.bodies("access.released")) == 1


def test_an_answer_after_midnight_has_no_day_that_has_left_the_window(
    service: Service, world: World, freeze_database: Callable[[datetime], None]
) -> None:
    """It says which days it is about, and does not say "no data" of the one that has left."""
    midnight = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
    freeze_database(midnight - timedelta(seconds=1))
    world.refresh("subscriptions")
    number = world.number()
    world.journey(world.subscribe(number), city="330100")  # the window's first day and its last
    code = service.code(number)
    service.receive(number, f"OK {code}")
    service.run_only("handle")
    freeze_database(midnight + timedelta(seconds=10))
    service.work()
    (answer,) = service.arrived(number)
    head, *lines = answer.splitlines()
    assert head.endswith("10-22 Nov")
    assert lines[:2] == ["Hangzhou: 22 Nov", "Data through 22 Nov; data on 1 of 13 days."]
    assert "9 Nov" not in answer


def test_an_answer_that_takes_long_is_announced_once(
    service: Service, subscriber: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = subscriber("330100")
    code = service.code(number)
    monkeypatch.setattr(answers, "WORTH_TELLING", timedelta(0))
    service.receive(number, f"OK {code}")
    service.work(sequencing=False)
    service.sweep_later(sequencing=False)
    (follows,) = service.arrived(number)
    assert says(follows, "answer.follows")
    service.sweep_later()
    assert len(service.arrived(number)) == 1


def test_a_claim_that_nobody_could_answer_in_a_day_is_told(
    service: Service, subscriber: Subscriber, freeze_database: Callable[[datetime], None]
) -> None:
    number = subscriber("330100")
    code = service.code(number)
    service.receive(number, f"OK {code}")
    service.run_only("handle")
    service.queue.waiting.clear()
    freeze_database(service.now() + timedelta(hours=24))
    service.sweep_later()
    (told,) = service.arrived(number)
    assert says(told, "answer.too_late")
    assert Consent.objects.get().uses == 0


def test_the_person_is_answered_although_the_journey_changes_meanwhile(
    service: Service, subscriber: Subscriber, world: World, today: date
) -> None:
    """Each look-up sees the store as it is then."""
    number = subscriber("330100")
    first = service.agree(number)
    tenure = world.value("SELECT id FROM subscribers_tenure")
    stay(world, tenure, today - timedelta(days=3), "310000")
    second = service.reply(number, "TRIP")
    assert "Shanghai" not in first
    assert "Shanghai" in second


def test_nothing_personal_is_in_a_task(service: Service, subscriber: Subscriber) -> None:
    number = subscriber("330100")
    seen = service.queue.seen
    service.agree(number)
    arguments = list(itertools.chain.from_iterable(args for _, args in seen))
    assert arguments
    for argument in arguments:
        assert isinstance(argument, int) or uuid.UUID(argument)
        assert number.removeprefix("+") not in str(argument)
