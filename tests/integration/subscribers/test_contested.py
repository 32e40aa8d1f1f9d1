"""A feed that names a number's new holder and does not close the old one's row."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from consent import gate
from subscribers.models import Tenure
from subscribers.services import identify
from tests.integration.consent.world import JOURNEY, Person, World
from tests.integration.subscribers.loads import AsRole, load

pytestmark = pytest.mark.django_db(transaction=True)

Freeze = Callable[[datetime], None]
SINCE = datetime(2026, 1, 1, tzinfo=UTC)
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
OLD, NEW = b"o" * 32, b"n" * 32
DENIED = "denied:stale_subscriptions"


@pytest.fixture
def person(world: World, freeze_database: Freeze) -> Person:
    """The holder of a number, who agreed."""
    freeze_database(NOON)
    world.refresh("subscriptions")
    number = world.number()
    world.journey(world.subscribe(number, imsi=OLD, since=SINCE))
    return world.agreed(world.person(number=number, subscribed=False))


def contested_from(person: Person) -> datetime | None:
    return Tenure.objects.only("contested_from").get(id=person.tenure.id).contested_from


@pytest.mark.parametrize("old_row_too", [True, False])
@pytest.mark.parametrize("same", ["number", "imsi"])
def test_nothing_is_released_any_more(
    world: World, as_role: AsRole, person: Person, same: str, old_row_too: bool
) -> None:
    """Whether the feed is a full one, with the old row still open, or one of changes."""
    release = world.claimed(person)
    world.sequence()
    assert gate.settle(release) == "ready"
    assert gate.hold(person.consent)
    assert gate.hold(person.tenure.id)
    begun = NOON - timedelta(days=1)
    new = (person.number, NEW) if same == "number" else (world.number(), OLD)
    rows = [(person.number, OLD, SINCE, None)] if old_row_too else []
    loaded = load(as_role, *rows, (*new, begun, None))
    reason = "names another holder: the known one is not answered until its row is closed"
    assert loaded.refused == {reason: 1}
    assert loaded.named == [(3 if old_row_too else 2, reason)]
    assert contested_from(person) == begun
    assert gate.settle(release) == DENIED
    assert gate.fetch(release) == []
    assert world.claim(person).outcome == DENIED
    assert not gate.hold(person.consent)
    assert not gate.hold(person.tenure.id)
    assert world.state(person.consent) == "granted"
    assert world.uses(person.consent) == 0


def test_both_rows_in_a_first_load(world: World, as_role: AsRole, freeze_database: Freeze) -> None:
    freeze_database(NOON)
    number = world.number()
    loaded = load(
        as_role, (number, NEW, NOON - timedelta(days=1), None), (number, OLD, SINCE, None)
    )
    assert (loaded.added, loaded.refused.total()) == (1, 1)
    assert Tenure.objects.only("contested_from").get().contested_from is not None


def test_closing_the_old_row_settles_it(world: World, as_role: AsRole, person: Person) -> None:
    begun = NOON - timedelta(days=1)
    load(as_role, (person.number, NEW, begun, None))
    loaded = load(as_role, (person.number, OLD, SINCE, begun), (person.number, NEW, begun, None))
    assert (loaded.changed, loaded.added, loaded.refused) == (1, 1, {})
    assert contested_from(person) is None
    assert world.claim(person).outcome == "denied:tenure_ended"
    newcomer = world.person(number=person.number, subscribed=False)
    assert newcomer.tenure.valid_from == begun
    world.agreed(newcomer)
    assert world.claim(newcomer).outcome == "claimed"


def test_the_same_file_again_changes_nothing(
    world: World, as_role: AsRole, person: Person, freeze_database: Freeze
) -> None:
    rows = [(person.number, OLD, SINCE, None), (person.number, NEW, NOON, None)]
    load(as_role, *rows)
    freeze_database(NOON + timedelta(days=1))
    loaded = load(as_role, *rows)
    assert (loaded.unchanged, loaded.refused.total()) == (1, 1)
    assert contested_from(person) == NOON
    load(as_role, (person.number, OLD, SINCE, None))
    assert contested_from(person) == NOON, "a file that does not mention it settles nothing"


def test_a_handover_to_come_is_contested_from_then_on(
    world: World, as_role: AsRole, person: Person, freeze_database: Freeze
) -> None:
    handover = NOON + timedelta(hours=2)
    load(as_role, (person.number, NEW, handover, None))
    world.sequence()
    freeze_database(handover - timedelta(microseconds=1))
    release = world.claimed(person)
    world.sequence()
    assert len(gate.fetch(release)) == JOURNEY
    freeze_database(handover)
    assert world.claim(person).outcome == DENIED


def test_closed_in_time_a_handover_to_come_contests_nothing(
    world: World, as_role: AsRole, person: Person
) -> None:
    handover = NOON + timedelta(hours=2)
    load(as_role, (person.number, NEW, handover, None))
    load(as_role, (person.number, OLD, SINCE, handover + timedelta(hours=1)))
    assert contested_from(person) == handover, "the two still overlap"
    load(as_role, (person.number, OLD, SINCE, handover))
    assert contested_from(person) is None


def test_another_beginning_of_the_same_tenure_contests_nothing(
    world: World, as_role: AsRole, person: Person
) -> None:
    loaded = load(as_role, (person.number, OLD, SINCE + timedelta(days=1), None))
    assert loaded.refused == {"overlaps a known tenure of the same number or IMSI": 1}
    assert contested_from(person) is None


def test_an_old_file_does_not_contest_the_present_holder(
    world: World, as_role: AsRole, person: Person
) -> None:
    begun = NOON - timedelta(days=1)
    load(as_role, (person.number, OLD, SINCE, begun), (person.number, NEW, begun, None))
    loaded = load(as_role, (person.number, OLD, SINCE, None))
    assert loaded.refused == {"would reopen an ended tenure": 1}
    newcomer = identify(inbound=world.text(person.number, "TRIP"))
    assert newcomer.contested_from is None
