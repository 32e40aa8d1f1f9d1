"""Visits, people who say that they are wrong, and operators who look."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from consent import gate as consent_gate
from consent import selectors as consents
from consent import services as consent_services
from disputes import services
from disputes.gate import Opened
from disputes.models import Dispute
from tests.integration.consent.world import Person, World
from travel.itinerary import Place, Visit

ZONE = ZoneInfo("Asia/Shanghai")
HERE, THERE = "110100", "310000"


@dataclass
class Case:
    """A person's case about one visit of theirs."""

    person: Person
    visit: Visit
    consent: uuid.UUID
    release: uuid.UUID
    id: uuid.UUID


class Cases:
    def __init__(self, world: World) -> None:
        self.world = world

    @property
    def today(self) -> date:
        found = self.world.value("SELECT core.service_day(core.now())")
        assert isinstance(found, date)
        return found

    def operator(self, role: str = "operator") -> uuid.UUID:
        """A member of staff; their id, which names them in the log."""
        identifier = uuid.uuid4()
        self.world.superuser.execute(
            "INSERT INTO accounts_user (id, email, name, password, is_active, session_epoch,"
            " created_at) VALUES (%s, %s, '', '', true, 0, core.now())",
            [identifier, f"{identifier.hex}@service.example"],
        )
        self.world.superuser.execute(
            "INSERT INTO accounts_staffmember (user_id, role, since) VALUES (%s, %s, core.now())",
            [identifier, role],
        )
        return identifier

    def stays(
        self, person: Person, *, back: int, days: int = 1, place: str = HERE, stay_id: int = 7
    ) -> Visit:
        """A visit from 08:00 on a day, so many days back, to 20:00 of its last day; its visit.
        `A|B` is a border."""
        city, _, other = place.partition("|")
        first = self.today - timedelta(days=back)
        moments: list[datetime] = []
        for n in range(days):
            day = first + timedelta(days=n)
            start = f"{day} {'08:00' if n == 0 else '00:00'}"
            end = f"{day} 20:00" if n == days - 1 else f"{day + timedelta(days=1)} 00:00"
            self.world.superuser.execute("SELECT signaling.ensure_days(%s, %s)", [day, day])
            row = self.world.superuser.execute(
                "INSERT INTO signaling_staypoint (day, subscriber_ref, stay_id, kind, city_code,"
                " alt_city_code, started_at, ended_at) SELECT %s, subscriber_ref, %s, %s, %s,"
                " nullif(%s, ''), %s::timestamp AT TIME ZONE 'Asia/Shanghai',"
                " %s::timestamp AT TIME ZONE 'Asia/Shanghai' FROM subscribers_tenure"
                " WHERE id = %s RETURNING started_at, ended_at",
                [
                    day, stay_id, "border" if other else "stay", city, other, start, end,
                    person.tenure.id,
                ],
            ).fetchone()  # fmt: skip
            assert row is not None
            moments += row
        last = first + timedelta(days=days - 1)
        return Visit(Place.of(city, other or None), moments[0], moments[-1], first, last)

    def asked(self, person: Person, visit: Visit) -> services.Asked:
        """WRONG <n>, with its notice sent."""
        asked = services.ask(
            inbound=self.world.text(person.number, "WRONG 1"),
            tenure=person.tenure,
            locale="en",
            visit=visit,
            place="Somewhere",
        )
        if asked.consent_id is not None:
            consent_gate.notice_sent(asked.consent_id)
            person.code, person.consent = asked.text[-6:], asked.consent_id
        return asked

    def agreed(self, person: Person, visit: Visit) -> uuid.UUID:
        """WRONG and OK: the release that is claimed by it."""
        asked = self.asked(person, visit)
        assert asked.outcome == "asked"
        ok = self.world.text(person.number, f"OK {person.code}")
        answer = consent_services.grant(inbound=ok, tenure=person.tenure)
        assert answer.outcome == "granted"
        claim = consent_services.claim(inbound=ok, consent_id=person.consent)
        assert claim.release_id is not None
        return claim.release_id

    def hand_over(self, person: Person, release: uuid.UUID) -> Opened:
        """What the worker does once the claim is under a checkpoint."""
        self.world.sequence()
        with transaction.atomic():
            assert consent_gate.settle(release) == "ready"
            found = consents.release(release)
            assert found is not None
            opened = services.hand_over(release=found, tenure=person.tenure)
        self.world.sequence()
        return opened

    def open(self, person: Person | None = None, visit: Visit | None = None) -> Case:
        person = person or self.world.person()
        visit = visit or self.stays(person, back=3)
        release = self.agreed(person, visit)
        opened = self.hand_over(person, release)
        assert opened.outcome == "open"
        return Case(person, visit, person.consent, release, opened.dispute_id)

    def state(self, case: Case) -> tuple[str, str]:
        row = Dispute.objects.only("state", "reason").get(id=case.id)
        return row.state, row.reason

    def evidence_kept(self, case: Case) -> int:
        found = self.world.value(
            "SELECT count(*) FROM disputes_evidence WHERE dispute_id = %s", case.id
        )
        return int(found)

    def at(self, moment: datetime) -> None:
        """From now on it is this moment."""
        self.world.superuser.execute(
            "CREATE OR REPLACE FUNCTION core.now() RETURNS timestamptz LANGUAGE sql VOLATILE"
            f" AS $$ SELECT '{moment.isoformat()}'::timestamptz $$"
        )
