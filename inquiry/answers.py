"""From a claim to the answer on its way: settle, fetch, compile, commit, queue.

The answer leaves the gate and enters the outbox in one transaction: there is no journey that was
fetched and not answered, and none that was answered and not logged.
"""

from collections.abc import Sequence
from datetime import timedelta
from enum import Enum, auto
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from consent import gate, selectors, services
from consent.gate import Fetched
from consent.models import Consent, Release
from core import catalogue, clock
from core.models import Feed, Installation
from inquiry import memory
from inquiry.flows.trip import ANOTHER_HOLDER, NO_DATA
from inquiry.pages import answer_pages
from inquiry.references import reference
from inquiry.turn import ANSWER, REPLY
from signaling.models import City
from sms_gateway.messages import Address
from sms_gateway.selectors import address_of_inbound
from sms_gateway.services import queue
from subscribers import selectors as subscribers
from subscribers.models import Tenure
from travel.itinerary import Coverage, Itinerary, Place, StayPoint, compile_itinerary
from travel.window import Window

#: After this long without a checkpoint, one text says that the answer will follow.
WORTH_TELLING = timedelta(seconds=20)
#: The person has ended it themself and was told so, or another one may hold the number.
NOT_TOLD = frozenset({"withdrawn", "erased"}) | ANOTHER_HOLDER


class Progress(Enum):
    WAIT = auto()  # for the log's checkpoint: soon
    LATER = auto()  # for a feed: the sweep looks again
    DONE = auto()


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
                recipient.send_answer()
            case "waiting":
                if release.claimed_at <= clock.now() - WORTH_TELLING:
                    recipient.say_it_follows("answer.follows")
                return Progress.WAIT
            case "stale":
                recipient.say_it_follows("answer.waits_for_subscriptions")
                return Progress.LATER
            case "denied" if reason not in NOT_TOLD:
                key = "answer.no_data" if reason == NO_DATA else "answer.too_late"
                recipient.say(key, cause=recipient.cause)
    return Progress.DONE


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

    def say(self, key: str, *, cause: str, hold_ref: UUID | None = None) -> None:
        """Say something to this holder of the number, and to no later one."""
        queue(
            to=self.to,
            body=catalogue.render(self.locale, key),
            kind=REPLY,
            cause=cause,
            hold_ref=hold_ref or self.tenure.id,
            reply_to=self.inbound_id,
        )

    def say_it_follows(self, key: str) -> None:
        """Once for a release, whatever it waits for."""
        self.say(key, cause=f"{self.cause}:follows", hold_ref=self.consent.id)

    def send_answer(self) -> None:
        """Fetch, compile, let go and queue: all in the caller's transaction."""
        rows = gate.fetch(self.release.id)
        self.release.refresh_from_db()  # its window: a day may have left it since the claim
        itinerary = compiled(self.release, rows)
        cities = cities_of(itinerary)
        pages = answer_pages(
            itinerary, cities, locale=self.locale, reference=reference(self.release.id)
        )
        entry = services.release(
            release_id=self.release.id, tenure=self.tenure, payload="\n\n".join(pages)
        )
        memory.keep_rest(self.tenure, memory.Rest(pages[1:], self.consent.id, entry))
        queue(
            to=self.to,
            body=pages[0],
            kind=ANSWER,
            cause=self.cause,
            hold_ref=self.consent.id,
            after_entry=entry,
            reply_to=self.inbound_id,
        )


def compiled(release: Release, rows: Sequence[Fetched]) -> Itinerary:
    """The itinerary of what the gate gave out for this release."""
    zone = ZoneInfo(Installation.objects.get().time_zone)
    feed = Feed.objects.filter(name="events").first()
    points = [
        StayPoint(Place.of(row.city_code, row.alt_city_code), row.started_at, row.ended_at)
        for row in rows
        if row.city_code and row.started_at and row.ended_at
    ]
    coverage = [Coverage(row.day, row.observed_hours) for row in rows if row.observed_hours]
    return compile_itinerary(
        points,
        coverage,
        Window(release.window_from, release.window_to, zone),
        minimum=timedelta(hours=settings.MINIMUM_STAY_HOURS),
        fed_through=feed.data_through if feed else None,
    )


def cities_of(itinerary: Itinerary) -> dict[str, City]:
    """The places that an itinerary names, with the countries they lie in."""
    codes = {code for visit in itinerary.visits for code in visit.place.cities}
    cities = City.objects.in_bulk(codes, field_name="code")
    countries = {city.country for city in cities.values()}
    return cities | City.objects.in_bulk(countries, field_name="code")
