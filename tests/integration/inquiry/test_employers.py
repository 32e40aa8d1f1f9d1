"""An organisation asks, the person agrees, the organisation reads: the whole way, and back."""

import json
import re
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from zoneinfo import ZoneInfo

import psycopg
import pytest
from django.db import ProgrammingError, connection, connections, transaction
from pytest_django import Settings

from inquiry import answers as conversation
from sms_gateway import overview
from sms_gateway.models import OutboundMessage
from tests.integration.consent.test_races import in_background, waits_for_a_lock
from tests.integration.inquiry.cases import says
from tests.integration.inquiry.employers import Employer, answer_of, outcome
from tests.integration.inquiry.talk import Service
from verification import tasks as verification_tasks
from verification.claims import to_claims
from verification.models import Answer, IssuedAnswer
from verification.reading import Standing, check, read_keys
from verification.selectors import key_set, said_by
from verification.services import answering, asking

pytestmark = pytest.mark.django_db(transaction=True)

Subscriber = Callable[..., str]
Connect = Callable[[str], psycopg.Connection]


@pytest.fixture
def employer(service: Service) -> Employer:
    return Employer(service)


def asked(
    service: Service, employer: Employer, number: str, *, code: str = ""
) -> tuple[uuid.UUID, str]:
    """A question about a number, or by the code that it made, and the notice that came."""
    request = employer.ask(code=code) if code else employer.ask(number)
    service.work()
    notice = service.arrived(number)
    assert len(notice) == 1, outcome(service, request)
    return request, notice[0]


def test_a_question_by_number_from_the_notice_to_the_answer(
    service: Service, employer: Employer, subscriber: Subscriber
) -> None:
    """The person never texted before: no key, no language, no tenure but the feed's."""
    number = subscriber("330100")
    request, notice = asked(service, employer, number)
    assert "River Works Ltd asks" in notice
    assert "Hangzhou" in notice
    kept = "SELECT number_sealed IS NULL FROM consent_request WHERE id = %s"
    assert service.world.value(kept, request) is True, "it was for the address of the notice"
    assert employer.sees(request) == "open"
    receipt = service.reply(number, f"OK {service.last_code}")
    assert "The answer was YES" in receipt
    assert employer.sees(request) == "answered"
    answer = answer_of(request)
    assert answer is not None
    said = said_by(answer)
    assert said is not None
    assert (said.answer, said.last_two) == ("YES", number[-2:])
    assert employer.reads(request).count(".") == 2


def agreed(service: Service, employer: Employer, number: str) -> uuid.UUID:
    """A question that was agreed to and whose answer was made, and not handed over yet."""
    request, _ = asked(service, employer, number)
    service.receive(number, f"OK {service.last_code}")
    service.run_only("handle", "answer")
    made = answer_of(request)
    assert made is not None
    assert made.handed_over_at is None
    assert employer.sees(request) == "open"
    return request


def test_a_question_by_code_reaches_who_made_it_and_tells_no_number(
    service: Service, employer: Employer, subscriber: Subscriber
) -> None:
    number = subscriber("310000")
    told = service.reply(number, "SHARE")
    code = next(word.strip(",") for word in told.split() if "-" in word and len(word) >= 11)
    request, notice = asked(service, employer, number, code=code)
    assert "River Works Ltd" in notice
    service.say(number, f"OK {service.last_code}")
    assert employer.sees(request) == "answered"
    again = employer.ask(code=code)
    service.work()
    assert outcome(service, again) == "unknown_code"
    assert employer.sees(again) == "open"


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


