"""WRONG: from a text about one visit to its outcome, with an operator in between."""

import re
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, timedelta

import pytest
from django.db import transaction

from core import catalogue, clock
from disputes import gate
from disputes.models import Dispute, LastVisits
from sms_gateway.models import OutboundMessage
from tests.integration.consent.world import World
from tests.integration.disputes.cases import Cases
from tests.integration.inquiry.cases import says
from tests.integration.inquiry.talk import Service
from verification.models import IssuedAnswer
from verification.reading import Standing
from verification.services import disputing

pytestmark = pytest.mark.django_db(transaction=True)

Subscriber = Callable[..., str]
Role = Callable[[str], AbstractContextManager[None]]


def open_case(service: Service, number: str, which: int = 1) -> uuid.UUID:
    notice = service.reply(number, f"WRONG {which}")
    assert says(notice, "notice.visit")
    assert says(service.reply(number, f"OK {notice[-6:]}"), "dispute.opened")
    return Dispute.objects.only("id").latest("opened_at").id


def decide(service: Service, as_role: Role, case: uuid.UUID, *what: str | None) -> None:
    """An operator looks, and decides on the page; the worker tells."""
    operator = Cases(service.world).operator()
    outcome, reason, instead = what
    assert outcome is not None
    assert reason is not None
    with as_role("web"), transaction.atomic():
        gate.look(dispute_id=case, operator_ref=operator)
    service.world.sequence()
    with as_role("web"), transaction.atomic():
        assert gate.evidence(dispute_id=case, operator_ref=operator)
        assert (
            gate.decide(
                dispute_id=case,
                operator_ref=operator,
                outcome=outcome,
                reason=reason,
                instead=instead,
            )
            == "done"
        )
    service.sweep()


def test_an_error_is_left_out_from_then_on(
    service: Service, subscriber: Subscriber, as_role: Role, today: date
) -> None:
    number = subscriber("330100", "310000")
    assert "Shanghai" in service.agree(number)
    shown = service.reply(number, "WRONG").splitlines()
    day = catalogue.format_day("en", today - timedelta(days=2))
    assert shown[0] == catalogue.render("en", "dispute.list_head")
    assert shown[2] == f"2. Shanghai: {day}"
    assert shown[-1] == catalogue.render("en", "dispute.list_foot")
    notice = service.reply(number, "WRONG 2")
    assert f"Shanghai, {day}" in notice
    assert "not your number" in notice
    opened = service.reply(number, f"OK {notice[-6:]}")
    assert says(opened, "dispute.opened")
    case = Dispute.objects.only("id", "due_on").get()
    due = catalogue.format_day("en", case.due_on)
    assert due in opened
    assert due in notice, "the day is told before the OK"
    assert "an operator's look at one visit" in service.reply(number, "LIST")
    assert says(service.reply(number, "WRONG 2"), "dispute.already")

    decide(service, as_role, case.id, "confirmed", "far_jump", "dropped")
    (told,) = service.arrived(number)
    assert says(told, "dispute.dropped")
    assert "a mast far away was noted" in told
    assert day in told
    again = service.reply(number, "TRIP")
    assert "Hangzhou" in again
    assert "Shanghai" not in again
    log = service.reply(number, "LOG")
    assert catalogue.render("en", "log.saw_visit") in log
    assert "you, WRONG: one visit shown to an operator" in log
    service.sweep()
    assert service.arrived(number) == []
    for text in OutboundMessage.objects.filter(kind="answer"):
        assert text.body_sealed is None, "a list of visits goes when it is delivered"


def test_what_is_no_error_stays(service: Service, subscriber: Subscriber, as_role: Role) -> None:
    number = subscriber("330100")
    service.agree(number, "行程")
    notice = service.reply(number, "有误1")
    assert says(notice, "notice.visit", "zh")
    assert says(service.reply(number, f"OK {notice[-6:]}"), "dispute.opened", "zh")
    case = Dispute.objects.only("id").get().id
    decide(service, as_role, case, "rejected", "seen_throughout", None)
    (told,) = service.arrived(number)
    assert says(told, "dispute.rejected", "zh")
    assert "大部分时间" in told
    assert "杭州" in service.reply(number, "行程")
    assert says(service.reply(number, "有误 1"), "dispute.decided", "zh")


def test_numbers_count_the_last_answer_for_an_hour(
    service: Service, subscriber: Subscriber
) -> None:
    number = subscriber("330100")
    service.agree(number)
    assert says(service.reply(number, "WRONG 2"), "dispute.not_listed")
    assert says(service.reply(number, "WRONG 0"), "dispute.not_listed")
    kept = LastVisits.objects.get()
    assert b"330100" not in bytes(kept.sealed)
    LastVisits.objects.update(until=kept.until - timedelta(hours=1))
    assert says(service.reply(number, "WRONG 1"), "dispute.none")
    service.say(number, "TRIP")
    service.say(number, "STOP")
    service.say(number, "START")
    assert says(service.reply(number, "WRONG 1"), "dispute.none"), "what it hung on has ended"


