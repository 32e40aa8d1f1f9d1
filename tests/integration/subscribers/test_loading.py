"""A load against a person who erases themself, or texts for the first time, at the same moment."""

from datetime import UTC, datetime

import pytest
from django.db import OperationalError, connection, transaction

from consent import services
from subscribers.models import Tenure
from subscribers.services import identify
from tests.integration.consent.world import World
from tests.integration.subscribers.loads import AsRole, load, stopped_after

pytestmark = pytest.mark.django_db(transaction=True)

SINCE = datetime(2020, 1, 1, tzinfo=UTC)
IMSI = b"i" * 32


@pytest.mark.parametrize("step", ["ERASED", "KNOWN", "CLASHING"])
def test_who_erases_themself_during_a_load_does_not_come_back_with_it(
    world: World, as_role: AsRole, step: str
) -> None:
    """The load looked for erasures before this one was there."""
    number = world.number()
    world.subscribe(number, imsi=IMSI, since=SINCE)
    inbound = world.text(number, "ERASE")
    tenure = identify(inbound=inbound)
    with stopped_after(step, world.superuser, (number, IMSI, SINCE, None)) as loaded:
        services.erase(inbound=inbound, tenure=tenure)
    assert (loaded.result().added, loaded.result().changed) == (0, 0)
    assert not Tenure.objects.exists()
    assert load(as_role, (number, IMSI, SINCE, None)).erased == 1
    assert not Tenure.objects.exists()


@pytest.mark.parametrize("step", ["LOCK", "REOPENING", "CLASHING"])
def test_a_first_text_during_a_load_neither_breaks_it_nor_is_kept_waiting(
    world: World, step: str
) -> None:
    number = world.number()
    inbound = world.text(number, "TRIP")
    with (
        stopped_after(step, world.superuser, (number, IMSI, SINCE, None)) as loaded,
        pytest.raises(OperationalError, match="lock timeout"),
    ):
        identify(inbound=inbound)
    assert loaded.result().added == 1
    tenure = identify(inbound=inbound)
    assert tenure.valid_from == SINCE
    assert world.value("SELECT imsi_index FROM subscribers_tenure WHERE id = %s", tenure.id) == IMSI


def test_who_is_known_already_does_not_notice_a_load(world: World) -> None:
    known, unknown = world.person(), world.number()
    with stopped_after("CLASHING", world.superuser, (unknown, IMSI, SINCE, None)):
        assert identify(inbound=world.text(known.number, "TRIP")).id == known.tenure.id


def test_the_short_wait_is_for_identifying_alone(world: World) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        identify(inbound=world.text(world.number(), "TRIP"))
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("5s",)
