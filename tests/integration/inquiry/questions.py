"""Organisations' questions as a conversation meets them, without the process that puts them."""

from __future__ import annotations

import itertools
import uuid
from dataclasses import dataclass, field

from django.db import transaction

from consent import gate, services
from consent.models import Consent
from subscribers import selectors as subscribers
from tests.factories import askers
from tests.integration.consent.world import Person
from tests.integration.inquiry.talk import Service


@dataclass
class Questions:
    """What organisations ask the holders of numbers."""

    service: Service
    _codes: itertools.count[int] = field(default_factory=lambda: itertools.count(482913))

    def organisation(self, name: str) -> uuid.UUID:
        return askers.organisation(self.service.world.superuser, name)

    def holder(self, number: str) -> Person:
        """The holder of a number, who has texted before."""
        tenure = subscribers.current(self.service.index(number))
        if tenure is None or tenure.key_id is None:
            self.service.say(number, "HELP")
            self.service.say(number, "LOG")
            tenure = subscribers.current(self.service.index(number))
        assert tenure is not None
        return Person(number, tenure)

    def ask(self, number: str, name: str = "River Works Ltd") -> tuple[uuid.UUID, str]:
        """A question that is open now: its consent and its code."""
        code = str(next(self._codes))
        person = self.holder(number)
        return self.service.world.ask_for_organisation(person, code, name), code

    def turn_down(self, number: str, reason: str, name: str = "River Works Ltd") -> None:
        """A question that nobody was asked."""
        self.holder(number)
        superuser = self.service.world.superuser
        request = askers.request(
            superuser, self.organisation(name), number_index=self.service.index(number)
        )
        gate.turn_down(request_id=request, reason=reason)

    def hand_over(
        self, number: str, name: str = "River Works Ltd", token: bytes | None = None
    ) -> Consent:
        """A question that was agreed to, and whose answer the asker has."""
        world = self.service.world
        consent_id, code = self.ask(number, name)
        person = self.holder(number)
        world.refresh("subscriptions")
        assert world.ok(person, code).outcome == "granted"
        person.consent = consent_id
        release = world.claimed(person)
        world.sequence()
        with transaction.atomic():
            assert gate.settle(release) == "ready"
            gate.fetch(release)
            services.release(release_id=release, tenure=person.tenure, payload="the answer")
        gate.delivered(release)
        consent = Consent.objects.get(id=consent_id)
        assert consent.state == "consumed"
        world.superuser.execute(
            "INSERT INTO verification_answer (request_id, org_ref, answer_id, consent_id,"
            " release_id, release_entry, token_sealed, made_at, handed_over_at)"
            " SELECT %s, %s, gen_random_uuid(), %s, r.id, r.release_entry, %s, core.now(),"
            " core.now() FROM consent_release r WHERE r.id = %s",
            [consent.cause.removeprefix("request:"), consent.org_ref, consent_id, token, release],
        )
        return consent
