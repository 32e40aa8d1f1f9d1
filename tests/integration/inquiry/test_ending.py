"""STOP, START and ERASE."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import psycopg
import pytest
import redis

from consent.models import Consent, Release
from core import limits as core_limits
from core.models import PersonKey
from core.numbers import number_index
from inquiry import limits
from inquiry.flows import ending
from inquiry.models import Conversation
from sms_gateway.models import InboundMessage, OutboundMessage
from sms_gateway.selectors import is_opted_out
from subscribers.models import Tenure
from tests.integration.consent.world import World
from tests.integration.inquiry.cases import says
from tests.integration.inquiry.talk import Service

pytestmark = pytest.mark.django_db(transaction=True)

Subscriber = Callable[..., str]


def erase_code(service: Service, number: str) -> str:
    asked = service.reply(number, "ERASE")
    assert says(asked, "erase.ask")
    found = re.search(r"ERASE (\d{6})", asked)
    assert found is not None
    return found[1]


def test_after_stop_there_is_silence_until_start(service: Service, subscriber: Subscriber) -> None:
    number = subscriber("330100")
    code = service.code(number)
    assert says(service.reply(number, "STOP"), "stop.done")
    for word in ("TRIP", f"OK {code}", "LOG", "LIST", "ERASE", "NO", "👍", "STOP", "YES"):
        assert service.say(number, word) == [], word
    assert says(service.reply(number, "HELP"), "help.all")
    assert says(service.reply(number, "START"), "start.done")
    assert says(service.reply(number, f"OK {code}"), "grant.expired")
    assert says(service.reply(number, "LIST"), "list.none")


def test_a_start_that_is_handled_late_does_not_undo_a_later_stop(
    service: Service, subscriber: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = subscriber("330100")
    service.say(number, "STOP")
    with monkeypatch.context() as patch:
        patch.setattr(ending, "opt_in", lambda **_: 1 / 0)
        assert service.say(number, "START") == []
    assert service.say(number, "STOP") == [], "it is still stopped, and that was confirmed"
    service.retry_texts()
    assert InboundMessage.objects.filter(handled_at=None).count() == 0
    assert service.arrived(number) == []
    assert service.say(number, "TRIP") == []
    assert says(service.reply(number, "START"), "start.done")


def test_a_stop_that_is_handled_late_ends_consents_but_not_the_later_start(
    service: Service, subscriber: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = subscriber("330100")
    service.agree(number)
    with monkeypatch.context() as patch:
        patch.setattr(ending, "opt_out", lambda **_: 1 / 0)
        assert service.say(number, "STOP") == []
    assert says(service.reply(number, "START"), "start.running")
    service.retry_texts()
    assert Consent.objects.get().state == "withdrawn"
    assert service.arrived(number) == [], "not that we will text no more: we shall"
    assert says(service.reply(number, "TRIP"), "notice.self")


def test_stop_ends_every_consent(service: Service, subscriber: Subscriber) -> None:
    number = subscriber("330100")
    service.agree(number)
    service.say(number, "取消行程")
    assert Consent.objects.get().state == "withdrawn"
    service.say(number, "START")
    assert says(service.reply(number, "TRIP"), "notice.self"), "what was ended stays ended"


def test_stop_waits_for_nobody(
    service: Service, subscriber: Subscriber, superuser: psycopg.Connection
) -> None:
    """Not for somebody who loads subscriptions, not for the log's sequencer."""
    number = subscriber("330100")
    service.agree(number)
    service.receive(number, "STOP")
    with superuser.transaction():
        superuser.execute("SELECT FROM subscribers_tenure FOR UPDATE")
        superuser.execute("SELECT gate.lock_holders(1, %s)", [number_index(number)])
        service.work(sequencing=False)
        assert Consent.objects.get().state == "withdrawn"
        assert OutboundMessage.objects.get(kind="stop").state == "sent"


