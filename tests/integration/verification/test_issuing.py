"""From an answer to the token, and what becomes of it, as the worker and nobody else."""

import secrets
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import connection, connections, transaction

from tests.integration.verification.answers import ASKER, LOG_ENTRY, NOW, issue, sign
from travel.questions import ItineraryQuestion
from verification import signing
from verification.models import IssuedAnswer, StatusList
from verification.online import check_now
from verification.reading import Report, Standing, Verdict
from verification.services import issuing
from verification.services.issuing import (
    FOLLOWS,
    ListFullError,
    mark,
    mark_withdrawn,
    publish_lists,
)
from verification.statements import Evidence

TODAY = date(2026, 11, 23)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as frozen:
        yield frozen


def in_a_minute(clock: time_machine.Traveller, minutes: int = 1) -> None:
    """The next turn of the task that publishes."""
    clock.shift(timedelta(minutes=minutes))
    publish_lists()


def report(token: str) -> tuple[Verdict, str, Standing | None]:
    read = check_now(token)
    return read.verdict, read.finding, read.standing


@pytest.mark.django_db
def test_a_signed_answer_says_what_was_answered() -> None:
    signed = issue()
    read: Report = check_now(signed.token)
    said = read.statement
    assert said is not None
    assert (read.verdict, read.standing) == (Verdict.GENUINE, Standing.STANDS)
    assert (said.id, said.audience, said.audience_name) == (signed.id, ASKER.id, ASKER.name)
    assert (said.nonce, said.last_two, said.log_entry) == (
        ASKER.nonce,
        "34",
        LOG_ENTRY,
    )
    assert (said.question, said.places, said.answer) == ("visited_any", ("420100", "TH"), "NO")
    assert said.names == {"420100": "Wuhan", "TH": "Thailand"}
    assert (said.first_day, said.days, said.data_through) == (
        date(2026, 11, 9),
        14,
        date(2026, 11, 22),
    )
    assert (said.days_with_data, said.days_covered, said.hours_observed) == (14, 14, 336)
    assert (said.issued_at, said.expires_at - said.issued_at) == (
        NOW.replace(microsecond=0),
        timedelta(hours=48),
    )


def test_neither_free_text_nor_more_of_a_number_gets_into_an_answer() -> None:
    for nonce in ("", "short", "x" * 23, "call 10086 now", "Zm9v=bar"):
        with pytest.raises(ValueError, match="nonce"):
            replace(ASKER, nonce=nonce)
    for digits in ("", "5", "567", "+1", "５６"):
        with pytest.raises(ValueError, match="two digits"):
            Evidence(uuid4(), log_entry=uuid4(), last_two=digits)


@pytest.mark.django_db
def test_an_itinerary_names_what_was_visited() -> None:
    said = check_now(issue(ItineraryQuestion(7)).token).statement
    assert said is not None
    assert [(line.codes, len(line.days)) for line in said.listed] == [(("330100",), 7)]
    assert said.names == {"330100": "Hangzhou"}


@pytest.mark.django_db
def test_nothing_of_the_answer_is_kept() -> None:
    signed = issue()
    row = IssuedAnswer.objects.values().get()
    assert row.keys() == {
        "id", "consent_id", "list_day", "list_index", "standing", "is_handed_over", "issued_at",
        "expires_at",
    }  # fmt: skip
    listed = StatusList.objects.get(day=TODAY).token
    assert signed.token.split(".")[1] not in listed


@pytest.mark.django_db(transaction=True)
def test_a_release_that_fails_leaves_no_trace_of_its_answer() -> None:
    with transaction.atomic():
        issue()
        transaction.set_rollback(True)
    assert not IssuedAnswer.objects.exists()
    assert not StatusList.objects.exists()


@pytest.mark.django_db
def test_withdrawn_is_said_within_a_minute(clock: time_machine.Traveller) -> None:
    consent = uuid4()
    mine, other = issue(consent_id=consent), issue()
    assert mark_withdrawn(consent_id=consent) == 1
    in_a_minute(clock)
    assert report(mine.token) == (Verdict.NOT_GENUINE, "withdrawn", Standing.WITHDRAWN)
    assert report(other.token) == (Verdict.GENUINE, "genuine", Standing.STANDS)


@pytest.mark.django_db
@pytest.mark.parametrize("before", Standing)
@pytest.mark.parametrize("after", Standing)
def test_what_may_follow_what(
    clock: time_machine.Traveller, before: Standing, after: Standing
) -> None:
    signed = issue()
    mark(answers=[signed.id], standing=before)
    changed = mark(answers=[signed.id], standing=after)
    in_a_minute(clock)
    is_allowed = before in FOLLOWS[after]
    assert changed == is_allowed
    assert report(signed.token)[2] is (after if is_allowed else before)


@pytest.mark.django_db
def test_an_answer_younger_than_its_list_is_genuine_and_its_standing_open(
    clock: time_machine.Traveller,
) -> None:
    issue()
    clock.shift(timedelta(seconds=30))
    late = issue()
    assert report(late.token) == (Verdict.GENUINE, "genuine", None)
    in_a_minute(clock, minutes=5)
    assert report(late.token) == (Verdict.GENUINE, "genuine", Standing.STANDS)


