"""One visit and no more, for operators and no others, while the consent stands."""

import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, time, timedelta

import psycopg
import pytest
from django.db import DatabaseError, ProgrammingError, transaction
from psycopg import errors

from consent import gate as consent_gate
from consent import services as consent_services
from disputes import gate, selectors, services
from disputes.evidence import DayOfVisit
from disputes.models import Dispute
from disputes.terms import one_visit
from tests.integration.consent.world import World
from tests.integration.disputes.cases import HERE, THERE, ZONE, Case, Cases
from travel.itinerary import Place, StayPoint

pytestmark = pytest.mark.django_db(transaction=True)

Connect = Callable[[str], psycopg.Connection]
Role = Callable[[str], AbstractContextManager[None]]
EVIDENCE = "SELECT * FROM gate.dispute_evidence(%s, %s)"


def look(world: World, as_role: Role, case: Case, operator: uuid.UUID) -> list[DayOfVisit]:
    """What an operator sees who looks and waits for the log."""
    with as_role("web"), transaction.atomic():
        gate.look(dispute_id=case.id, operator_ref=operator)
    world.sequence()
    with as_role("web"):
        return selectors.seen_by(operator_ref=operator, dispute_id=case.id)


def test_an_operator_sees_the_visit_and_nothing_beside_it(
    world: World, cases: Cases, as_role: Role
) -> None:
    person = world.person()
    visit = cases.stays(person, back=5, days=2, place=f"{THERE}|{HERE}")
    cases.stays(person, back=5, place=THERE, stay_id=8)  # the same hours, another place
    cases.stays(person, back=7, place=f"{THERE}|{HERE}")  # the same place, other hours
    world.superuser.execute(
        "INSERT INTO signaling_coverage (day, subscriber_ref, hours)"
        " SELECT d::date, subscriber_ref, (1 << 24) - 1 FROM subscribers_tenure,"
        " generate_series(%s::date, %s::date, '1 day') d WHERE id = %s",
        [visit.first_day - timedelta(days=1), visit.last_day + timedelta(days=1), person.tenure.id],
    )
    case = cases.open(person, visit)
    operator = cases.operator()
    seen = look(world, as_role, case, operator)
    assert [(d.day, d.cities, d.kind) for d in seen] == [
        (visit.first_day, (THERE, HERE), "border"),
        (visit.last_day, (THERE, HERE), "border"),
    ]
    assert [(d.observed, d.hours) for d in seen] == [(16, 16), (20, 20)]
    assert [seen[0].spans[0][0], seen[-1].spans[-1][1]] == [visit.start, visit.end]
    assert world.events(person)[-6:] == [
        *("consent.granted", "access.claimed", "access.fetched", "access.released"),
        *("dispute.opened", "dispute.viewed"),
    ]
    viewed = world.bodies("dispute.viewed")[0]
    assert viewed["actor"] == {"type": "operator", "role": "web", "ref": str(operator)}
    assert HERE not in str(world.bodies("consent.requested") + world.bodies("dispute.opened"))


def test_nothing_is_shown_before_the_look_is_under_a_checkpoint(
    world: World, cases: Cases, as_role: Role
) -> None:
    case, operator = cases.open(), cases.operator()
    with as_role("web"):
        with transaction.atomic():
            gate.look(dispute_id=case.id, operator_ref=operator)
            world.sequence()
            assert gate.evidence(dispute_id=case.id, operator_ref=operator) == []
        assert gate.evidence(dispute_id=case.id, operator_ref=operator) == []
        with transaction.atomic():
            gate.look(dispute_id=case.id, operator_ref=cases.operator())
            transaction.set_rollback(True)
    world.sequence()
    with as_role("web"):
        assert len(gate.evidence(dispute_id=case.id, operator_ref=operator)) == 1
        assert gate.evidence(dispute_id=case.id, operator_ref=cases.operator()) == [], "no look"
    cases.at(cases.world.value("SELECT core.now() + interval '10 minutes'"))
    with as_role("web"):
        assert gate.evidence(dispute_id=case.id, operator_ref=operator) == [], "look again"


