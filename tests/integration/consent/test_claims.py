"""Claiming: who may, how often, for which days, and what the log says of it."""

import base64
import hmac
import json
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

import pytest
from django.db import DatabaseError, connection, transaction

from consent import gate, selectors, services
from consent.looks import looks
from core import person_keys
from tests.integration.consent.world import JOURNEY, World

pytestmark = pytest.mark.django_db(transaction=True)

Freeze = Callable[[datetime], None]
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
SPLIT = timedelta(microseconds=1)


def test_the_window_is_the_fourteen_full_local_days_before_today(
    world: World, freeze_database: Freeze
) -> None:
    """Midnight in Shanghai is 16:00 in UTC."""
    midnight = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
    freeze_database(midnight - SPLIT)
    person = world.agreed()
    before = selectors.release(world.claimed(person))
    freeze_database(midnight)
    after = selectors.release(world.claimed(person))
    assert before is not None
    assert after is not None
    assert (str(before.window_from), str(before.window_to)) == ("2026-11-09", "2026-11-22")
    assert (str(after.window_from), str(after.window_to)) == ("2026-11-10", "2026-11-23")


def test_only_the_window_comes_out_and_only_of_this_tenure(world: World) -> None:
    person = world.agreed()
    other = world.subscribe(world.number())
    world.journey(other, city="990000")
    release_id = world.claimed(person)
    world.sequence()
    rows = gate.fetch(release_id)
    claim = selectors.release(release_id)
    assert claim is not None
    assert {row.day for row in rows} == {
        claim.window_from,
        claim.window_to,
    }, "neither today nor what is older than the window, though both are stored"
    assert {row.city_code for row in rows} == {"110100", None}


def test_what_is_fetched_after_midnight_is_not_older_than_the_window_then(
    world: World, freeze_database: Freeze
) -> None:
    midnight = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
    freeze_database(midnight - SPLIT)
    world.refresh("subscriptions")
    person = world.agreed()
    before, after = world.claimed(person), world.claimed(person)
    world.sequence()
    first, last = date(2026, 11, 9), date(2026, 11, 22)
    assert {row.day for row in gate.fetch(before)} == {first, last}
    freeze_database(midnight)
    with transaction.atomic():
        assert {row.day for row in gate.fetch(after)} == {last}
        services.release(release_id=after, tenure=person.tenure, payload="13 days")
    narrowed = selectors.release(after)
    assert narrowed is not None
    assert (narrowed.window_from, narrowed.window_to) == (first + timedelta(days=1), last)
    for event in ("access.fetched", "access.released"):
        said = [body for body in world.bodies(event) if body["release_id"] == str(after)]
        assert [body["window_from"] for body in said] == ["2026-11-10"]


def test_the_same_text_claims_once(world: World) -> None:
    person = world.agreed()
    inbound = world.text(person.number)
    claims = [services.claim(inbound=inbound, consent_id=person.consent) for _ in range(3)]
    assert len({(c.outcome, c.release_id, c.entry_id) for c in claims}) == 1
    assert world.uses(person.consent) == 1
    assert world.events(person).count("access.claimed") == 1


def test_a_text_opens_one_consent_only(world: World) -> None:
    person = world.agreed()
    inbound = world.text(person.number)
    services.claim(inbound=inbound, consent_id=person.consent)
    world.agreed(person)
    outcome = services.claim(inbound=inbound, consent_id=person.consent).outcome
    assert outcome == "denied:wrong_cause"


def test_an_old_text_claims_nothing(world: World, freeze_database: Freeze) -> None:
    freeze_database(NOON)
    person = world.agreed()
    old = world.text(person.number)
    freeze_database(NOON + timedelta(hours=24) - SPLIT)
    assert services.claim(inbound=old, consent_id=person.consent).outcome == "claimed"
    old = world.text(person.number, at=NOON)
    freeze_database(NOON + timedelta(hours=24))
    assert services.claim(inbound=old, consent_id=person.consent).reason == "wrong_cause"


def test_nothing_after_its_time(world: World, freeze_database: Freeze) -> None:
    freeze_database(NOON)
    person = world.agreed()
    freeze_database(NOON + timedelta(days=30) - SPLIT)
    world.refresh("subscriptions")
    release = world.claimed(person)
    assert gate.hold(person.consent)
    freeze_database(NOON + timedelta(days=30))
    world.sequence()
    assert not gate.hold(person.consent)
    assert selectors.own_consent(person.tenure.id) is None
    assert world.claim(person).outcome == "denied:expired"
    assert world.state(person.consent) == "expired"
    assert gate.fetch(release) == []
    assert gate.settle(release) == "denied:expired"
    assert world.uses(person.consent) == 0


def test_nothing_after_a_withdrawal(world: World) -> None:
    person = world.agreed()
    release = world.claimed(person)
    world.sequence()
    assert gate.settle(release) == "ready"
    assert world.stop(person) == 1
    assert gate.fetch(release) == []
    assert gate.settle(release) == "denied:withdrawn"
    assert not gate.hold(person.consent)
    assert world.claim(person).outcome == "denied:withdrawn"
    assert world.uses(person.consent) == 0
    denied = [body for body in world.bodies("access.denied") if "release_id" in body]
    assert [body["release_id"] for body in denied] == [str(release)], "said once"
    assert [a.event for a in looks(person.tenure.subject_ref)] == ["access.denied"] * 2