def lists() -> list[tuple[Any, ...]]:
    """What everybody can see."""
    return list(StatusList.objects.order_by("day").values_list("day", "made_at", "token"))


@pytest.mark.django_db
def test_nothing_of_a_list_tells_that_an_answer_was_made(clock: time_machine.Traveller) -> None:
    """That somebody agreed: neither when lists are signed nor what they say, until somebody has it
    and something becomes of it. Nor if it never reaches anybody."""

    def ten_minutes(unseen: bool) -> list[list[tuple[Any, ...]]]:
        clock.move_to(NOW)
        StatusList.objects.all().delete()
        publish_lists()
        seen = []
        for minute in range(10):
            if unseen and minute == 2:
                made = sign()
                mark(answers=[made.id], standing=Standing.DISPUTED)
            elif unseen and minute == 6:
                issue()
            elif unseen and minute == 8:
                issuing.forget_unseen(answer_id=made.id)
            in_a_minute(clock)
            seen.append(lists())
        return seen

    without = ten_minutes(unseen=False)
    assert ten_minutes(unseen=True) == without
    assert len({str(one) for one in without}) == 3  # at 1, 5 and 10: the rhythm of their own
    assert [day for day, *_ in without[0]] == [TODAY + timedelta(days=n) for n in range(-3, 2)]


@pytest.mark.django_db
def test_what_was_disputed_before_its_asker_had_it_is_listed_from_then_on(
    clock: time_machine.Traveller,
) -> None:
    signed = sign()
    mark(answers=[signed.id], standing=Standing.DISPUTED)
    in_a_minute(clock)
    issuing.handed_over(answer_id=signed.id)
    in_a_minute(clock)
    assert report(signed.token)[2] is Standing.DISPUTED


@pytest.mark.django_db
def test_it_is_forgotten_a_day_after_it_expired(clock: time_machine.Traveller) -> None:
    token = issue().token
    for hours, kept in ((47, True), (26, True), (25, False)):
        clock.shift(timedelta(hours=hours))
        publish_lists()
        assert IssuedAnswer.objects.exists() is kept
        assert StatusList.objects.filter(day=TODAY).exists() is kept
    assert report(token) == (Verdict.NOT_GENUINE, "expired", None)


@pytest.mark.django_db
def test_without_its_list_an_answer_is_not_confirmed() -> None:
    token = issue().token
    StatusList.objects.all().delete()
    assert report(token) == (Verdict.CANNOT_BE_CHECKED, "status_unreadable", None)


@pytest.mark.django_db
def test_two_answers_never_share_a_place(monkeypatch: pytest.MonkeyPatch) -> None:
    places = iter([7, 7, 7, 8])
    monkeypatch.setattr(secrets, "randbelow", lambda _: next(places))
    issue()
    issue()
    assert sorted(IssuedAnswer.objects.values_list("list_index", flat=True)) == [7, 8]
    monkeypatch.setattr(secrets, "randbelow", lambda _: 7)
    with pytest.raises(ListFullError, match="2026-11-23 is full"):
        issue()


@pytest.mark.django_db
def test_a_day_has_its_own_list_by_universal_time(clock: time_machine.Traveller) -> None:
    clock.move_to(NOW.replace(hour=23, minute=59, second=59))
    issue()
    clock.shift(timedelta(seconds=1))
    issue()
    answers = IssuedAnswer.objects.values_list("list_day", flat=True)
    assert set(answers) == {TODAY, date(2026, 11, 24)}


@pytest.mark.django_db(transaction=True)
def test_a_withdrawal_while_the_list_is_being_signed_is_not_lost(
    clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed = issue()
    clock.shift(timedelta(hours=2))
    reading, go_on = threading.Event(), threading.Event()
    packed = signing.packed

    def slowly(standings: Mapping[int, int]) -> dict[str, Any]:
        reading.set()
        assert go_on.wait(20)
        return packed(standings)

    def run(work: Any) -> threading.Thread:
        def inside() -> None:
            try:
                work()
            finally:
                connections.close_all()

        thread = threading.Thread(target=inside)
        thread.start()
        return thread

    monkeypatch.setattr(issuing, "_days_with_lists", lambda: [TODAY])
    monkeypatch.setattr(issuing, "packed", slowly)
    publishing = run(publish_lists)
    assert reading.wait(20)
    monkeypatch.setattr(issuing, "packed", packed)
    marking = run(lambda: mark(answers=[signed.id], standing=Standing.WITHDRAWN))
    wait_for_a_lock()
    go_on.set()
    for thread in (publishing, marking):
        thread.join(20)
        assert not thread.is_alive()
    assert report(signed.token)[2] is Standing.STANDS
    publish_lists()
    assert report(signed.token)[2] is Standing.WITHDRAWN


def wait_for_a_lock() -> None:
    """Until some session waits for another; PostgreSQL itself says so."""
    with connection.cursor() as cursor:
        for _ in range(2000):
            cursor.execute("SELECT count(*), pg_sleep(0.01) FROM pg_locks WHERE NOT granted")
            row = cursor.fetchone()
            if row and row[0]:
                return
    pytest.fail("nobody waits")