def test_who_is_no_operator_sees_and_decides_nothing(
    world: World, cases: Cases, as_role: Role
) -> None:
    case = cases.open()
    with as_role("web"):
        for who in (uuid.uuid4(), cases.operator(role="auditor"), case.person.tenure.id):
            for act in (
                lambda who=who: gate.look(dispute_id=case.id, operator_ref=who),
                lambda who=who: gate.evidence(dispute_id=case.id, operator_ref=who),
                lambda who=who: gate.decide(
                    dispute_id=case.id,
                    operator_ref=who,
                    outcome="rejected",
                    reason="phone_alone",
                    instead=None,
                ),
            ):
                with pytest.raises(ProgrammingError):
                    act()
    assert "dispute.viewed" not in world.events(case.person)


@pytest.mark.parametrize("role", ["web", "worker", "sequencer", "ingest", "auditor"])
def test_there_is_no_way_around_the_functions(cases: Cases, connect_as: Connect, role: str) -> None:
    case, operator = cases.open(), cases.operator()
    attacks = [
        "SELECT * FROM disputes_evidence",
        "SELECT * FROM disputes_override",
        "SELECT * FROM disputes_look",
        "SELECT city_code FROM disputes_dispute",
        "SELECT started_at FROM disputes_dispute",
        "UPDATE disputes_dispute SET state = 'open'",
        "INSERT INTO disputes_dispute (id) VALUES (gen_random_uuid())",
        "INSERT INTO disputes_override (id) VALUES (gen_random_uuid())",
        f"SELECT gate.dispute_over('{case.consent}', 'stop')",
        f"SELECT * FROM gate.visit_rows('{case.consent}', '{case.id}', now()::date, now()::date)",
        f"SELECT audit.record('dispute.viewed', '{{\"dispute_id\": \"{case.id}\"}}')",
    ]
    if role != "web":
        attacks += [
            f"SELECT gate.dispute_look('{case.id}', '{operator}')",
            f"SELECT * FROM gate.dispute_evidence('{case.id}', '{operator}')",
            f"SELECT gate.dispute_decide('{case.id}', '{operator}', 'rejected', 'phone_alone')",
        ]
    if role != "worker":
        attacks += [
            f"SELECT gate.dispute_open('{case.release}', '{{}}', '{{}}', '{case.id}')",
            "SELECT gate.dispute_purge()",
            f"SELECT * FROM gate.overrides('{case.release}')",
            "SELECT tenure_id FROM disputes_dispute",
        ]
    connected = connect_as(role)
    for statement in attacks:
        with pytest.raises(errors.InsufficientPrivilege):
            connected.execute(statement)
        connected.rollback()


def test_a_worker_fetches_no_more_than_the_visit_and_that_once(
    world: World, cases: Cases, connect_as: Connect
) -> None:
    person = world.person()  # with a journey of other days
    case = cases.open(person, cases.stays(person, back=3))
    worker = connect_as("worker")
    worker.autocommit = True
    text = world.text(person.number, "TRIP").id
    again = worker.execute(
        "SELECT outcome FROM gate.claim(%s, %s)", [case.consent, f"inbound:{text}"]
    ).fetchone()
    assert again == ("denied:used_up",)
    other = cases.stays(person, back=6)
    release = cases.agreed(person, other)
    world.sequence()
    rows = worker.execute("SELECT day, kind FROM gate.fetch(%s)", [release]).fetchall()
    assert rows == [(other.first_day, "stay")]
    with pytest.raises(errors.RaiseException, match="same transaction"):
        worker.execute("SELECT gate.dispute_open(%s, '{}', '{}', gen_random_uuid())", [release])


