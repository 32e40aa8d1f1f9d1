"""Answers that are taken back, held up or overtaken: whoever comes second sees the first."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest
from django.db import connections, transaction

from inquiry import answers as conversation
from tests.integration.consent.test_races import in_background, waits_for_a_lock
from tests.integration.inquiry.employers import Employer, agreed, answer_of, asked
from tests.integration.inquiry.talk import Service
from verification import tasks as verification_tasks
from verification.models import Answer, IssuedAnswer
from verification.reading import Standing
from verification.services import answering

pytestmark = pytest.mark.django_db(transaction=True)

Subscriber = Callable[..., str]
Connect = Callable[[str], psycopg.Connection]


def test_withdrawn_between_release_and_hand_over(
    service: Service, employer: Employer, subscriber: Subscriber
) -> None:
    number = subscriber("330100")
    request = agreed(service, employer, number)
    assert IssuedAnswer.objects.exists()
    service.receive(number, "STOP")
    service.run_only("handle")
    assert answer_of(request) is None
    assert not IssuedAnswer.objects.exists(), "the public list would tell that somebody had agreed"
    service.work()
    assert employer.sees(request) == "open"
    assert employer.sees(request, after=timedelta(days=2)) == "not_released"


@pytest.mark.parametrize("word", ["STOP", "NO {code}", "DROP 1"])
def test_taken_back_after_the_hand_over(
    service: Service, employer: Employer, subscriber: Subscriber, word: str
) -> None:
    number = subscriber("330100")
    request = agreed(service, employer, number)
    service.work()
    assert employer.sees(request) == "answered"
    code = service.last_code
    if word.startswith("DROP"):
        service.say(number, "LIST")
    service.say(number, word.format(code=code))
    assert employer.sees(request) == "withdrawn"
    with pytest.raises(Answer.DoesNotExist):
        employer.reads(request)
    made = answer_of(request)
    assert made is not None
    assert made.token_sealed is None
    assert IssuedAnswer.objects.get(id=made.answer_id).standing == Standing.WITHDRAWN


def test_erased_after_the_hand_over(
    service: Service, employer: Employer, subscriber: Subscriber
) -> None:
    number = subscriber("330100")
    request = agreed(service, employer, number)
    service.work()
    code = re.findall(r"\d{6}", service.say(number, "ERASE")[-1])[-1]
    service.say(number, f"ERASE {code}")
    assert employer.sees(request) == "withdrawn"


@pytest.mark.parametrize("how", ["cancelled", "suspended", "closed"])
def test_nothing_is_handed_over_to_who_waits_no_more(
    service: Service, employer: Employer, subscriber: Subscriber, how: str
) -> None:
    number = subscriber("330100")
    request = agreed(service, employer, number)
    if how == "cancelled":
        employer.cancels(request)
    elif how == "suspended":
        service.world.superuser.execute(
            "UPDATE organisations_organisation SET status = 'suspended', suspended_at = core.now()"
        )
    else:
        service.world.superuser.execute(
            "UPDATE consent_request SET asked_at = asked_at - interval '2 days',"
            " closes_at = core.now()"
        )
    service.work()
    assert answer_of(request) is None
    assert "gets no answer" in service.arrived(number)[-1]
    assert employer.sees(request) in ("cancelled", "open", "not_released")


def test_a_withdrawal_that_is_about_to_commit_wins(
    service: Service, employer: Employer, subscriber: Subscriber, connect_as: Connect
) -> None:
    """On two connections: the hand-over waits for it, and then finds nothing to give."""
    number = subscriber("330100")
    request = agreed(service, employer, number)
    stop = service.world.text(number, "STOP")
    withdrawer = connect_as("worker")
    withdrawer.execute("SELECT gate.withdraw_all(%s)", [stop.id])

    def hand_over() -> object:
        try:
            return answering.hand_over(request)
        finally:
            connections.close_all()

    with in_background(hand_over) as result:
        assert waits_for_a_lock(service.world)
        withdrawer.commit()
        assert result() is answering.Progress.DONE
    assert answer_of(request) is None
    assert employer.sees(request) == "open"


def test_a_withdrawal_that_comes_during_the_hand_over_takes_it_back(
    service: Service, employer: Employer, subscriber: Subscriber, connect_as: Connect
) -> None:
    number = subscriber("330100")
    request = agreed(service, employer, number)
    stop = service.world.text(number, "STOP")
    withdrawer = connect_as("worker")

    def withdraw() -> object:
        row = withdrawer.execute("SELECT gate.withdraw_all(%s)", [stop.id]).fetchone()
        withdrawer.commit()
        return row

    with transaction.atomic():
        assert answering.hand_over(request) is answering.Progress.DONE
        background = ThreadPoolExecutor(1).submit(withdraw)
        assert waits_for_a_lock(service.world)
    assert background.result(timeout=30) == (0,)
    assert employer.sees(request) == "answered"
    verification_tasks.sweep.run()
    assert employer.sees(request) == "withdrawn"


@pytest.mark.parametrize("first", ["answer", "dispute"])
def test_an_answer_and_a_dispute_at_the_same_moment_do_not_miss_each_other(
    service: Service, employer: Employer, subscriber: Subscriber, first: str
) -> None:
    """On two connections, both stopped before they commit: whichever is second sees the other."""
    number = subscriber("330100")
    service.agree(number)
    notice = service.reply(number, "WRONG 1")
    request, _ = asked(service, employer, number)
    for code in (notice[-6:], service.last_code):
        service.receive(number, f"OK {code}")
    service.run_only("handle")
    releases = {
        str(org_ref is None): release_id
        for release_id, org_ref in service.world.superuser.execute(
            "SELECT r.id, c.org_ref FROM consent_release r JOIN consent_consent c"
            " ON c.id = r.consent_id WHERE r.state = 'claimed'"
        )
    }
    answering_it, disputing_it = releases["False"], releases["True"]
    order = [answering_it, disputing_it]
    ahead, behind = order if first == "answer" else reversed(order)

    def act() -> object:
        try:
            return conversation.answer(behind)
        finally:
            connections.close_all()

    with transaction.atomic():
        assert conversation.answer(ahead) is answering.Progress.DONE
        background = ThreadPoolExecutor(1).submit(act)
        assert waits_for_a_lock(service.world)
    assert background.result(timeout=30) is answering.Progress.DONE
    made = answer_of(request)
    assert made is not None
    assert IssuedAnswer.objects.get(id=made.answer_id).standing == Standing.DISPUTED