def test_erase_leaves_nothing_that_can_be_read(
    service: Service, subscriber: Subscriber, world: World
) -> None:
    number = subscriber("330100", "310000")
    service.agree(number)
    before = Tenure.objects.only("id", "key_id").get()
    assert says(service.reply(number, f"ERASE {erase_code(service, number)}"), "erase.done")
    assert not Conversation.objects.exists()
    assert before.key_id is not None
    assert not PersonKey.objects.filter(id=before.key_id).exists()
    assert not Tenure.objects.filter(id=before.id).exists()
    assert world.value("SELECT count(*) FROM signaling_staypoint") == 0
    assert world.value("SELECT count(*) FROM signaling_coverage") == 0
    assert not InboundMessage.objects.filter(body_sealed__isnull=False).exists()
    assert not OutboundMessage.objects.filter(body_sealed__isnull=False).exists()
    held = OutboundMessage.objects.filter(address_sealed__isnull=False)
    assert [row.cause for row in held] == [f"inbound:{InboundMessage.objects.latest('id').id}"], (
        "the last text only"
    )
    assert Consent.objects.get().state == "withdrawn"
    assert world.bodies("erasure.done")


def test_after_erase_a_person_is_a_stranger(service: Service, subscriber: Subscriber) -> None:
    number = subscriber("330100")
    service.agree(number, "行程")
    service.say(number, "LANG en")
    service.say(number, f"ERASE {erase_code(service, number)}")
    assert says(service.reply(number, "LOG"), "log.none")
    assert says(service.reply(number, "LIST"), "list.none")
    assert says(service.agree(number), "answer.no_data")


def test_erasing_while_an_answer_is_on_its_way_stops_it(
    service: Service, subscriber: Subscriber
) -> None:
    number = subscriber("330100")
    erase = erase_code(service, number)
    code = service.code(number)
    service.receive(number, f"OK {code}")
    service.run_only("handle")
    service.receive(number, f"ERASE {erase}")
    service.run_only("handle")
    service.work()
    (last,) = service.arrived(number)
    assert says(last, "erase.done")
    service.sweep_later()
    assert service.arrived(number) == []
    assert Release.objects.get().state == "denied"


def test_a_stop_that_waits_while_everything_is_erased_still_stops(
    service: Service, subscriber: Subscriber
) -> None:
    number = subscriber("330100")
    code = erase_code(service, number)
    service.receive(number, f"ERASE {code}")
    service.receive(number, "STOP")
    service.work()
    (last,) = service.arrived(number)
    assert says(last, "erase.done")
    assert service.say(number, "TRIP") == []
    assert says(service.reply(number, "START"), "start.done")


