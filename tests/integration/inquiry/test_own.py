"""LIST, DROP, LOG and LANG: what a person sees and ends of their own."""

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from audit.models import Entry
from consent.models import Consent
from core import catalogue, clock
from inquiry.models import Conversation
from subscribers.models import Tenure
from tests.integration.consent.world import World
from tests.integration.inquiry.cases import says
from tests.integration.inquiry.talk import Service

pytestmark = pytest.mark.django_db(transaction=True)

Subscriber = Callable[..., str]
ZONE = ZoneInfo("Asia/Shanghai")


def test_the_list_and_dropping_from_it(service: Service, subscriber: Subscriber) -> None:
    number = subscriber("330100")
    service.agree(number)
    until = Consent.objects.get().valid_until
    assert until is not None
    day = catalogue.format_day("en", clock.local_day(until, ZONE))
    assert service.reply(number, "LIST").splitlines() == [
        "You agreed to:",
        f"1. answers to your own TRIP, until {day}",
        catalogue.render("en", "list.foot"),
    ]
    assert says(service.reply(number, "DROP 2"), "drop.not_listed")
    assert says(service.reply(number, "DROP 0"), "drop.not_listed")
    assert says(service.reply(number, "drop1"), "drop.done")
    assert Consent.objects.get().state == "withdrawn"
    assert says(service.reply(number, "DROP 1"), "drop.over")
    assert says(service.reply(number, "TRIP"), "notice.self")


def test_the_numbers_of_a_list_hold_for_an_hour(service: Service, subscriber: Subscriber) -> None:
    number = subscriber("330100")
    service.agree(number)
    service.say(number, "LIST")
    an_hour_later(Conversation.objects.get())
    assert says(service.reply(number, "DROP 1"), "drop.no_list")
    assert Consent.objects.get().state == "granted"


def test_one_persons_numbers_are_not_anothers(service: Service, subscriber: Subscriber) -> None:
    mine, theirs = subscriber("330100"), subscriber("310000")
    service.agree(mine)
    service.agree(theirs)
    service.say(theirs, "LIST")
    assert says(service.reply(mine, "DROP 1"), "drop.no_list")
    listed = Conversation.objects.exclude(numbered={}).get()
    # Even with a list that is somebody else's, the gate refuses.
    own = Tenure.objects.only("id").exclude(id=listed.tenure_id).get()
    Conversation.objects.update_or_create(
        tenure_id=own.id,
        defaults={"numbered": listed.numbered},
    )
    assert says(service.reply(mine, "DROP 1"), "drop.over")
    assert set(Consent.objects.values_list("state", flat=True)) == {"granted"}


def an_hour_later(talk: Conversation) -> None:
    """All lists were shown an hour ago."""
    for shown in talk.numbered.values():
        until = datetime.fromisoformat(shown["until"]) - timedelta(hours=1)
        shown["until"] = until.isoformat()
    talk.save()


def test_the_log_says_when_who_what_and_the_result(
    service: Service, subscriber: Subscriber
) -> None:
    number = subscriber("330100")
    for _ in range(2):
        service.agree(number)
        service.say(number, "STOP")
        service.say(number, "START")
    head, *lines, foot = service.reply(number, "LOG").splitlines()
    assert head == catalogue.render("en", "log.head")
    assert foot == catalogue.render("en", "log.foot")
    assert len(lines) == 2
    line = r"[12]\. \d+ \w{3} \d\d:\d\d you, TRIP: delivered"
    assert all(re.fullmatch(line, one) for one in lines)


def test_refused_look_ups_are_in_the_log(service: Service) -> None:
    stranger = "+8613700000009"
    service.agree(stranger)
    assert service.reply(stranger, "LOG").splitlines()[1].endswith("you, TRIP: not given")


def test_at_most_five_lines_in_any_language(service: Service, subscriber: Subscriber) -> None:
    number = subscriber("330100")
    service.agree(number, "行程")
    for _ in range(6):
        service.say(number, "行程")
    lines = service.reply(number, "记录").splitlines()
    assert len(lines) == 1 + 5 + 1
    assert all(line.endswith("您本人，行程：已送达") for line in lines[1:-1])


def test_looking_at_the_log_is_in_the_log_before_it_is_shown(
    service: Service, subscriber: Subscriber
) -> None:
    number = subscriber("330100")
    service.agree(number)
    service.receive(number, "LOG")
    service.work(sequencing=False)
    assert service.arrived(number) == []
    entry = Entry.objects.get(event="subject.viewed_log")
    tenure = Tenure.objects.only("subject_ref").get()
    assert entry.subject_ref == tenure.subject_ref
    assert number not in json.dumps(entry.content)
    service.world.sequence()
    service.sweep_later()
    assert len(service.arrived(number)) == 1


def test_nobody_sees_the_log_of_the_holder_before(
    service: Service, subscriber: Subscriber, world: World
) -> None:
    number = subscriber("330100")
    service.agree(number)
    service.say(number, "LANG zh")
    tenure = world.value("SELECT id FROM subscribers_tenure")
    world.superuser.execute(
        "UPDATE subscribers_tenure SET valid_to = core.now() WHERE id = %s", [tenure]
    )
    world.subscribe(number, since=service.now())
    assert says(service.reply(number, "LOG"), "log.none")
    assert says(service.reply(number, "LIST"), "list.none")
    assert says(service.reply(number, "TRIP"), "notice.self")


def test_language_by_first_text_by_lang_and_for_good(
    service: Service, subscriber: Subscriber
) -> None:
    number = subscriber("330100")
    assert says(service.reply(number, "行程"), "notice.self", "zh")
    assert says(service.reply(number, "HELP"), "help.all", "zh")
    assert says(service.reply(number, "lang EN"), "lang.done", "en")
    assert says(service.reply(number, "帮助"), "help.all", "en")
    assert says(service.reply(number, "LANG"), "lang.which", "en")
    assert says(service.reply(number, "中文"), "lang.done", "zh")
    assert says(service.reply(number, "TRIP"), "notice.self", "zh")


def test_the_first_text_that_shows_a_language_decides(
    service: Service, subscriber: Subscriber
) -> None:
    number = subscriber("330100")
    assert says(service.reply(number, "👍"), "other.hint", "en")
    assert says(service.reply(number, "你好"), "other.hint", "zh")
    assert says(service.reply(number, "HELP"), "help.all", "zh")


def test_dropping_waits_for_no_answer_on_its_way(
    service: Service, subscriber: Subscriber, world: World
) -> None:
    """An answer locks its consent, then the conversation: whoever withdraws must not do it the
    other way round."""
    number = subscriber("330100")
    service.agree(number)
    service.say(number, "LIST")
    with world.superuser.transaction():
        world.superuser.execute("SELECT FROM inquiry_conversation FOR UPDATE")
        service.receive(number, "DROP 1")
        service.work()
        assert Consent.objects.get().state == "withdrawn"


def test_words_of_another_language_work(service: Service, subscriber: Subscriber) -> None:
    number = subscriber("330100")
    code = service.code(number)
    assert "Hangzhou" in service.reply(number, f"同意 {code}")
    assert says(service.reply(number, "授权").splitlines()[-1], "list.foot")
    assert says(service.reply(number, "撤销1"), "drop.done")