def test_what_a_worker_asks_is_one_visit_of_the_window(world: World, cases: Cases) -> None:
    person = world.person()
    visit = cases.stays(person, back=3)

    def ask(terms: dict[str, object], start: datetime, end: datetime) -> None:
        gate.ask(
            tenure_id=person.tenure.id,
            inbound_id=world.text(person.number, "WRONG 1").id,
            terms={**one_visit(14), **terms},
            code_digest=b"x" * 32,
            notice={},
            notice_sealed=b"",
            visit={
                "city": HERE,
                "alt": None,
                "from": start.isoformat(),
                "to": end.isoformat(),
                "due_on": cases.today.isoformat(),
            },
        )

    wrong: list[dict[str, object]] = [
        {"question": "itinerary"},
        {"max_uses": 2},
        {"purpose": "self_inquiry"},
    ]
    for terms in wrong:
        with pytest.raises(DatabaseError, match="one look at one visit"), transaction.atomic():
            ask(terms, visit.start, visit.end)
    with pytest.raises(DatabaseError, match="no visit of full days"), transaction.atomic():
        ask({}, visit.start, visit.end + timedelta(days=3))
    with pytest.raises(DatabaseError, match="no visit of full days"), transaction.atomic():
        ask({}, visit.end, visit.start)


def test_a_claim_that_shows_nothing_opens_nothing(world: World, cases: Cases) -> None:
    person = world.person()
    visit = cases.stays(person, back=3)
    release = cases.agreed(person, visit)
    world.superuser.execute("DELETE FROM signaling_staypoint WHERE stay_id = 7")
    assert cases.hand_over(person, release).outcome == "gone"
    assert world.state(person.consent) == "consumed"
    assert not Dispute.objects.only("id").exists()


# ---------------------------------------------------------------------- ending and deciding


@pytest.mark.parametrize("how", ["STOP", "DROP 1", "NO", "ERASE"])
def test_after_a_withdrawal_there_is_nothing(
    world: World, cases: Cases, as_role: Role, how: str
) -> None:
    case, operator = cases.open(), cases.operator()
    assert look(world, as_role, case, operator)
    inbound = world.text(case.person.number, how)
    if how == "STOP":
        consent_services.withdraw_all(inbound=inbound)
    elif how == "ERASE":
        consent_services.erase(inbound=inbound, tenure=case.person.tenure)
    else:
        consent_services.withdraw(inbound=inbound, consent_id=case.consent)
    assert cases.evidence_kept(case) == 0
    if how == "ERASE":
        assert not Dispute.objects.only("id").exists()
    else:
        assert cases.state(case) == ("ended", "stop" if how == "STOP" else "drop")
    assert "dispute.ended" in world.events(case.person)
    with as_role("web"):
        assert gate.look(dispute_id=case.id, operator_ref=operator) is None
        assert selectors.seen_by(operator_ref=operator, dispute_id=case.id) == []
        assert decide(case, operator, "rejected", "phone_alone") == "over"


def decide(
    case: Case, operator: uuid.UUID, outcome: str, reason: str, instead: str | None = None
) -> str:
    return gate.decide(
        dispute_id=case.id, operator_ref=operator, outcome=outcome, reason=reason, instead=instead
    )


def test_a_decision_is_made_by_who_has_looked_and_from_closed_lists(
    world: World, cases: Cases, as_role: Role
) -> None:
    case, operator = cases.open(), cases.operator()
    with as_role("web"):
        assert decide(case, operator, "rejected", "phone_alone") == "unseen"
    look(world, as_role, case, operator)
    with as_role("web"):
        for outcome, reason, instead in (
            ("rejected", "far_jump", None),
            ("rejected", "phone_alone", "dropped"),
            ("confirmed", "phone_alone", "dropped"),
            ("confirmed", "far_jump", None),
            ("confirmed", "far_jump", THERE),
            ("confirmed", "border_undecided", "second"),  # it fits no second city
            ("open", "far_jump", None),
        ):
            with pytest.raises(DatabaseError):
                decide(case, operator, outcome, reason, instead)
        assert decide(case, operator, "rejected", "phone_alone") == "done"
        assert decide(case, operator, "confirmed", "far_jump", "dropped") == "over"
    assert cases.state(case) == ("rejected", "phone_alone")
    assert cases.evidence_kept(case) == 0
    assert world.state(case.consent) == "consumed"
    assert world.events(case.person)[-2:] == ["dispute.rejected", "consent.consumed"]
    assert cases.asked(case.person, case.visit).outcome == "decided"