def test_a_stop_put_aside_before_everything_was_erased_ends_what_came_after_too(
    service: Service, subscriber: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = subscriber("330100")
    code = erase_code(service, number)
    with monkeypatch.context() as patch:
        patch.setattr(ending, "opt_out", lambda **_: 1 / 0)
        assert service.say(number, "STOP") == []
    assert says(service.reply(number, f"ERASE {code}"), "erase.done")
    service.agree(number)
    service.retry_texts()
    assert is_opted_out(number_index=number_index(number))
    assert Consent.objects.latest("requested_at").state == "withdrawn"
    assert service.say(number, "TRIP") == []


def test_the_erase_code_has_three_tries_and_half_an_hour(
    service: Service, subscriber: Subscriber
) -> None:
    number = subscriber("330100")
    code = erase_code(service, number)
    wrong = f"ERASE {(int(code) + 1) % 1_000_000:06d}"
    for key in ("erase.wrong_code", "erase.wrong_code", "erase.too_many", "erase.none_open"):
        assert says(service.reply(number, wrong), key)
    assert says(service.reply(number, f"ERASE {code}"), "erase.none_open")
    code = erase_code(service, number)
    until = Conversation.objects.get().erase_until
    assert until is not None
    Conversation.objects.update(erase_until=until - timedelta(minutes=30))
    assert says(service.reply(number, f"ERASE {code}"), "erase.none_open")
    assert Tenure.objects.count() == 1


def test_another_numbers_erase_code_erases_nothing(
    service: Service, subscriber: Subscriber
) -> None:
    mine, theirs = subscriber("330100"), subscriber("310000")
    code = erase_code(service, theirs)
    service.say(mine, "ERASE")
    if Conversation.objects.count():  # the code of each is bound to its number
        assert says(service.reply(mine, f"ERASE {code}"), "erase.wrong_code")
    assert Tenure.objects.count() == 2


def test_a_consent_code_does_not_erase_nor_the_other_way_round(
    service: Service, subscriber: Subscriber
) -> None:
    number = subscriber("330100")
    code = service.code(number)
    assert says(service.reply(number, f"ERASE {code}"), "erase.none_open")
    other = erase_code(service, number)
    if other != code:  # one in a million
        assert says(service.reply(number, f"OK {other}"), "grant.wrong_code")


def test_over_the_limit_one_text_says_so_then_silence_but_ending_always_works(
    service: Service, subscriber: Subscriber
) -> None:
    number = subscriber("330100")
    service.agree(number)
    service.say(number, "LIST")
    spent = 3
    for _ in range(limits.PER_NUMBER.capacity - spent):
        limits.refusal(number_index(number), None)
    assert says(service.reply(number, "TRIP"), "other.limited")
    assert service.say(number, "TRIP") == []
    assert service.say(number, "hello") == []
    assert says(service.reply(number, "NO"), "refuse.none_open")
    assert says(service.reply(number, "DROP 1"), "drop.done")
    assert says(service.reply(number, f"ERASE {erase_code(service, number)}"), "erase.done")
    assert says(service.reply(number, "STOP"), "stop.done")


def test_the_limit_of_one_number_is_not_anothers(service: Service, subscriber: Subscriber) -> None:
    busy, quiet = subscriber("330100"), subscriber("310000")
    for _ in range(limits.PER_NUMBER.capacity + 2):
        limits.refusal(number_index(busy), None)
    assert service.say(busy, "HELP") == []
    assert says(service.reply(quiet, "HELP"), "help.all")


def test_over_everybodys_limit_each_number_hears_it_once(
    service: Service, subscriber: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "EVERYBODY", core_limits.Limit("texts", capacity=1, seconds=86_400))
    first, second = subscriber("330100"), subscriber("310000")
    assert says(service.reply(first, "HELP"), "help.all")
    for number in (first, second):
        assert says(service.reply(number, "TRIP"), "other.busy")
        assert service.say(number, "TRIP") == []
        assert says(service.reply(number, "STOP"), "stop.done")


def test_without_redis_people_are_answered(
    service: Service,
    subscriber: Subscriber,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    nowhere = tmp_path_factory.mktemp("nobody") / "listens"
    monkeypatch.setattr(core_limits, "client", lambda: redis.Redis(unix_socket_path=str(nowhere)))
    assert "Hangzhou" in service.agree(subscriber("330100"))


def test_while_the_law_keeps_it_erase_says_until_when_and_is_done_then(
    service: Service, subscriber: Subscriber, world: World,
    freeze_database: Callable[[datetime], None],
) -> None:  # fmt: skip
    number = subscriber("330100")
    service.agree(number)
    until = service.now() + timedelta(days=90)
    person = Tenure.objects.only("id", "subject_ref").get()
    held = world.value(
        "INSERT INTO oversight_hold (id, subject_ref, reason, until, asked_by, asked_at) VALUES"
        " (gen_random_uuid(), %s, 'court_order', %s, gen_random_uuid(), core.now()) RETURNING id",
        person.subject_ref,
        until,
    )
    auditor = uuid4()
    world.superuser.execute(
        "INSERT INTO accounts_user (id, password, email, name, is_active, session_epoch,"
        " created_at) VALUES (%s, '', 'ben@service.example', '', true, 0, core.now())",
        [auditor],
    )
    world.superuser.execute(
        "INSERT INTO accounts_staffmember (user_id, role, since)"
        " VALUES (%s, 'auditor', core.now())",
        [auditor],
    )
    assert world.value("SELECT gate.hold_decide(%s, %s, true)", auditor, held)
    log = service.reply(number, "LOG")
    assert "an auditor had what is recorded on this number kept by law" in log
    told = service.reply(number, f"ERASE {erase_code(service, number)}")
    assert says(told, "erase.kept")
    assert f"{until.astimezone(ZoneInfo('Asia/Shanghai')):%Y}" in told
    assert Consent.objects.get().state == "withdrawn"
    assert says(service.reply(number, "LIST"), "list.none")
    service.sweep()
    assert Tenure.objects.filter(id=person.id).exists()
    freeze_database(until + timedelta(seconds=1))
    service.sweep()
    assert not Tenure.objects.filter(id=person.id).exists()
    assert any(says(text, "erase.done") for text in service.arrived(number))