def test_a_new_holder_sees_nothing_of_the_old(world: World) -> None:
    person = world.agreed()
    release = world.claimed(person)
    world.sequence()
    world.end_tenure(person.tenure.id)
    assert not gate.hold(person.consent)
    assert gate.fetch(release) == []
    assert gate.settle(release) == "denied:tenure_ended"
    assert world.state(person.consent) == "invalidated"
    newcomer = world.person(number=person.number, subscribed=False)
    newcomer.consent = person.consent
    assert newcomer.tenure.id != person.tenure.id
    assert newcomer.tenure.key_id != person.tenure.key_id
    assert world.claim(newcomer).outcome == "denied:tenure_ended"
    assert list(selectors.live_consents(newcomer.tenure.id)) == []
    assert looks(newcomer.tenure.subject_ref) == []


def test_the_sweep_invalidates_what_lost_its_tenure(world: World) -> None:
    person, open_question = world.agreed(), world.person()
    world.ask(open_question)
    for ended in (person, open_question):
        world.end_tenure(ended.tenure.id)
    assert gate.expire_due() == 2
    assert world.state(person.consent) == "invalidated"
    assert world.state(open_question.consent) == "expired"


def test_a_number_without_subscription_agrees_and_has_no_journey(world: World) -> None:
    person = world.agreed(world.person(subscribed=False))
    assert world.claim(person).outcome == "denied:no_subscription"
    assert world.uses(person.consent) == 0
    assert world.state(person.consent) == "granted"


def test_stale_subscriptions_make_releases_wait(world: World, freeze_database: Freeze) -> None:
    freeze_database(NOON)
    person = world.agreed()
    release = world.claimed(person)
    world.sequence()
    world.refresh("subscriptions", NOON - timedelta(hours=24))
    assert gate.settle(release) == "ready"
    world.refresh("subscriptions", NOON - timedelta(hours=24) - SPLIT)
    assert gate.settle(release) == "stale"
    assert gate.fetch(release) == []
    world.refresh("subscriptions")
    assert len(gate.fetch(release)) == JOURNEY


def test_a_release_nobody_could_finish_in_a_day_gives_its_use_back(
    world: World, freeze_database: Freeze
) -> None:
    freeze_database(NOON)
    person = world.agreed()
    release = world.claimed(person)
    freeze_database(NOON + timedelta(hours=24))
    assert gate.settle(release) == "denied:time_up"
    assert world.uses(person.consent) == 0
    assert world.state(person.consent) == "granted"


def test_somebody_elses_consent(world: World) -> None:
    victim, stranger = world.agreed(), world.agreed()
    inbound = world.text(stranger.number)
    claim = services.claim(inbound=inbound, consent_id=victim.consent)
    assert claim == gate.Claim("denied:other_person", None, None)
    [body] = world.bodies("access.denied")
    assert body["consent_id"] == str(victim.consent), "an auditor sees what was tried"
    assert "subject_ref" not in body, "neither of the two sees the other"
    assert world.uses(victim.consent) == 0


@pytest.mark.parametrize("cause", ["inbound:999999999", "inbound:", "request:1", "inbound:1; --"])
def test_a_cause_that_is_none(world: World, cause: str) -> None:
    person = world.agreed()
    with connection.cursor() as cursor:
        cursor.execute("SELECT outcome FROM gate.claim(%s, %s)", [person.consent, cause])
        assert cursor.fetchone() == ("denied:no_cause",)
    [body] = world.bodies("access.denied")
    assert cause not in str(body)


def test_a_consent_that_is_none(world: World) -> None:
    person = world.agreed()
    person.consent = uuid.uuid4()
    assert world.claim(person).outcome == "denied:unknown_consent"
    [body] = world.bodies("access.denied")
    assert "consent_id" not in body
    assert gate.settle(uuid.uuid4()) == "denied:unknown_release"
    assert gate.fetch(uuid.uuid4()) == []
    assert not gate.hold(uuid.uuid4())


def test_an_open_question_opens_nothing(world: World) -> None:
    person = world.person()
    world.ask(person)
    assert world.claim(person).outcome == "denied:not_granted"


def test_a_crash_between_fetch_and_release_costs_nothing(world: World) -> None:
    person = world.agreed()
    release = world.claimed(person)
    world.sequence()
    assert len(gate.fetch(release)) == JOURNEY
    with pytest.raises(DatabaseError, match="same transaction"):
        services.release(release_id=release, tenure=person.tenure, payload="late")
    with transaction.atomic():
        assert len(gate.fetch(release)) == JOURNEY
        services.release(release_id=release, tenure=person.tenure, payload="in time")
    assert world.uses(person.consent) == 1
    assert world.events(person)[-4:] == [
        "access.claimed",
        "access.fetched",
        "access.fetched",
        "access.released",
    ]


def test_what_was_released_can_be_proved_with_the_persons_key(world: World) -> None:
    person = world.agreed()
    release = world.claimed(person)
    world.sequence()
    with transaction.atomic():
        gate.fetch(release)
        services.release(release_id=release, tenure=person.tenure, payload="Beijing 9-22 Nov")
    [body] = world.bodies("access.released")
    key = person_keys.get(person.tenure.key_id)
    assert key is not None
    enc = body["enc"]
    assert isinstance(enc, dict)
    opened = key.unseal(
        base64.b64decode(enc["ct"]), f"{person.tenure.subject_ref}|{body['entry_uuid']}"
    )
    secret = base64.b64decode(json.loads(opened)["commitment_key"])
    expected = hmac.digest(secret, b"Beijing 9-22 Nov", sha256).hex()
    assert body["payload_commitment"] == expected