def test_an_answer_names_its_entry_of_the_log_and_not_its_place(
    service: Service, employer: Employer, subscriber: Subscriber
) -> None:
    """Who asks A, B and A again must not be able to count what B caused in between."""
    number = subscriber("330100")
    request, _ = asked(service, employer, number)
    service.say(number, f"OK {service.last_code}")
    made = answer_of(request)
    assert made is not None
    said = said_by(made)
    assert said is not None
    rows = service.world.superuser.execute(
        "SELECT e.id, l.seq, e.entry_uuid FROM consent_release r JOIN audit_entry e"
        " ON e.id IN (r.claim_entry, r.fetch_entry, r.release_entry)"
        " JOIN audit_leaf l ON l.entry_id = e.id ORDER BY e.id"
    ).fetchall()
    assert said.log_entry == rows[0][2]
    # What it says in numbers are its own: counts of days and hours, times, a random index.
    numbers = {value for value in to_claims(said).values() if isinstance(value, int)}
    assert not numbers & {place for row in rows for place in row[:2]} - {said.minimum_hours}
    columns = "SELECT release_entry FROM verification_answer"
    with service.as_role("web"), connection.cursor() as cursor, pytest.raises(ProgrammingError):
        cursor.execute(columns)


def test_what_goes_out_for_an_organisation_is_limited_whoever_is_asked(
    service: Service, employer: Employer, subscriber: Subscriber, settings: Settings
) -> None:
    """A number nobody has takes a place as well, so the limit's end tells nothing of it."""
    settings.SMS_PER_ORGANISATION_DAY = 2
    number, late = subscriber("330100"), subscriber("330100")
    requests = [employer.ask(one) for one in ("+8613977777777", number, late)]
    service.work()
    assert [outcome(service, one) for one in requests] == ["unknown_number", "asked", "over_cap"]
    assert len(service.arrived(number)) == 1
    assert service.arrived(late) == []
    other = Employer(service, "Hill Works Ltd").ask(late)
    service.work()
    assert outcome(service, other) == "asked"
    for after in (timedelta(0), timedelta(days=2)):
        told = {employer.sees(one, after=after) for one in requests}
        assert told == {"not_released" if after else "open"}


def test_the_web_process_sees_no_text_that_goes_out_for_an_organisation(
    service: Service, employer: Employer, subscriber: Subscriber
) -> None:
    number = subscriber("330100")
    service.say(number, "HELP")
    asked(service, employer, number)
    service.say(number, f"OK {service.last_code}")
    of_organisations = OutboundMessage.objects.exclude(org_ref=None)
    assert set(of_organisations.values_list("kind", flat=True)) == {"notice", "receipt"}
    with service.as_role("web"):
        assert set(OutboundMessage.objects.values_list("kind", flat=True)) == {"help"}
        assert sum(texts for _, _, texts in overview.states()) == 3
        with connection.cursor() as cursor, pytest.raises(ProgrammingError):
            cursor.execute("SELECT org_ref FROM sms_gateway_outboundmessage")


def test_no_data_is_told_to_the_person_alone(
    service: Service, employer: Employer, subscriber: Subscriber
) -> None:
    number = subscriber(days_with_data=0)
    request, _ = asked(service, employer, number)
    assert "no data" in service.reply(number, f"OK {service.last_code}")
    assert answer_of(request) is None
    assert employer.sees(request) == "open"
    # It was for one answer, and that was it: nothing is left to list, to drop or to claim under.
    assert says(service.reply(number, "LIST"), "list.none")
    ended = service.world.value("SELECT state || ' ' || end_reason FROM consent_consent")
    assert ended == "expired no_data"
    assert service.reply(number, "LOG").splitlines()[1].endswith("return to work: not given")


def test_nobody_is_asked_in_the_quiet_hours(
    service: Service, employer: Employer, subscriber: Subscriber, settings: Settings
) -> None:
    hour = service.now().astimezone(ZoneInfo("Asia/Shanghai")).hour
    settings.QUIET_HOURS = hour, (hour + 2) % 24
    number = subscriber("330100")
    request = employer.ask(number)
    service.work()
    assert service.arrived(number) == []
    assert outcome(service, request) == ""
    settings.QUIET_HOURS = None
    asking.consider(request)
    service.work()
    assert "asks" in service.arrived(number)[0]


