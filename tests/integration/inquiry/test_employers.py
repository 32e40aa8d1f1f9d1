"""An organisation asks, the person agrees, the organisation reads: the whole way, and back."""

import json
from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

import psycopg
import pytest
from django.db import ProgrammingError, connection
from pytest_django import Settings

from sms_gateway import overview
from sms_gateway.models import OutboundMessage
from tests.integration.inquiry.cases import says
from tests.integration.inquiry.employers import Employer, answer_of, asked, outcome
from tests.integration.inquiry.talk import Service
from verification import tasks as verification_tasks
from verification.claims import to_claims
from verification.models import Answer
from verification.reading import check, read_keys
from verification.selectors import key_set, said_by
from verification.services import asking

pytestmark = pytest.mark.django_db(transaction=True)

Subscriber = Callable[..., str]
Connect = Callable[[str], psycopg.Connection]


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
