"""Legal holds: by two, for a time, and over nobody's head."""

import re
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.db import DatabaseError
from django.test import Client
from psycopg import errors

from accounts.models import User
from consent import services
from core import person_keys
from inquiry import erasures
from oversight.models import Hold
from oversight.services import holding
from sms_gateway.models import OutboundMessage
from sms_gateway.services import opting
from tests.factories import people
from tests.integration.consent.world import Person, World

AsRole = Callable[[str], AbstractContextManager[None]]
Enter = Callable[[User], Client]
Auditors = tuple[User, User]
WEEK = timedelta(days=7)


@pytest.fixture
def person(auditors: Auditors, world: World, as_role: AsRole) -> Person:
    with as_role("worker"):
        return world.agreed()


def hold(auditors: Auditors, person: Person, until: datetime | None = None) -> uuid.UUID:
    asker, decider = auditors
    held = holding.ask(
        by=asker,
        subject_ref=person.tenure.subject_ref,
        reason="court_order",
        until=until or datetime.now(UTC) + WEEK,
    )
    holding.decide(by=decider, hold_id=held, grant=True)
    return held


def erase(world: World, person: Person) -> datetime | None:
    inbound = world.text(person.number, "ERASE")
    return services.erase(inbound=inbound, tenure=person.tenure).kept_until


def test_two_auditors_set_it_on_the_page_and_two_lift_it(
    auditors: Auditors, person: Person, enter: Enter, world: World
) -> None:
    ana, ben = map(enter, auditors)
    day = (datetime.now(UTC) + WEEK).date().isoformat()
    asked = {"subject_ref": person.tenure.subject_ref, "reason": "legal_duty", "until": day}
    assert ana.post("/oversight/holds/", asked).status_code == 302
    here = f"/oversight/holds/{Hold.objects.get().id}/"
    refused = "Nobody decides what they asked themself"
    assert refused in ana.post(f"{here}agree/", follow=True).content.decode()
    ben.post(f"{here}agree/")
    assert Hold.objects.get().is_granted
    ana.post(f"{here}lift/")
    assert refused in ana.post(f"{here}lift/", follow=True).content.decode()
    assert Hold.objects.get().lifted_at is None
    assert "Lift it, as ana" in ben.get("/oversight/holds/").content.decode()
    ben.post(f"{here}lift/")
    assert Hold.objects.get().lifted_by == auditors[1].id
    assert [e for e in world.events(person) if e.startswith("hold.")] == [
        "hold.asked", "hold.set", "hold.lifted",
    ]  # fmt: skip
    for wrong in ({"subject_ref": uuid.uuid4()}, {"until": "2020-01-01"}, {"until": "2040-01-01"}):
        assert ana.post("/oversight/holds/", {**asked, **wrong}).status_code == 200
    assert Hold.objects.count() == 1


def test_the_database_wants_two_auditors_and_an_end(
    auditors: Auditors, person: Person, world: World, as_role: AsRole,
    connect_as: Callable[[str], psycopg.Connection],
) -> None:  # fmt: skip
    with as_role("owner"):
        operator = people.operator()
    subject, soon = person.tenure.subject_ref, datetime.now(UTC) + WEEK
    with pytest.raises(DatabaseError, match="only auditors"):
        holding.ask(by=operator, subject_ref=subject, reason="complaint", until=soon)
    with pytest.raises(DatabaseError, match="hold_ends_within_a_year"):
        holding.ask(by=auditors[0], subject_ref=subject, reason="complaint", until=soon + 53 * WEEK)
    held = hold(auditors, person)
    with pytest.raises(holding.NotAllowedError):
        holding.decide(by=auditors[0], hold_id=held, grant=False)
    auditor = connect_as("auditor")
    auditor.autocommit = True
    for change in ("UPDATE oversight_hold SET until = now()", "DELETE FROM oversight_hold"):
        for who in (auditor, world.superuser):
            with pytest.raises(errors.InsufficientPrivilege):
                who.execute(change)
    with pytest.raises(errors.CheckViolation):
        world.superuser.execute(
            "INSERT INTO oversight_hold (id, subject_ref, reason, until, asked_by, asked_at)"
            " SELECT gen_random_uuid(), subject_ref, reason, asked_at + interval '2 years',"
            " asked_by, asked_at FROM oversight_hold"
        )


