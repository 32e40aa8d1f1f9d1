"""SHARE, PAUSE, CHECK and TRIP with the end of an ID."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from pytest_django import Settings

from audit.models import Entry
from consent import selectors, sharing_codes
from consent.models import Pause, SharingCode
from consent.references import reference
from consent.services import choices
from core import clock
from inquiry.models import Conversation
from subscribers import ids
from tests.integration.inquiry.cases import says
from tests.integration.inquiry.questions import Questions
from tests.integration.inquiry.talk import Service

pytestmark = pytest.mark.django_db(transaction=True)

Subscriber = Callable[..., str]


def test_a_sharing_code_leads_to_its_owner_and_a_few_at_most(
    service: Service, subscriber: Subscriber
) -> None:
    number = subscriber("330100")
    reply = service.reply(number, "SHARE")
    assert says(reply, "share.code")
    code = reply.split()[1].rstrip(",")
    row = SharingCode.objects.get(digest=sharing_codes.digest(code))
    assert row.expires_at - row.made_at == timedelta(hours=24)
    assert selectors.number_behind(row) == number
    for _ in range(choices.MOST_CODES - 1):
        assert says(service.reply(number, "SHARE"), "share.code")
    assert says(service.reply(number, "SHARE"), "share.too_many")
    assert Entry.objects.filter(event="subject.shared_code").count() == choices.MOST_CODES
    service.say(number, "STOP")
    assert not SharingCode.objects.exists()


def test_codes_that_nothing_rests_on_are_forgotten(
    service: Service, subscriber: Subscriber, settings: Settings
) -> None:
    service.say(subscriber("330100"), "SHARE")
    [row] = SharingCode.objects.all()
    over = row.expires_at + timedelta(hours=settings.REQUEST_OPEN_HOURS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: over)
        assert choices.forget_codes() == 0
        patch.setattr(clock, "now", lambda: over + timedelta(seconds=1))
        assert choices.forget_codes() == 1


def test_a_pause_ends_by_start_and_start_after_stop_does_not_end_it(
    service: Service, subscriber: Subscriber
) -> None:
    number = subscriber("330100")
    assert says(service.reply(number, "PAUSE"), "pause.done")
    until = Pause.objects.get().until
    assert says(service.reply(number, "PAUSE"), "pause.done")
    assert Pause.objects.get().until >= until
    service.say(number, "STOP")
    assert says(service.reply(number, "START"), "start.done")
    assert Pause.objects.exists()
    assert says(service.reply(number, "START"), "start.resumed")
    assert not Pause.objects.exists()
    assert says(service.reply(number, "START"), "start.running")


def test_check_knows_references_of_this_number_alone(
    service: Service, subscriber: Subscriber
) -> None:
    number, other = subscriber("330100"), subscriber("310000")
    named = service.agree(number).split()[-1]
    assert says(service.reply(number, f"check {named.lower()}"), "check.own")
    assert says(service.reply(other, f"CHECK {named}"), "check.none")
    assert says(service.reply(number, "CHECK 00000000"), "check.none")


def test_check_of_an_answer_that_an_organisation_got(
    service: Service, subscriber: Subscriber
) -> None:
    number, other = subscriber("330100"), subscriber("310000")
    handed = Questions(service).hand_over(number)
    for ref in (reference(handed.id), handed.id.hex[:8]):
        first, second = service.reply(number, f"CHECK {ref}").splitlines()
        assert says(first, "check.asker")
        assert "River Works Ltd" in first
        assert says(second, "check.deleted")
        assert says(service.reply(other, f"CHECK {ref}"), "check.none")
    service.say(number, "LIST")
    service.say(number, "DROP 1")
    reply = service.reply(number, f"CHECK {handed.id.hex[:8]}")
    assert says(reply.splitlines()[1], "check.taken_back")


@pytest.fixture
def with_id(service: Service, subscriber: Subscriber, settings: Settings) -> str:
    """A number whose holder's ID ends in 123X, where TRIP has to carry it."""
    settings.ID_CHECK = True
    number = subscriber("330100")
    for index, since in service.world.superuser.execute(
        "SELECT msisdn_index, valid_from FROM subscribers_tenure"
    ).fetchall():
        service.world.superuser.execute(
            "UPDATE subscribers_tenure SET id_digest = %s", [ids.digest(index, since, "123X")]
        )
    return number


def test_no_notice_without_the_end_of_the_id(service: Service, with_id: str) -> None:
    assert says(service.reply(with_id, "TRIP"), "trip.id_needed")
    assert says(service.reply(with_id, "TRIP 1234"), "trip.id_wrong")
    assert says(service.reply(with_id, "trip 123x"), "notice.self")
    assert Conversation.objects.get().id_attempts == 0


def test_three_wrong_ones_hold_the_number_for_a_day(service: Service, with_id: str) -> None:
    for wrong in ("1234", "1235"):
        assert says(service.reply(with_id, f"TRIP {wrong}"), "trip.id_wrong")
    assert says(service.reply(with_id, "TRIP 1236"), "trip.held")
    assert says(service.reply(with_id, "TRIP 123X"), "trip.held")
    assert Entry.objects.filter(event="subject.held").count() == 1
    assert not Entry.objects.filter(event="consent.requested").exists()
    Conversation.objects.update(held_until=clock.now())
    assert says(service.reply(with_id, "TRIP 123X"), "notice.self")


def test_a_consent_in_force_does_not_open_without_the_id(service: Service, with_id: str) -> None:
    service.agree(with_id, "TRIP 123X")
    assert says(service.reply(with_id, "TRIP"), "trip.id_needed")
    assert "Hangzhou" in service.reply(with_id, "TRIP 123X")


def test_a_number_without_an_id_is_not_asked(
    service: Service, subscriber: Subscriber, settings: Settings
) -> None:
    settings.ID_CHECK = True
    assert says(service.reply(subscriber("330100"), "TRIP 1234"), "trip.id_unknown")


def test_without_the_setting_the_digits_are_nothing(
    service: Service, subscriber: Subscriber
) -> None:
    assert says(service.reply(subscriber("330100"), "TRIP 1234"), "notice.self")
