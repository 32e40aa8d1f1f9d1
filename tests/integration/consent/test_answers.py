"""Silence is not consent: only OK with a live code from the number that was asked grants."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError

from consent import codes, gate, selectors, services
from consent.models import Consent, Notice
from core import person_keys
from tests.integration.consent.world import World

pytestmark = pytest.mark.django_db(transaction=True)

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
LIFE = timedelta(minutes=30)
SPLIT = timedelta(microseconds=1)

Freeze = Callable[[datetime], None]


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def test_the_right_code_grants_for_thirty_days(world: World) -> None:
    person = world.person()
    world.ask(person)
    answer = world.ok(person)
    consent = Consent.objects.get(id=person.consent)
    assert answer == gate.Answer("granted", person.consent, consent.last_entry)
    assert consent.granted_at is not None
    assert consent.valid_until == consent.granted_at + timedelta(days=30)
    assert consent.terms["recipients"] == ["self"]
    assert selectors.own_consent(person.tenure.id) == consent


def test_the_evidence_opens_with_the_persons_key_only(world: World) -> None:
    person = world.agreed()
    [body] = world.bodies("consent.granted")
    enc = body["enc"]
    assert isinstance(enc, dict)
    key = person_keys.get(person.tenure.key_id)
    assert key is not None
    assert enc["key_id"] == str(key.id)
    context = f"{person.tenure.subject_ref}|{body['entry_uuid']}"
    reply = json.loads(key.unseal(base64.b64decode(enc["ct"]), context))
    assert reply["text"] == f"OK {person.code}"


def test_the_notice_is_kept_sealed_and_its_hash_does_not_give_the_code_away(world: World) -> None:
    person = world.person()
    first, second = world.ask(person), world.ask(person)
    kept = Notice.objects.get(consent_id=second.consent_id)
    key = person_keys.get(kept.key_id)
    assert key is not None
    opened = key.unseal(bytes(kept.sealed), f"notice|{person.tenure.subject_ref}")
    assert opened == second.text
    hashes = {bytes(n.sha256) for n in Notice.objects.all()}
    assert len(hashes) == 1, "two codes, one hash"
    assert first.code != second.code


@pytest.mark.parametrize(
    ("late", "outcome"), [(LIFE - SPLIT, "granted"), (LIFE, "expired"), (LIFE * 3, "expired")]
)
def test_a_code_lives_thirty_minutes(
    world: World, freeze_database: Freeze, late: timedelta, outcome: str
) -> None:
    freeze_database(NOON)
    person = world.person()
    world.ask(person)
    freeze_database(NOON + late)
    assert world.ok(person).outcome == outcome
    assert world.state(person.consent) == outcome


def test_a_text_that_came_in_time_counts_although_it_is_handled_late(
    world: World, freeze_database: Freeze
) -> None:
    freeze_database(NOON)
    person = world.person()
    world.ask(person)
    freeze_database(NOON + LIFE - SPLIT)
    inbound = world.text(person.number, f"OK {person.code}")
    freeze_database(NOON + LIFE * 2 - SPLIT * 2)
    assert gate.expire_due() == 0
    assert gate.grant(inbound_id=inbound.id).outcome == "granted"


def test_a_text_older_than_a_codes_life_grants_nothing(
    world: World, freeze_database: Freeze
) -> None:
    freeze_database(NOON)
    person = world.person()
    world.ask(person)
    inbound = world.text(person.number, f"OK {person.code}")
    freeze_database(NOON + LIFE)
    assert gate.grant(inbound_id=inbound.id).outcome == "expired"


def test_a_text_from_before_the_question_grants_nothing(
    world: World, freeze_database: Freeze
) -> None:
    freeze_database(NOON)
    person = world.person()
    freeze_database(NOON + SPLIT)
    world.ask(person)
    early = world.text(person.number, f"OK {person.code}", at=NOON)
    assert gate.grant(inbound_id=early.id).outcome == "expired"
    assert world.state(person.consent) == "disclosed"


def test_the_request_is_closed_once_no_text_can_answer_it(
    world: World, freeze_database: Freeze
) -> None:
    freeze_database(NOON)
    person = world.person()
    world.ask(person)
    freeze_database(NOON + 2 * LIFE)
    assert gate.expire_due() == 1
    assert gate.expire_due() == 0
    assert world.state(person.consent) == "expired"
    assert world.bodies("consent.expired")[0]["reason"] == "time_up"


def test_three_wrong_codes_end_every_open_request_of_the_number(world: World) -> None:
    person = world.person()
    world.ask(person)
    other = world.ask_for_organisation(person, code="111111")
    outcomes = [world.ok(person, wrong(person.code)).outcome for _ in range(3)]
    assert outcomes == ["wrong_code", "wrong_code", "too_many"]
    assert world.state(person.consent) == world.state(other) == "expired"
    assert [b["reason"] for b in world.bodies("consent.expired")] == ["too_many_codes"] * 2
    assert world.ok(person).outcome == "expired"


def test_one_wrong_text_handled_often_is_one_wrong_code(world: World) -> None:
    person = world.person()
    world.ask(person)
    inbound = world.text(person.number, f"OK {wrong(person.code)}")
    for _ in range(5):
        assert gate.grant(inbound_id=inbound.id).outcome == "wrong_code"
    assert world.ok(person).outcome == "granted"


def test_another_numbers_code_is_a_wrong_code(world: World) -> None:
    person, other = world.person(), world.person()
    world.ask(person)
    world.ask(other)
    if person.code == other.code:  # one in a million
        world.ask(other)
    assert world.ok(person, other.code).outcome == "wrong_code"
    assert world.state(person.consent) == world.state(other.consent) == "disclosed"


def test_a_code_without_question_is_nothing(world: World) -> None:
    person = world.person()
    assert world.ok(person, "123456").outcome == "none_open"
    assert gate.grant(inbound_id=10**12).outcome == "none_open"


def test_the_same_text_agrees_once(world: World) -> None:
    person = world.person()
    world.ask(person)
    inbound = world.text(person.number, f"OK {person.code}")
    outcomes = [gate.grant(inbound_id=inbound.id).outcome for _ in range(3)]
    assert outcomes == ["granted", "already", "already"]
    assert world.ok(person).outcome == "already"
    assert world.events(person).count("consent.granted") == 1


def test_a_replayed_agreement_does_not_undo_a_withdrawal(world: World) -> None:
    person = world.person()
    world.ask(person)
    inbound = world.text(person.number, f"OK {person.code}")
    gate.grant(inbound_id=inbound.id)
    assert world.stop(person) == 1
    assert gate.grant(inbound_id=inbound.id).outcome == "expired"
    assert world.ok(person).outcome == "expired"
    assert world.state(person.consent) == "withdrawn"


def test_a_code_before_any_receipt_proves_that_the_notice_arrived(world: World) -> None:
    person = world.person()
    asked = services.ask(inbound=world.text(person.number), tenure=person.tenure, locale="zh")
    assert world.state(asked.consent_id) == "requested"
    person.code, person.consent = asked.code, asked.consent_id
    assert world.ok(person).outcome == "granted"
    assert not gate.notice_delivered(asked.consent_id)
    assert Notice.objects.get(consent_id=asked.consent_id).delivered_by == "code"
    assert gate.notice_sent(asked.consent_id), "the gateway may report late"
    assert world.events(person) == [
        "consent.requested",
        "consent.notice_delivered",
        "consent.granted",
        "consent.notice_sent",
    ]


def test_delivery_and_time_grant_nothing(world: World, freeze_database: Freeze) -> None:
    freeze_database(NOON)
    person = world.person()
    asked = world.ask(person)
    assert gate.notice_delivered(asked.consent_id)
    assert not gate.notice_delivered(asked.consent_id)
    assert not gate.notice_sent(asked.consent_id)
    assert world.state(asked.consent_id) == "disclosed"
    freeze_database(NOON + timedelta(days=1))
    gate.expire_due()
    assert world.state(asked.consent_id) == "expired"


def test_no_needs_the_code(world: World) -> None:
    person = world.person()
    world.ask(person)
    refused = services.refuse(inbound=world.text(person.number), code=wrong(person.code))
    assert refused.outcome == "wrong_code"
    refused = services.refuse(inbound=world.text(person.number), code=person.code)
    assert refused == gate.Answer("refused", person.consent)
    assert world.state(person.consent) == "refused"
    assert world.ok(person).outcome == "expired"


def test_a_new_question_replaces_the_open_one_of_the_same_asker(world: World) -> None:
    person = world.person()
    first = world.ask(person)
    organisation = world.ask_for_organisation(person, code="111111")
    second = world.ask(person)
    assert world.state(first.consent_id) == "expired"
    assert world.state(second.consent_id) == "disclosed"
    assert world.state(organisation) == "requested"
    assert world.bodies("consent.expired")[0]["reason"] == "replaced"
    if first.code != second.code:
        assert world.ok(person, first.code).outcome == "expired"
    assert world.ok(person).outcome == "granted"


def test_asking_again_by_the_same_text_asks_nothing_new(world: World) -> None:
    person = world.person()
    inbound = world.text(person.number)
    first = services.ask(inbound=inbound, tenure=person.tenure, locale="en")
    again = services.ask(inbound=inbound, tenure=person.tenure, locale="en")
    assert (first.fresh, again.fresh) == (True, False)
    assert (again.consent_id, again.entry_id) == (first.consent_id, first.entry_id)
    assert world.events(person) == ["consent.requested"]


def test_a_new_grant_supersedes_the_old_one(world: World) -> None:
    person = world.agreed()
    old = person.consent
    world.agreed(person)
    assert world.state(old) == "superseded"
    assert Consent.objects.get(id=old).superseded_by == person.consent
    assert [c.id for c in selectors.live_consents(person.tenure.id)] == [person.consent]
    [body] = world.bodies("consent.superseded")
    assert body["superseded_by"] == str(person.consent)


def test_a_code_that_is_open_already_is_not_used_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = world.person()
    world.ask_for_organisation(person, code="111111")
    drawn = iter(["111111", "111111", "222222"])
    monkeypatch.setattr(codes, "new_code", lambda: next(drawn))
    assert world.ask(person).code == "222222"


def test_nobody_asks_about_somebody_else(world: World) -> None:
    person, other = world.person(), world.person()
    with pytest.raises(DatabaseError, match="present holder"):
        services.ask(inbound=world.text(other.number), tenure=person.tenure, locale="en")