@pytest.mark.parametrize("how", ["STOP", "ERASE", "DROP"])
def test_ending_it(service: Service, subscriber: Subscriber, world: World, how: str) -> None:
    number = subscriber("330100")
    service.agree(number)
    open_case(service, number)
    if how == "DROP":
        listed = service.reply(number, "LIST")
        which = re.search(r"(\d)\. an operator's look", listed)
        assert which
        assert says(service.reply(number, f"DROP {which[1]}"), "drop.done")
    elif how == "ERASE":
        asked = service.reply(number, "ERASE")
        code = re.search(r"\d{6}", asked)
        assert code
        service.say(number, f"ERASE {code[0]}")
    else:
        service.say(number, "STOP")
    assert world.value("SELECT count(*) FROM disputes_evidence") == 0
    states = list(Dispute.objects.values_list("state", flat=True))
    assert states == ([] if how == "ERASE" else ["ended"])
    service.sweep()
    assert service.arrived(number) == [], "whoever ends it was told so"
    assert LastVisits.objects.count() == (0 if how == "ERASE" else 1)


def test_a_refused_notice_opens_nothing(service: Service, subscriber: Subscriber) -> None:
    number = subscriber("330100")
    service.agree(number)
    notice = service.reply(number, "WRONG 1")
    assert says(service.reply(number, f"NO {notice[-6:]}"), "refuse.done")
    assert not Dispute.objects.only("id").exists()


def test_answers_given_before_are_marked(
    service: Service, subscriber: Subscriber, world: World, as_role: Role, today: date
) -> None:
    """Disputed while it is looked at; then they stand again, or are corrected for good."""
    number = subscriber("330100", "310000", "320500")
    service.agree(number)

    def standing(answer: uuid.UUID) -> Standing:
        return Standing(IssuedAnswer.objects.get(id=answer).standing)

    over_all = given(world, number, today - timedelta(days=14), today - timedelta(days=1))
    over_none = given(world, number, today - timedelta(days=14), today - timedelta(days=9))
    first, second = open_case(service, number, 1), open_case(service, number, 2)
    assert standing(over_all) is Standing.DISPUTED
    holder = Dispute.objects.only("tenure_id").get(id=first).tenure_id
    meanwhile = given(world, number, today - timedelta(days=1), today - timedelta(days=1))
    for days, news in ((1, 1), (9, 0)):
        day = today - timedelta(days=days)
        found = disputing.answer_given(answer_id=meanwhile, tenure_id=holder, first=day, last=day)
        assert found == news, "given while it is looked at"
    decide(service, as_role, first, "rejected", "phone_alone", None)
    assert standing(over_all) is Standing.DISPUTED, "another visit of it is still looked at"
    assert standing(meanwhile) is Standing.STANDS
    decide(service, as_role, second, "rejected", "phone_alone", None)
    assert standing(over_all) is Standing.STANDS
    assert len(service.arrived(number)) == 2, "both outcomes"
    third = open_case(service, number, 3)
    decide(service, as_role, third, "confirmed", "cell_misplaced", "dropped")
    assert standing(over_all) is Standing.CORRECTED
    assert standing(over_none) is Standing.STANDS


def given(world: World, number: str, first: date, last: date) -> uuid.UUID:
    """An answer that an organisation has, over these days."""
    person = world.person(subscribed=False, number=number)
    code = f"{int.from_bytes(uuid.uuid4().bytes[:3]) % 900_000 + 100_000}"
    consent = world.ask_for_organisation(person, code, name=f"Works {code}")
    world.ok(person, code)
    answer = uuid.uuid4()
    world.superuser.execute(
        "INSERT INTO consent_release (id, consent_id, cause, state, reason, window_from, window_to,"
        " claim_entry, claimed_at, fetch_entry, fetched_in, release_entry, released_at)"
        " VALUES (gen_random_uuid(), %s, %s, 'released', '', %s, %s, 1, core.now(), 1, '', 1,"
        " core.now())",
        [consent, f"inbound:{world.text(number).id}", first, last],
    )
    IssuedAnswer.objects.create(
        id=answer,
        consent_id=consent,
        list_day=last,
        list_index=int(code),
        is_handed_over=True,
        issued_at=clock.now(),
        expires_at=clock.now() + timedelta(hours=48),
    )
    return answer