def test_what_would_close_in_the_quiet_hours_is_turned_down(
    service: Service, employer: Employer, subscriber: Subscriber, settings: Settings
) -> None:
    hour = service.now().astimezone(ZoneInfo("Asia/Shanghai")).hour
    settings.QUIET_HOURS = hour, (hour + 2) % 24
    request = employer.ask(subscriber("330100"))
    service.world.superuser.execute(
        "UPDATE consent_request SET closes_at = core.now() + interval '30 seconds'"
    )
    service.work()
    assert outcome(service, request) == "time_up"


def test_a_lost_question_is_taken_up_and_an_old_token_is_blanked(
    service: Service, employer: Employer, subscriber: Subscriber
) -> None:
    number = subscriber("330100")
    lost = employer.ask(number)
    service.queue.waiting.clear()
    service.world.superuser.execute(
        "UPDATE consent_request SET asked_at = asked_at - interval '1 minute'"
    )
    verification_tasks.sweep.run()
    service.work()
    assert outcome(service, lost) == "asked"
    service.arrived(number)
    service.say(number, f"OK {service.last_code}")
    service.world.superuser.execute(
        "UPDATE verification_answer SET handed_over_at = handed_over_at - interval '25 hours'"
    )
    verification_tasks.forget.run()
    assert employer.sees(lost) == "answered"
    with pytest.raises(Answer.DoesNotExist):
        employer.reads(lost)


def test_what_fails_each_time_keeps_nobody_from_their_turn(
    service: Service, employer: Employer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification_tasks, "MOST_SWEPT", 4)
    waiting = [employer.ask(f"+86139777777{n:02d}") for n in range(9)]
    service.world.superuser.execute(
        "UPDATE consent_request SET asked_at = asked_at - interval '1 minute'"
    )
    had_a_turn: set[str] = set()
    for _ in range(200):  # of 2 of 7 at random each time
        service.queue.waiting.clear()
        verification_tasks.sweep.run()
        taken = [args[0] for _, args in service.queue.waiting]
        assert len(taken) == len(set(taken)) == 4
        assert {str(one) for one in waiting[:2]} <= set(taken), "in the order in which they came"
        had_a_turn |= set(taken)
        if len(had_a_turn) == len(waiting):
            return
    pytest.fail("the oldest keep the others waiting")


MADE_UP = {"001": "YES", "002": "NO", "003": "CANNOT_TELL", "004": "LISTED", "005": "YES"}


def test_a_test_key_gets_made_up_answers_and_reaches_nobody(
    service: Service, subscriber: Subscriber
) -> None:
    live, employer = Employer(service), Employer(service, is_test=True)
    real = subscriber("330100")
    nobody = employer.ask(real[:-3] + "777")
    requests = {
        last: employer.ask(
            f"+86138{7:05d}{last}",
            **({"question": "itinerary", "cities": []} if last == "004" else {}),
        )
        for last in MADE_UP
    }
    service.work()
    assert employer.sees(nobody) == "open"
    keys = read_keys(json.dumps(key_set()))
    for last, value in MADE_UP.items():
        token = employer.reads(requests[last])
        report = check(token, keys, now=service.now())
        assert (report.verdict.value, report.finding) == (1, "test")
        assert report.statement is not None
        assert (report.statement.answer, report.statement.last_two) == (value, last[-2:])
        with pytest.raises(Answer.DoesNotExist):
            live.reads(requests[last])
    service.world.superuser.execute(
        "UPDATE verification_answer SET handed_over_at = handed_over_at - interval '61 seconds'"
    )
    verification_tasks.sweep.run()
    assert employer.sees(requests["005"]) == "withdrawn"
    assert employer.sees(requests["001"]) == "answered"
    assert service.world.value("SELECT count(*) FROM consent_consent") == 0
    assert service.world.value("SELECT count(*) FROM sms_gateway_outboundmessage") == 0
