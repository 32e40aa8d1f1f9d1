"""ERASE: whatever can be read of one holder of a number is gone, and stays gone."""

import pytest
from django.db import DatabaseError

from consent import gate, selectors, services
from consent.looks import looks
from consent.models import Consent, Notice
from core import person_keys
from core.models import PersonKey
from subscribers.services import identify
from tests.integration.consent.world import DAYS_BACK, Person, World

pytestmark = pytest.mark.django_db(transaction=True)


def erase(world: World, person: Person) -> int:
    erased = services.erase(inbound=world.text(person.number, "ERASE"), tenure=person.tenure)
    assert erased.kept_until is None
    return erased.entry_id


def test_everything_goes_in_one_transaction(world: World) -> None:
    person, other = world.agreed(), world.agreed()
    pending = world.claimed(person)
    world.sequence()
    subscriber, imsi = world.superuser.execute(
        "SELECT subscriber_ref, imsi_index FROM subscribers_tenure WHERE id = %s",
        [person.tenure.id],
    ).fetchone() or (None, None)
    entry = erase(world, person)

    for table in ("signaling_staypoint", "signaling_coverage"):
        left = f"SELECT count(*) FROM {table} WHERE subscriber_ref = %s"
        assert world.value(left, subscriber) == 0
        assert world.value(f"SELECT count(*) FROM {table}") == len(DAYS_BACK), "the other person's"
    assert world.value("SELECT count(*) FROM subscribers_tenure") == 1
    assert person_keys.get(person.tenure.key_id) is None
    assert not PersonKey.objects.filter(number_index=person.index).exists()
    assert person_keys.get(other.tenure.key_id) is not None
    consent = Consent.objects.get(id=person.consent)
    assert (consent.state, consent.end_reason) == ("withdrawn", "erased")
    assert consent.number_index is None
    assert consent.code_digest is None
    assert gate.settle(pending).startswith("denied:")
    assert gate.fetch(pending) == []
    assert not gate.hold(person.consent)
    kept = world.superuser.execute(
        "SELECT imsi_index, subscriber_ref, files_erased_at FROM subscribers_tombstone"
    ).fetchall()
    assert kept == [(imsi, subscriber, None)]
    assert world.events(person)[-3:] == ["consent.withdrawn", "access.denied", "erasure.done"]
    assert world.value("SELECT max(id) FROM audit_entry") == entry


def test_what_was_sealed_cannot_be_read_any_more(world: World) -> None:
    person = world.agreed()
    notice = Notice.objects.get(consent_id=person.consent)
    erase(world, person)
    assert person_keys.get(notice.key_id) is None
    assert bytes(notice.sealed)


def test_the_same_person_may_come_back_as_a_stranger(world: World) -> None:
    person = world.agreed()
    erase(world, person)
    again = identify(inbound=world.text(person.number))
    assert again.id != person.tenure.id
    assert again.key_id != person.tenure.key_id
    assert list(selectors.live_consents(again.id)) == []
    assert looks(again.subject_ref) == []


def test_an_erased_code_grants_nothing(world: World) -> None:
    person = world.person()
    world.ask(person)
    inbound = world.text(person.number, "ERASE")
    services.erase(inbound=inbound, tenure=person.tenure)
    assert world.state(person.consent) == "refused"
    fresh = world.person(subscribed=False, number=person.number)
    fresh.code = person.code
    assert world.ok(fresh).outcome == "none_open"


def test_twice_leaves_a_tombstone_for_each_reference(world: World) -> None:
    """The files may hold both: the second erasure can come before they have been rewritten."""
    number, imsi = world.number(), b"i" * 32
    references = set()
    for _ in range(2):
        world.subscribe(number, imsi=imsi)
        inbound = world.text(number)
        tenure = identify(inbound=inbound)
        references.add(
            world.value("SELECT subscriber_ref FROM subscribers_tenure WHERE id = %s", tenure.id)
        )
        services.erase(inbound=inbound, tenure=tenure)
    kept = world.superuser.execute(
        "SELECT imsi_index, subscriber_ref, files_erased_at FROM subscribers_tombstone"
    ).fetchall()
    assert {row[1] for row in kept} == references
    assert [(row[0], row[2]) for row in kept] == [(imsi, None)] * 2


def test_a_number_without_subscription_leaves_no_tombstone(world: World) -> None:
    person = world.person(subscribed=False)
    erase(world, person)
    assert world.value("SELECT count(*) FROM subscribers_tombstone") == 0
    assert world.events(person) == ["erasure.done"]


def test_nobody_erases_somebody_else(world: World) -> None:
    person, other = world.agreed(), world.person()
    with pytest.raises(DatabaseError, match="present holder"):
        services.erase(inbound=world.text(other.number), tenure=person.tenure)
    world.end_tenure(person.tenure.id)
    with pytest.raises(DatabaseError, match="present holder"):
        services.erase(inbound=world.text(person.number), tenure=person.tenure)
    assert person_keys.get(person.tenure.key_id) is not None


def test_the_old_holders_texts_survive_the_new_holders_erasure(world: World) -> None:
    """The old holder's evidence is the old holder's to erase, or the purge's."""
    person = world.agreed()
    world.end_tenure(person.tenure.id)
    newcomer = world.person(subscribed=False, number=person.number)
    erase(world, newcomer)
    assert person_keys.get(person.tenure.key_id) is not None
    assert person_keys.get(newcomer.tenure.key_id) is None