@pytest.mark.parametrize(("instead", "then"), [("first", HERE), ("second", THERE)])
def test_a_confirmed_error_holds_when_the_data_is_compiled_again(
    world: World, cases: Cases, as_role: Role, instead: str, then: str
) -> None:
    person = world.person()
    visit = cases.stays(person, back=3, place=f"{THERE}|{HERE}")  # the likelier one first
    case, operator = cases.open(person, visit), cases.operator()
    look(world, as_role, case, operator)
    with as_role("web"):
        assert decide(case, operator, "confirmed", "border_undecided", instead) == "done"
    world.superuser.execute(
        "UPDATE signaling_staypoint SET started_at = started_at - interval '1 hour', city_code ="
        " alt_city_code, alt_city_code = city_code, stay_id = 9 WHERE stay_id = 7"
    )
    world.agreed(person)
    release = world.claimed(person)
    world.sequence()
    with transaction.atomic():
        points = selectors.stay_points(release, consent_gate.fetch(release))
    there = [p for p in points if visit.start <= p.start < visit.end]
    assert there == [StayPoint(Place.of(then), visit.start, visit.end)]
    assert StayPoint(Place.of(HERE, THERE), visit.start - timedelta(hours=1), visit.start) in points
    assert gate.overrides(release) == [], "only with the journey it belongs to"


# ---------------------------------------------------------------------- limits and the window


def test_three_cases_at_a_time_and_one_for_a_visit(world: World, cases: Cases) -> None:
    person = world.person()
    visits = [cases.stays(person, back=back, stay_id=back) for back in (3, 5, 7, 9)]
    for visit in visits[:3]:
        cases.open(person, visit)
    assert cases.asked(person, visits[0]).outcome == "already"
    assert cases.asked(person, visits[3]).outcome == "too_many"
    assert [world.value("SELECT count(*) FROM consent_consent WHERE state = 'granted'")] == [3], (
        "none takes another's place"
    )


def test_at_the_edge_of_the_window(world: World, cases: Cases, as_role: Role) -> None:
    """Each day of evidence goes as it leaves the window; with the last one the case ends."""
    person = world.person()
    visit = cases.stays(person, back=13, days=2)
    case, operator = cases.open(person, visit), cases.operator()
    assert len(look(world, as_role, case, operator)) == 2

    def midnight_after(days: int) -> datetime:
        day = visit.first_day + timedelta(days=14 + days)
        return datetime.combine(day, time(), ZONE)

    cases.at(midnight_after(1) - timedelta(microseconds=1))
    assert len(look(world, as_role, case, operator)) == 2
    cases.at(midnight_after(1))
    assert [day.day for day in look(world, as_role, case, operator)] == [visit.last_day]
    services.tidy()
    assert cases.evidence_kept(case) == 1
    cases.at(midnight_after(2))
    with as_role("web"):
        assert gate.look(dispute_id=case.id, operator_ref=operator) is None
        assert decide(case, operator, "rejected", "phone_alone") == "over"
    services.tidy()
    assert cases.evidence_kept(case) == 0
    assert cases.state(case) == ("ended", "time_up")
    assert [d.id for d in selectors.to_tell()] == [case.id]
    services.told(dispute_id=case.id)
    services.tidy()
    assert not Dispute.objects.only("id").exists()


def test_a_visit_that_has_just_left_the_window_is_not_asked_about(
    world: World, cases: Cases
) -> None:
    person = world.person()
    assert cases.asked(person, cases.stays(person, back=14)).outcome == "asked"
    cases.at(cases.world.value("SELECT core.now() + interval '1 day'"))
    visit = cases.stays(person, back=15, stay_id=8)
    assert cases.asked(person, visit).outcome == "too_old"


def test_what_was_only_asked_for_leaves_nothing(world: World, cases: Cases) -> None:
    person = world.person()
    cases.asked(person, cases.stays(person, back=3))
    assert Dispute.objects.only("id").count() == 1
    world.stop(person)
    assert not Dispute.objects.only("id").exists()
    assert "dispute.ended" not in world.events(person)
