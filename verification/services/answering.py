"""From what a person agreed to, to the answer in the asker's hands, and back again.

An answer is made in the transaction that fetched the journey, and lies there unseen until its entry
of the log is under a checkpoint. It is handed over in one transaction that holds the consent: what
was taken back before that is never shown, and what is taken back after it is told to the asker.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum, auto
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from audit.selectors import checkpointed, entry_uuid
from audit.services import record_purge
from consent import gate
from consent.gate import Fetched
from consent.models import Consent, Release, Request, State
from consent.references import reference
from consent.services import release as let_go
from core import advisory, catalogue, clock, dispatch
from core.keys import derive
from core.models import Feed, Installation
from core.sealing import seal
from disputes.selectors import stay_points
from signaling.models import City
from sms_gateway.messages import Address
from sms_gateway.selectors import address_of_inbound
from sms_gateway.services import queue
from subscribers import selectors as subscribers
from subscribers.models import Tenure
from travel import questions
from travel.evidence import Places
from travel.itinerary import Coverage
from travel.questions import ItineraryQuestion, Journey, Reason, StayedOnlyIn, VisitedAny
from travel.window import Window
from verification.models import Answer
from verification.selectors import said_by, terms
from verification.services import disputing
from verification.services.issuing import (
    forget_unseen,
    handed_over,
    mark_withdrawn,
    sign_answer,
)
from verification.statements import Asker, Evidence

#: The kind of text that a receipt is.
KIND = "receipt"
#: How long the token of an answer is kept once it was handed over.
TOKEN_KEPT = timedelta(hours=24)
#: And that there was an answer: as long as its question (`gate.forget_requests`).
KEPT = timedelta(days=92)
#: One hand-over of an answer at a time ("HND"); two would wait for each other.
LOCK_SPACE = 0x484E44


class Progress(Enum):
    """How far an answer is on its way."""

    WAIT = auto()  # for the log's checkpoint: soon
    LATER = auto()  # for a feed: the sweep looks again
    DONE = auto()


def answer(*, release: Release, consent: Consent, tenure: Tenure, to: Address) -> bool:
    """Fetch, answer, sign, let go: in the caller's transaction, which has settled the release.

    False when there is no data at all. Then nobody is told anything: an asker that could see that
    the person agreed would see that there is nothing to see.
    """
    disputing.one_at_a_time(tenure.id)  # before what was found wrong is read
    rows = gate.fetch(release.id)
    release.refresh_from_db()  # its window: a day may have left it since the claim
    journey = journey_of(release, rows)
    request = request_of(consent)
    codes = {code for point in journey.points for code in point.place.cities}
    cities = City.objects.in_bulk(
        [*codes, *request.places["cities"], *request.places["countries"]], field_name="code"
    )
    countries = {city.country for city in cities.values()}
    said = questions.answer(
        # A midnight since the claim leaves a day less; the answer says which days it is about.
        question_of(request, min(request.days, len(journey.window.days))),
        journey,
        country_of={code: city.country for code, city in cities.items()}
        | {country: country for country in countries},
        terms=terms(),
    )
    if said.reason is Reason.NO_DATA:
        gate.found_nothing(release.id)
        _tell(consent, tenure, to, "receipt.no_data")
        return False
    signed = sign_answer(
        answer=said,
        asker=Asker(request.org_ref, consent.terms["asker"], request.nonce),
        evidence=Evidence(consent.id, entry_uuid(release.claim_entry), to.number[-2:]),
        names={code: city.name for code, city in cities.items()},
    )
    window = journey.window
    disputing.answer_given(
        answer_id=signed.id, tenure_id=tenure.id, first=window.first, last=window.last
    )
    entry = let_go(release_id=release.id, tenure=tenure, payload=signed.token)
    store(request, signed.id, signed.token, consent.id, release.id, entry)
    dispatch.on_commit("verification.tasks.hand_over", str(request.id))
    return True


@transaction.atomic
def hand_over(request_id: UUID) -> Progress:
    """Give an answer to its asker, if the person still agrees and the asker still waits. Any number
    of calls do it once."""
    advisory.lock(LOCK_SPACE, request_id.bytes)
    answer = Answer.objects.filter(request_id=request_id, handed_over_at=None).first()
    if answer is None:
        return Progress.DONE
    if not checkpointed(answer.release_entry):
        return Progress.WAIT
    # The consent before the answer, as whoever withdraws: nobody waits for one holding the other.
    if not gate.hold(answer.consent_id):
        return _come_to_nothing(answer)
    answer.handed_over_at = clock.now()
    answer.save(update_fields=["handed_over_at"])
    handed_over(answer_id=answer.answer_id)
    gate.delivered(answer.release_id)
    _receipt(answer)
    return Progress.DONE


def recall(*, number_index: bytes) -> int:
    """A text of this number has ended or taken back consents: their answers go with them. Call it
    in the transaction that did so. How many answers it were."""
    return _take_back(Consent.objects.filter(number_index=number_index))


def recall_all_of(*, tenure_id: UUID) -> int:
    """The same for everything of a holder who was erased, and has no number any more."""
    return _take_back(Consent.objects.filter(tenure_id=tenure_id))


def recall_lost(*, since: datetime) -> int:
    """The same for whatever was taken back since, by whomever."""
    return _take_back(Consent.objects.filter(recalled_at__gt=since))


@transaction.atomic
def blank() -> int:
    """Blank the tokens of answers that were handed over a day ago; how many there were."""
    old = Answer.objects.filter(
        handed_over_at__lt=clock.now() - TOKEN_KEPT, token_sealed__isnull=False
    )
    return record_purge(kind="answers", rows=old.update(token_sealed=None))


@transaction.atomic
def forget() -> int:
    """Delete questions that no rule looks back to, and what is left of their answers; how many."""
    gone = gate.forget_requests()
    # A request is older than its answer, so none of these has its request any more.
    Answer.objects.filter(made_at__lt=clock.now() - KEPT).delete()
    return record_purge(kind="requests", rows=gone)


def store(
    request: Request, answer_id: UUID, token: str, consent: UUID, release: UUID, entry: int
) -> Answer:
    """Keep an answer, unseen by the web process."""
    return Answer.objects.create(
        request_id=request.id,
        org_ref=request.org_ref,
        answer_id=answer_id,
        consent_id=consent,
        release_id=release,
        release_entry=entry,
        token_sealed=seal(derive("answer"), token.encode(), f"answer:{request.id}".encode()),
        made_at=clock.now(),
    )


def question_of(request: Request, days: int) -> questions.Question:
    """What a request asks, about so many days."""
    if request.question == "itinerary":
        return ItineraryQuestion(days)
    kind = VisitedAny if request.question == "visited_any" else StayedOnlyIn
    places = Places(frozenset(request.places["cities"]), frozenset(request.places["countries"]))
    return kind(days, places)


def request_of(consent: Consent) -> Request:
    """The request that an organisation's consent was asked for."""
    return Request.objects.get(id=consent.cause.removeprefix("request:"))


