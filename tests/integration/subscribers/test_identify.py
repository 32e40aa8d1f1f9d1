"""Who sent a text: the present holder of the number, with a key nobody held before."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError

from core import person_keys
from subscribers import selectors
from subscribers.services import identify, set_language
from tests.integration.consent.world import World

pytestmark = pytest.mark.django_db(transaction=True)

Freeze = Callable[[datetime], None]
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def test_a_subscriber_is_found_and_gets_a_key_once(world: World) -> None:
    number = world.number()
    tenure_id = world.subscribe(number)
    inbound = world.text(number)
    first, again = identify(inbound=inbound), identify(inbound=world.text(number))
    assert first.id == again.id == tenure_id
    assert first.key_id == again.key_id == person_keys.current(inbound.number_index).id
    assert "subscriber_ref" in first.get_deferred_fields()


def test_a_number_without_subscription_gets_a_tenure(world: World) -> None:
    number = world.number()
    tenure = identify(inbound=world.text(number))
    assert identify(inbound=world.text(number)).id == tenure.id
    assert tenure.valid_to is None
    imsi = "SELECT imsi_index FROM subscribers_tenure WHERE id = %s"
    assert world.value(imsi, tenure.id) is None


def test_a_placeholder_ends_where_the_next_known_tenure_begins(
    world: World, freeze_database: Freeze
) -> None:
    freeze_database(NOON)
    number = world.number()
    later = world.subscribe(number, since=NOON + timedelta(days=1))
    before = identify(inbound=world.text(number))
    assert before.id != later
    assert before.valid_to == NOON + timedelta(days=1)
    freeze_database(NOON + timedelta(days=1))
    after = identify(inbound=world.text(number))
    assert after.id == later
    assert after.key_id != before.key_id


def test_a_new_holder_never_reads_the_old_ones_texts(world: World, freeze_database: Freeze) -> None:
    freeze_database(NOON)
    number = world.number()
    world.subscribe(number, until=NOON + timedelta(hours=1))
    world.subscribe(number, since=NOON + timedelta(hours=1))
    old = identify(inbound=world.text(number))
    freeze_database(NOON + timedelta(hours=1) - timedelta(microseconds=1))
    assert identify(inbound=world.text(number)).id == old.id
    freeze_database(NOON + timedelta(hours=1))
    new = identify(inbound=world.text(number))
    assert new.id != old.id
    assert new.subject_ref != old.subject_ref
    assert new.key_id != old.key_id
    key = person_keys.get(new.key_id)
    assert key is not None
    assert key.id == person_keys.current(world.text(number).number_index).id
    assert selectors.current(world.text(number).number_index) == new


def test_a_language_is_remembered_for_the_tenure(world: World) -> None:
    person = world.person()
    set_language(tenure_id=person.tenure.id, language="zh")
    found = selectors.get(person.tenure.id)
    assert found is not None
    assert found.language == "zh"


def test_no_text_no_tenure(world: World) -> None:
    inbound = world.text(world.number())
    world.superuser.execute("DELETE FROM sms_gateway_inboundmessage WHERE id = %s", [inbound.id])
    with pytest.raises(DatabaseError, match="no inbound text"):
        identify(inbound=inbound)
    assert selectors.current(inbound.number_index) is None
