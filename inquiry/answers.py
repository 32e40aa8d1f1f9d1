"""From a claim to the answer on its way: settle, fetch, compile, commit, queue.

The answer leaves the gate and enters the outbox in one transaction: there is no journey that was
fetched and not answered, and none that was answered and not logged.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from consent import gate, selectors, services
from consent.gate import Fetched
from consent.models import Consent, Release
from consent.references import reference
from core import catalogue, clock
from disputes import selectors as disputed
from disputes import services as disputes
from disputes.terms import QUESTION as VISIT
from inquiry import memory
from inquiry.flows.trip import ANOTHER_HOLDER, NO_DATA
from inquiry.pages import answer_pages
from inquiry.places import cities_of
from inquiry.turn import ANSWER, REPLY
from sms_gateway.messages import Address
from sms_gateway.selectors import address_of_inbound
from sms_gateway.services import queue
from subscribers import selectors as subscribers
from subscribers.models import Tenure
from travel.itinerary import Itinerary, compile_itinerary
from verification.services import answering, disputing
from verification.services.answering import Progress

#: After this long without a checkpoint, one text says that the answer will follow.
WORTH_TELLING = timedelta(seconds=20)
#: The person has ended it themself and was told so, or another one may hold the number.
NOT_TOLD = frozenset({"withdrawn", "erased"}) | ANOTHER_HOLDER


def answer(release_id: UUID) -> Progress:
    """Answer a claim if it can be answered now. Any number of calls answer it once."""
    with transaction.atomic():
        release = selectors.release(release_id)
        consent = Consent.objects.filter(id=release.consent_id).first() if release else None
        if release is None or consent is None:
            return Progress.DONE
        recipient = Recipient.of(release, consent)
        outcome, _, reason = gate.settle(release_id).partition(":")
        if recipient is None:
            return Progress.DONE  # erased: settling has closed the claim, and nobody can be told
        match outcome:
            case "ready":
                recipient.act()
            case "waiting":
                if release.claimed_at <= clock.now() - WORTH_TELLING:
                    recipient.say_it_follows("answer.follows")
                return Progress.WAIT
            case "stale":
                recipient.say_it_follows("answer.waits_for_subscriptions")
                return Progress.LATER
            case "denied" if reason not in NOT_TOLD:
                recipient.say_it_ended(reason)
    return Progress.DONE


def too_late(consent: Consent, reason: str) -> str:
    """What is said when a claim comes to nothing."""
    if consent.question == VISIT:
        return "dispute.too_late"
    return "answer.no_data" if reason == NO_DATA else "answer.too_late"


class Recipient:
    """Who waits for a release, and how to reach them."""

    def __init__(self, release: Release, consent: Consent, tenure: Tenure, to: Address) -> None:
        self.release, self.consent, self.tenure, self.to = release, consent, tenure, to
        self.locale = tenure.language or catalogue.FIRST
        self.cause = f"release:{release.id}"
        self.inbound_id = int(release.cause.removeprefix("inbound:"))

    @classmethod
    def of(cls, release: Release, consent: Consent) -> "Recipient | None":
        """None when the person was erased meanwhile."""
        tenure = subscribers.get(consent.tenure_id)
        to = address_of_inbound(inbound_id=int(release.cause.removeprefix("inbound:")))
        return cls(release, consent, tenure, to) if tenure and to else None

    def say(
        self,
        key: str,
        *,
        cause: str,
        hold_ref: UUID | None = None,
        after_entry: int | None = None,
        **values: str,
    ) -> None:
        """Say something to this holder of the number, and to no later one."""
        queue(
            to=self.to,
            body=catalogue.render(self.locale, key, **values),
            kind=REPLY,
            cause=cause,
            hold_ref=hold_ref or self.tenure.id,
            after_entry=after_entry,
            reply_to=self.inbound_id,
        )

    def say_it_follows(self, key: str) -> None:
        """Once for a release, whatever it waits for."""
        self.say(key, cause=f"{self.cause}:follows", hold_ref=self.consent.id)

    def say_it_ended(self, reason: str) -> None:
        """Why a claim comes to nothing."""
        if self.consent.org_ref is None:
            self.say(too_late(self.consent, reason), cause=self.cause)
        else:
            answering.tell_it_ended(consent=self.consent, tenure=self.tenure, to=self.to)

    def act(self) -> None:
        """Do what was agreed to: all in the caller's transaction."""
        if self.consent.question == VISIT:
            self.open_case()
        elif self.consent.org_ref is None:
            self.send_answer()
        else:
            answering.answer(
                release=self.release, consent=self.consent, tenure=self.tenure, to=self.to
            )

    def send_answer(self) -> None:
        """Fetch, compile, let go and queue: all in the caller's transaction."""
        rows = gate.fetch(self.release.id)
        self.release.refresh_from_db()  # its window: a day may have left it since the claim
        itinerary = compiled(self.release, rows)
        cities = cities_of(itinerary.visits)
        pages = answer_pages(
            itinerary, cities, locale=self.locale, reference=reference(self.release.id)
        )
        entry = services.release(
            release_id=self.release.id, tenure=self.tenure, payload="\n\n".join(pages)
        )
        memory.keep_rest(self.tenure, memory.Rest(pages[1:], self.consent.id, entry))
        disputes.remember(
            tenure=self.tenure,
            consent_id=self.consent.id,
            entry_id=entry,
            visits=itinerary.visits,
        )
        queue(
            to=self.to,
            body=pages[0],
            kind=ANSWER,
            cause=self.cause,
            hold_ref=self.consent.id,
            after_entry=entry,
            reply_to=self.inbound_id,
        )

    def open_case(self) -> None:
        """What an operator may see of the visit that is said to be wrong is put there, and answers
        given over its days are marked: all in the caller's transaction."""
        opened = disputes.hand_over(release=self.release, tenure=self.tenure)
        case = disputed.of_consent(self.consent.id)
        if case is None:
            self.say("dispute.gone", cause=self.cause)
            return
        disputing.dispute_opened(case)
        self.say(
            "dispute.opened",
            cause=self.cause,
            hold_ref=self.consent.id,
            after_entry=opened.entry_id,
            day=catalogue.format_day(self.locale, case.due_on),
        )


def compiled(release: Release, rows: Sequence[Fetched]) -> Itinerary:
    """The itinerary of what the gate gave out for this release."""
    journey = answering.journey_of(release, rows)
    return compile_itinerary(
        journey.points,
        journey.coverage,
        journey.window,
        minimum=timedelta(hours=settings.MINIMUM_STAY_HOURS),
        fed_through=journey.fed_through,
    )