def journey_of(release: Release, rows: Sequence[Fetched]) -> Journey:
    """What the gate gave out for this release, in the transaction that fetched it."""
    feed = Feed.objects.filter(name="events").first()
    zone = ZoneInfo(Installation.objects.get().time_zone)
    return Journey(
        tuple(stay_points(release.id, rows)),
        tuple(Coverage(row.day, row.observed_hours) for row in rows if row.observed_hours),
        Window(release.window_from, release.window_to, zone),
        feed.data_through if feed else None,
    )


def _come_to_nothing(answer: Answer) -> Progress:
    """The consent does not hold. While only the feed is in doubt about the number, it may again."""
    gate.end_request(answer.request_id)
    consent = Consent.objects.get(id=answer.consent_id)
    if consent.state == State.GRANTED:
        return Progress.LATER
    _delete(answer)
    tenure = subscribers.get(consent.tenure_id)
    to = address_of_inbound(inbound_id=consent.grant_inbound) if consent.grant_inbound else None
    if consent.state in (State.EXPIRED, State.INVALIDATED) and tenure and to:
        _tell(consent, tenure, to, "receipt.nobody")
    return Progress.DONE


def _delete(answer: Answer) -> None:
    """One that nobody saw. It leaves nothing in the status list, which everybody can read: there it
    would say that somebody had agreed."""
    Answer.objects.filter(request_id=answer.request_id).delete()
    forget_unseen(answer_id=answer.answer_id)


def _take_back(consents: QuerySet[Consent]) -> int:
    """Answers whose consent does not stand: unseen ones are deleted, others told to be deleted."""
    gone = consents.filter(org_ref__isnull=False).exclude(state=State.GRANTED)
    ids = list(gone.exclude(state=State.CONSUMED, recalled_at=None).values_list("id", flat=True))
    answers = Answer.objects.filter(consent_id__in=ids, withdrawn_at=None).order_by("made_at")
    for answer in answers:
        if answer.handed_over_at is None:
            _delete(answer)
        else:
            take_back(answer)
    return len(answers)


def take_back(answer: Answer) -> None:
    """The asker is told to delete it, by the portal and by its place in the status list."""
    answer.withdrawn_at, answer.token_sealed = clock.now(), None
    answer.save(update_fields=["withdrawn_at", "token_sealed"])
    mark_withdrawn(consent_id=answer.consent_id)


def _receipt(answer: Answer) -> None:
    """What was agreed and what was answered, in the person's hands."""
    consent = Consent.objects.get(id=answer.consent_id)
    tenure = subscribers.get(consent.tenure_id)
    to = address_of_inbound(inbound_id=consent.grant_inbound) if consent.grant_inbound else None
    said = said_by(answer)
    if tenure is None or to is None or said is None:
        return
    locale = _locale(tenure)
    zone = ZoneInfo(Installation.objects.get().time_zone)
    local = said.expires_at.astimezone(zone)
    assert answer.handed_over_at is not None
    deleted = answer.handed_over_at + timedelta(days=consent.terms["kept_days"])
    _tell(
        consent,
        tenure,
        to,
        "receipt.asker",
        reference=reference(answer.release_id),
        question=catalogue.render(locale, f"question.{consent.question}"),
        purpose=catalogue.render(locale, f"purpose.{consent.purpose}"),
        period=catalogue.format_days(locale, said.first_day, said.last_day),
        said=catalogue.render(locale, f"check.said_{said.answer.lower()}"),
        valid=f"{catalogue.format_day(locale, local.date())} {local:%H:%M}",
        delete=catalogue.format_day(locale, clock.local_day(deleted, zone)),
    )


def _tell(consent: Consent, tenure: Tenure, to: Address, key: str, **values: str | int) -> None:
    """The one text that ends what a person's OK began; to this holder of the number alone."""
    queue(
        to=to,
        body=catalogue.render(_locale(tenure), key, asker=consent.terms["asker"], **values),
        kind=KIND,
        cause=f"answer:{consent.id}",
        hold_ref=tenure.id,
        reply_to=consent.grant_inbound,
        org_ref=consent.org_ref,
    )


def tell_it_ended(*, consent: Consent, tenure: Tenure, to: Address) -> None:
    """Tell a person that their OK came to nothing, because its asker does not wait any more."""
    _tell(consent, tenure, to, "receipt.nobody")


def _locale(tenure: Tenure) -> str:
    return tenure.language or str(settings.NOTICE_LANGUAGE)