def test_what_is_held_is_erased_by_nobody_and_withdrawn_as_ever(
    auditors: Auditors, person: Person, world: World, as_role: AsRole,
    freeze_database: Callable[[datetime], None],
) -> None:  # fmt: skip
    now = datetime.now(UTC)
    held = hold(auditors, person, now + WEEK)
    with as_role("worker"):
        kept_until = erase(world, person)
        assert kept_until is not None
        assert abs(kept_until - (now + WEEK)) < timedelta(seconds=2)
        assert erase(world, person) == kept_until, "once is enough, and is told again"
        assert world.state(person.consent) == "withdrawn"
        assert person_keys.get(person.tenure.key_id) is not None
        assert world.events(person)[-1] == "erasure.asked"
        assert erasures.carry_out_due() == 0
    for table in ("subscribers_tenure", "core_personkey"):
        with pytest.raises(errors.InsufficientPrivilege, match="legal hold"):
            world.superuser.execute(f"DELETE FROM {table}")
    holding.lift(by=auditors[0], hold_id=held)
    with as_role("worker"):
        assert erasures.carry_out_due() == 0, "asked to lift it is not lifted"
    freeze_database(now + WEEK + timedelta(seconds=1))
    with as_role("worker"):
        assert erasures.carry_out_due() == 1
        assert erasures.carry_out_due() == 0
        assert person_keys.get(person.tenure.key_id) is None
        assert OutboundMessage.objects.get(kind="erased").number_index == person.index
    assert world.value("SELECT count(*) FROM signaling_staypoint") == 0
    assert world.value("SELECT count(*) FROM subscribers_tombstone") == 1
    assert world.events(person)[-1] == "erasure.done"
    # The wish is gone with its number, and nothing is left to hold.
    assert world.value("SELECT count(*) FROM consent_erasurewish") == 0


def test_lifted_early_the_next_holder_of_the_number_notices_nothing(
    auditors: Auditors, person: Person, world: World, as_role: AsRole
) -> None:
    held = hold(auditors, person)
    with as_role("worker"):
        erase(world, person)
    world.end_tenure(person.tenure.id)
    with as_role("worker"):
        newcomer = world.agreed(world.person(subscribed=False, number=person.number))
    for auditor in auditors:
        holding.lift(by=auditor, hold_id=held)
    with as_role("worker"):
        assert erasures.carry_out_due() == 1
        assert world.state(newcomer.consent) == "granted"
        assert person_keys.get(newcomer.tenure.key_id) is not None
        assert person_keys.get(person.tenure.key_id) is None
        assert not OutboundMessage.objects.filter(kind="erased").exists()


@pytest.mark.parametrize("meanwhile", ["the number went back", "they said STOP"])
def test_lifted_early_nobody_is_texted_who_is_not_to_be(
    auditors: Auditors, person: Person, world: World, as_role: AsRole, meanwhile: str
) -> None:
    held = hold(auditors, person)
    with as_role("worker"):
        erase(world, person)
        if meanwhile == "they said STOP":
            opting.opt_out(number_index=person.index, word="STOP")
    if meanwhile == "the number went back":
        world.end_tenure(person.tenure.id)
    for auditor in auditors:
        holding.lift(by=auditor, hold_id=held)
    with as_role("worker"):
        assert erasures.carry_out_due() == 1
        assert not OutboundMessage.objects.filter(kind="erased").exists()


def test_a_hold_and_an_erasure_at_the_same_moment_one_comes_first(
    auditors: Auditors, person: Person, world: World, as_role: AsRole
) -> None:
    """Asked before the erasure, decided after it: there is nobody any more to hold."""
    asked = holding.ask(
        by=auditors[0],
        subject_ref=person.tenure.subject_ref,
        reason="complaint",
        until=datetime.now(UTC) + WEEK,
    )
    with as_role("worker"):
        assert erase(world, person) is None
    with pytest.raises(holding.NotAllowedError):
        holding.decide(by=auditors[1], hold_id=asked, grant=True)
    assert not re.search("hold.set", str(world.events(person)))
