"""People, their numbers, texts and journeys, arranged for tests of the gate."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import psycopg

from consent import codes, gate, services
from core.numbers import Number, SenderKind, number_index
from inquiry.intake import marks
from sms_gateway.messages import Inbound
from subscribers.models import Tenure
from subscribers.services import identify
from tests.factories import askers

#: Days before today on which people have stay-points: the first and the last are in no window.
DAYS_BACK = (0, 1, 14, 15)
#: Rows that a fetch gives of it: a stay-point and the coverage of each day inside.
JOURNEY = 4


@dataclass(slots=True)
class Person:
    """Somebody with a phone. `tenure` is there once they have texted."""

    number: str
    tenure: Tenure
    code: str = ""
    consent: uuid.UUID = field(default_factory=uuid.uuid4)

    @property
    def index(self) -> bytes:
        return number_index(self.number)


class World:
    """Arranges as superuser what other rooms put there; acts through the worker's connection."""

    def __init__(self, superuser: psycopg.Connection, sequence: Callable[[], None]) -> None:
        self.superuser, self.sequence = superuser, sequence
        self._numbers = itertools.count(1)
        self.refresh("subscriptions")

    # ------------------------------------------------------------------ what others arrange
    def value(self, query: str, *arguments: object) -> Any:
        row = self.superuser.execute(query, arguments).fetchone()
        return row[0] if row else None

    def refresh(self, feed: str, at: datetime | None = None) -> None:
        self.superuser.execute(
            "INSERT INTO core_feed (name, refreshed_at) VALUES (%s, coalesce(%s, core.now()))"
            " ON CONFLICT (name) DO UPDATE SET refreshed_at = excluded.refreshed_at",
            [feed, at],
        )

    def number(self) -> str:
        return f"+86139{next(self._numbers):08d}"

    def subscribe(
        self,
        number: str,
        *,
        imsi: bytes | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> uuid.UUID:
        tenure = uuid.uuid4()
        self.superuser.execute(
            "INSERT INTO subscribers_tenure (id, msisdn_index, imsi_index, subscriber_ref,"
            " subject_ref, valid_from, valid_to, language)"
            " VALUES (%s, %s, %s, gen_random_uuid(), gen_random_uuid(),"
            " coalesce(%s, core.now() - interval '90 days'), %s, '')",
            [tenure, number_index(number), imsi or tenure.bytes * 2, since, until],
        )
        return tenure

    def end_tenure(self, tenure: uuid.UUID) -> None:
        self.superuser.execute(
            "UPDATE subscribers_tenure SET valid_to = core.now() WHERE id = %s", [tenure]
        )

    def journey(self, tenure: uuid.UUID, city: str = "110100") -> None:
        """Stay-points and coverage at both edges of the window, inside and outside."""
        today = self.value("SELECT core.service_day(core.now())")
        for back in DAYS_BACK:
            day = today - timedelta(days=back)
            self.superuser.execute("SELECT signaling.ensure_days(%s, %s)", [day, day])
            self.superuser.execute(
                "INSERT INTO signaling_staypoint (day, subscriber_ref, stay_id, kind, city_code,"
                " alt_city_code, started_at, ended_at)"
                " SELECT %s, subscriber_ref, 1, 'stay', %s, NULL, %s, %s"
                " FROM subscribers_tenure WHERE id = %s",
                [day, city, f"{day} 08:00+08", f"{day} 20:00+08", tenure],
            )
            self.superuser.execute(
                "INSERT INTO signaling_coverage (day, subscriber_ref, hours)"
                " SELECT %s, subscriber_ref, 1048320 FROM subscribers_tenure WHERE id = %s",
                [day, tenure],
            )

    def text(self, number: str, body: str = "", at: datetime | None = None) -> Inbound:
        """A text that came in, as the web process stores it."""
        index = number_index(number)
        noted = marks(index, body)
        row = self.superuser.execute(
            "INSERT INTO sms_gateway_inboundmessage (provider, provider_message_id, number_index,"
            " key_id, problem, is_stop, agrees_to, answered_by_provider, received_at, due_at,"
            " enqueued_at, attempts)"
            " SELECT 'test', %s, %s, gen_random_uuid(), '', %s, %s, false, m, m, m, 0"
            " FROM (SELECT coalesce(%s, core.now()) AS m) moment RETURNING id, received_at",
            [uuid.uuid4().hex, index, noted.is_stop, noted.agrees_to, at],
        ).fetchone()
        assert row is not None
        sender = Number(number, SenderKind.MOBILE)
        return Inbound(
            id=row[0],
            provider="test",
            sender=sender,
            number_index=index,
            text=body,
            problem="",
            received_at=row[1],
            answered_by_provider=False,
        )

    # ------------------------------------------------------------------ what people do
    def person(self, *, subscribed: bool = True, number: str = "") -> Person:
        """Somebody who texted once; with subscription and journey, unless said otherwise."""
        number = number or self.number()
        if subscribed:
            self.journey(self.subscribe(number))
        return Person(number, identify(inbound=self.text(number, "HELP")))

    def ask(self, person: Person) -> services.Asked:
        """TRIP: the notice is asked for and sent."""
        asked = services.ask(
            inbound=self.text(person.number, "TRIP"), tenure=person.tenure, locale="en"
        )
        gate.notice_sent(asked.consent_id)
        person.code, person.consent = asked.code, asked.consent_id
        return asked

    def ask_for_organisation(
        self, person: Person, code: str, name: str = "River Works Ltd"
    ) -> uuid.UUID:
        """An organisation's question to the same person, open beside their own."""
        request = askers.request(
            self.superuser, askers.organisation(self.superuser, name), number_index=person.index
        )
        asked = gate.ask_for(
            request_id=request,
            tenure_id=person.tenure.id,
            terms=askers.terms(self.superuser, request),
            code_digest=codes.digest(person.index, code),
            notice={
                "template": "test",
                "version": "1",
                "locale": "en",
                "sha256": "00" * 32,
                "segments": 1,
                "key_id": str(person.tenure.key_id),
            },
            notice_sealed=b"sealed",
        )
        assert asked.outcome == "asked"
        assert asked.consent_id is not None
        return asked.consent_id

    def ok(self, person: Person, code: str = "") -> gate.Answer:
        inbound = self.text(person.number, f"OK {code or person.code}")
        return services.grant(inbound=inbound, tenure=person.tenure)

    def agreed(self, person: Person | None = None) -> Person:
        """Somebody who was asked and said OK."""
        person = person or self.person()
        self.ask(person)
        answer = self.ok(person)
        assert answer.outcome == "granted"
        return person

    def stop(self, person: Person) -> int:
        return services.withdraw_all(inbound=self.text(person.number, "STOP"))

    def claim(self, person: Person) -> gate.Claim:
        return services.claim(inbound=self.text(person.number, "TRIP"), consent_id=person.consent)

    def claimed(self, person: Person) -> uuid.UUID:
        claim = self.claim(person)
        assert claim.outcome == "claimed"
        assert claim.release_id is not None
        return claim.release_id

    # ------------------------------------------------------------------ what became of it
    def state(self, consent: uuid.UUID) -> str:
        return str(self.value("SELECT state FROM consent_consent WHERE id = %s", consent))

    def uses(self, consent: uuid.UUID) -> int:
        return int(self.value("SELECT uses FROM consent_consent WHERE id = %s", consent))

    def events(self, person: Person) -> list[str]:
        """Events of the log about one person, the first one first."""
        found = self.superuser.execute(
            "SELECT event FROM audit_entry WHERE subject_ref = %s ORDER BY id",
            [person.tenure.subject_ref],
        )
        return [event for (event,) in found]

    def bodies(self, event: str) -> list[dict[str, object]]:
        """Bodies of all entries of one kind, the first one first."""
        found = self.superuser.execute(
            "SELECT convert_from(body, 'UTF8')::jsonb FROM audit_entry WHERE event = %s"
            " ORDER BY id",
            [event],
        )
        return [body for (body,) in found]
