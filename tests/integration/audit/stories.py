"""A real log: people ask, agree, are answered, withdraw and are erased, through the real gate."""

from django.db import transaction

from consent import gate, services
from tests.integration.consent.world import Person, World


def answered(world: World, person: Person) -> None:
    """One access under a consent, from the claim to its delivery."""
    release = world.claimed(person)
    world.sequence()
    with transaction.atomic():
        gate.fetch(release)
        services.release(release_id=release, tenure=person.tenure, payload="the answer")
    gate.delivered(release)


def lived(world: World) -> list[Person]:
    """A log of some thirty entries and several checkpoints, of which the last entries wait.

    The first was answered twice and withdrew, the second refused and then agreed, the third was
    erased while an answer was on its way.
    """
    first, second, third = (world.person() for _ in range(3))
    world.agreed(first)
    world.sequence()
    answered(world, first)
    answered(world, first)
    world.stop(first)
    world.ask(second)
    inbound = world.text(second.number, f"NO {second.code}")
    services.refuse(inbound=inbound, code=second.code)
    world.sequence()
    world.agreed(second)
    answered(world, second)
    world.agreed(third)
    world.claimed(third)
    services.erase(inbound=world.text(third.number, "ERASE"), tenure=third.tenure)
    world.sequence()
    world.ask(second)
    return [first, second, third]
