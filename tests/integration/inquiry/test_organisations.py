"""What a person sees of organisations' questions and ends of them: NO, LIST, DROP, LOG, BLOCK."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from audit.selectors import receipt_code
from consent import selectors
from consent.looks import looks
from consent.models import Block, Consent
from core.segments import count
from inquiry.pages import MOST_SEGMENTS
from tests.integration.inquiry.cases import says
from tests.integration.inquiry.questions import Questions
from tests.integration.inquiry.talk import Service

pytestmark = pytest.mark.django_db(transaction=True)

Subscriber = Callable[..., str]
LONG_NAMES = [f"{'Wuhan Heavy Industries and General Works Company Branch'} {n}" for n in "ABCDEF"]


@pytest.fixture
def questions(service: Service) -> Questions:
    return Questions(service)


def states() -> list[str]:
    return sorted(Consent.objects.values_list("state", flat=True))


def test_no_names_whose_question_was_refused(
    service: Service, subscriber: Subscriber, questions: Questions
) -> None:
    number = subscriber("330100")
    consent, code = questions.ask(number, "River Works Ltd")
    reply = service.reply(number, f"NO {code}")
    assert says(reply, "refuse.asker")
    assert "River Works Ltd" in reply
    assert Consent.objects.get(id=consent).state == "refused"


def test_no_without_a_code_ends_everything_that_is_open(
    service: Service, subscriber: Subscriber, questions: Questions
) -> None:
    number, other = subscriber("330100"), subscriber("310000")
    questions.ask(number, "River Works Ltd")
    questions.ask(number, "Hill Farms")
    service.code(number)
    theirs, _ = questions.ask(other, "Hill Farms")
    reply = service.reply(number, "NO")
    assert says(reply, "refuse.several")
    assert "3" in reply
    left = Consent.objects.filter(state__in=["requested", "disclosed"])
    assert [one.id for one in left] == [theirs]
    assert says(service.reply(number, "NO"), "refuse.none_open")
    assert says(service.reply(other, "NO"), "refuse.asker")


def test_the_list_has_answers_that_an_asker_may_still_keep_and_dropping_recalls_them(
    service: Service, subscriber: Subscriber, questions: Questions
) -> None:
    number = subscriber("330100")
    service.agree(number)
    handed = questions.hand_over(number, "River Works Ltd")
    _, own, theirs, _ = service.reply(number, "LIST").splitlines()
    assert own.startswith("1. answers to your own TRIP, until ")
    assert theirs.startswith("2. River Works Ltd has an answer (yes or no: in certain places) and")
    reply = service.reply(number, "DROP 2")
    assert says(reply, "drop.recalled")
    assert "River Works Ltd" in reply
    handed.refresh_from_db()
    assert handed.recalled_at is not None
    assert says(service.reply(number, "DROP 2"), "drop.over")
    assert len(service.reply(number, "LIST").splitlines()) == 3
    assert "given, then taken back by you" in service.reply(number, "LOG")


def test_an_answer_is_not_listed_when_its_asker_must_have_deleted_it(
    service: Service, subscriber: Subscriber, questions: Questions
) -> None:
    number = subscriber("330100")
    handed = questions.hand_over(number)
    assert handed.ended_at is not None
    assert "may keep it" in service.reply(number, "LIST")
    kept = questions.service.world.value(
        "SELECT ended_at + make_interval(days => (terms ->> 'kept_days')::int)"
        " FROM consent_consent WHERE id = %s",
        handed.id,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.clock.now", lambda: kept)
        assert selectors.standing(handed.tenure_id) == []


def test_the_code_that_agreed_takes_the_answer_back(
    service: Service, subscriber: Subscriber, questions: Questions
) -> None:
    number = subscriber("330100")
    questions.hand_over(number)
    code = str(482913)  # the first code of `questions`
    assert says(service.reply(number, f"NO {code}"), "refuse.recalled")
    assert Consent.objects.get().recalled_at is not None
    assert says(service.reply(number, f"NO {code}"), "refuse.none_open")


def test_the_log_names_organisations_and_says_why_only_if_it_was_the_persons_doing(
    service: Service, subscriber: Subscriber, questions: Questions
) -> None:
    number = subscriber("330100")
    questions.turn_down(number, "blocked", "Hill Farms")
    questions.turn_down(number, "cooling_down", "Sea Freight")
    _, code = questions.ask(number, "River Works Ltd")
    lines = service.reply(number, "LOG").splitlines()[1:-1]
    assert lines[0].endswith("River Works Ltd, return to work: waits for your OK")
    assert lines[1].endswith("Sea Freight, return to work: not given")
    assert lines[2].endswith("Hill Farms, return to work: not given, you blocked it")
    service.say(number, f"NO {code}")
    questions.hand_over(number, "Hill Farms")
    lines = service.reply(number, "LOG").splitlines()[1:-1]
    assert lines[0].endswith("Hill Farms, return to work: delivered")
    assert lines[1].endswith("River Works Ltd, return to work: not given, you said NO")


def test_one_line_of_the_log_in_full_with_a_receipt_that_can_be_checked(
    service: Service, subscriber: Subscriber, questions: Questions
) -> None:
    number, other = subscriber("330100"), subscriber("310000")
    handed = questions.hand_over(number)
    service.say(number, "LOG")
    short, asked, days, receipt = service.reply(number, "LOG 1").splitlines()
    assert short.endswith("River Works Ltd, return to work: delivered")
    assert asked == "Question: yes or no: in certain places."
    assert days.startswith("Days looked at: ")
    [look] = looks(handed.subject_ref)
    assert receipt == f"Receipt {receipt_code(look.entry_id)}"
    assert look.content["event"] == "access.released"
    assert says(service.reply(number, "LOG 7"), "log.not_listed")
    code = receipt.split()[-1].lower()
    assert says(service.reply(number, f"CHECK {code}"), "check.receipt")
    assert says(service.reply(other, f"CHECK {code}"), "check.none")


def test_looks_by_staff_are_shown(
    service: Service, subscriber: Subscriber, questions: Questions
) -> None:
    number = subscriber("330100")
    subject = questions.holder(number).tenure.subject_ref
    service.world.superuser.execute(
        "SELECT audit.record('staff.viewed_subject', jsonb_build_object("
        "'subject_ref', %s::text, 'by', 'operator'), NULL, NULL)",
        [str(subject)],
    )
    line = service.reply(number, "LOG").splitlines()[1]
    assert line.endswith("our staff saw what we hold on this number")
    service.world.superuser.execute(
        "SELECT audit.record('auditor.searched', jsonb_build_object("
        "'subject_ref', %s::text, 'by', 'auditor'), NULL, NULL)",
        [str(subject)],
    )
    line = service.reply(number, "LOG").splitlines()[1]
    assert line.endswith("an auditor read entries of the log about this number")
    assert says(service.reply(number, "BLOCK 1"), "block.nobody")


def test_blocking_refuses_what_is_open_and_is_undone_by_number(
    service: Service, subscriber: Subscriber, questions: Questions
) -> None:
    number = subscriber("330100")
    questions.ask(number, "Hill Farms")
    questions.ask(number, "River Works Ltd")
    service.say(number, "LOG")
    reply = service.reply(number, "BLOCK 2")
    assert says(reply, "block.done")
    assert "Hill Farms" in reply
    assert states() == ["expired", "requested"]
    assert says(service.reply(number, "BLOCK 2"), "block.already")
    assert says(service.reply(number, "BLOCK 9"), "block.not_listed")
    assert service.reply(number, "BLOCK").splitlines()[1] == "1. Hill Farms"
    assert says(service.reply(number, "UNBLOCK 2"), "unblock.not_listed")
    assert says(service.reply(number, "UNBLOCK 1"), "unblock.done")
    assert not Block.objects.exists()
    assert says(service.reply(number, "UNBLOCK 1"), "unblock.over")
    events = [event for event in service.world.events(questions.holder(number)) if "block" in event]
    assert events == ["subject.blocked", "subject.unblocked"]


def test_long_names_fit_and_what_is_not_shown_has_no_number(
    service: Service, subscriber: Subscriber, questions: Questions
) -> None:
    number = subscriber("330100")
    service.say(number, "LANG en")
    for name in LONG_NAMES:
        questions.hand_over(number, name)
    for word in ("LIST", "LOG"):
        reply = service.reply(number, word)
        assert count(reply).count <= MOST_SEGMENTS
        shown = [line for line in reply.splitlines() if line[:1].isdigit() and "Wuhan" in line]
        assert 2 <= len(shown) < len(LONG_NAMES)
        assert says(service.reply(number, f"BLOCK {len(shown) + 1}"), "block.not_listed")
    assert "more do not fit here" in service.reply(number, "LIST")
