"""From the question to the answer, and every other way a question ends."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from consent import gate, services
from consent.looks import look_of, looks
from tests.integration.consent.world import World

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_journey_leaves_after_the_log_knows(world: World) -> None:
    person = world.person()
    asked = world.ask(person)
    assert asked.code in asked.text
    assert world.ok(person).outcome == "granted"
    release = world.claimed(person)
    assert gate.settle(release) == "waiting"
    assert gate.fetch(release) == []
    world.sequence()
    with transaction.atomic():
        assert gate.settle(release) == "ready"
        rows = gate.fetch(release)
        assert sum(row.kind == "coverage" for row in rows) == 2
        assert sum(row.city_code == "110100" for row in rows) == 2
        services.release(release_id=release, tenure=person.tenure, payload="the answer")
    assert gate.settle(release) == "released"
    assert gate.fetch(release) == []
    assert gate.delivered(release)
    assert not gate.delivered(release)
    assert world.uses(person.consent) == 1
    assert world.events(person) == [
        "consent.requested",
        "consent.notice_sent",
        "consent.notice_delivered",
        "consent.granted",
        "access.claimed",
        "access.fetched",
        "access.released",
        "access.delivered",
    ]
    [look] = looks(person.tenure.subject_ref)
    assert (look.who, look.event, look.purpose) == ("person", "access.delivered", "self_inquiry")
    assert look_of(person.tenure.subject_ref, look.entry_id) == look


def test_the_record_of_a_consent_is_printed_without_saying_whose_it_is(world: World) -> None:
    person = world.agreed()
    out = StringIO()
    call_command("consent_record", str(person.consent), stdout=out)
    found = json.loads(out.getvalue())
    assert found["header"]["record_id"] == str(person.consent)
    states = [event["event_state"] for event in found["events"]]
    assert states == ["Requested", "NoticeSent", "NoticeDelivered", "Given"]
    assert person.number[1:] not in out.getvalue()
    with pytest.raises(CommandError):
        call_command("consent_record", str(person.tenure.id))
