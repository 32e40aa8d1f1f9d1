"""An organisation asks. The web process does this; it looks nobody up, whoever is asked about.

What is stored here is considered by the worker (`verification.services.asking`). An unknown number,
a code that nobody has and a person who blocked the asker take the same steps here, and look the
same afterwards.
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction

from audit.services import record
from consent import sharing_codes
from consent.models import AskedBy, Request
from consent.services.asking import store
from core import clock, dispatch, person_keys
from core.numbers import SenderKind, number_index, parse
from organisations.models import ApiKey, Membership, Organisation
from signaling.models import City
from verification.selectors import open_requests, requests_of

MOST_PLACES = 8
MOST_DAYS = 14
MOST_KEPT_DAYS = 30
NONCE_BYTES = 12


class QuestionError(ValueError):
    """Something in the question is not right. `problems`: name of a field -> what is wrong with it,
    a key of the catalogue `request.problem.*`. Speaks of form alone, never of a person."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__(", ".join(f"{name}: {problem}" for name, problem in problems.items()))
        self.problems = problems


class CapError(Exception):
    """The organisation has used up what an operator allows it: 'per_day' or 'open'."""


class NotAllowedError(Exception):
    """The organisation may not ask this: 'suspended', 'purpose', 'itinerary' or 'by_number'."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it is asked. One of `number` (E.164) and `code` (a sharing code) is given.

    `days` are the last full local days, 1 to 14; `kept_days` (1 to 30) how long the asker may keep
    the answer; `nonce` (8 to 22 characters of base64url) comes back in the answer, a random one if
    none is given; `reference` is the asker's own and is shown to nobody else.
    """

    purpose: str
    question: str
    days: int
    kept_days: int
    number: str = field(default="", repr=False)
    code: str = field(default="", repr=False)
    cities: Collection[str] = ()
    countries: Collection[str] = ()
    nonce: str = ""
    reference: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: a member on a page, or software with a key."""

    organisation: Organisation
    by_ref: UUID
    is_test: bool = False

    @classmethod
    def member(cls, member: Membership) -> "Asker":
        return cls(member.organisation, member.user_id)

    @classmethod
    def key(cls, key: ApiKey) -> "Asker":
        return cls(key.organisation, key.id, key.is_test)


@transaction.atomic
def ask(*, by: Asker, question: Question) -> Request:
    """Store a question and have it considered. Raises QuestionError, NotAllowedError, CapError."""
    organisation = Organisation.objects.select_for_update(no_key=True).get(id=by.organisation.id)
    problems = check(question)
    if problems:
        raise QuestionError(problems)
    allow(organisation, question)
    _count(organisation)
    now = clock.now()
    request = Request(
        id=uuid4(),
        org_ref=organisation.id,
        purpose=question.purpose,
        question=question.question,
        places={"cities": sorted(question.cities), "countries": sorted(question.countries)},
        days=question.days,
        kept_days=question.kept_days,
        nonce=question.nonce or secrets.token_urlsafe(NONCE_BYTES),
        reference=question.reference,
        is_test=by.is_test,
        asked_at=now,
        closes_at=now + timedelta(hours=settings.REQUEST_OPEN_HOURS),
    )
    _aim(request, question)
    store(request)
    _record("asked", request, by)
    dispatch.on_commit("verification.tasks.consider", str(request.id))
    return request


@transaction.atomic
def ask_once(*, by: Asker, question: Question) -> Request:
    """`ask`, for a form that may be sent twice: the request with this nonce, if it is there."""
    Organisation.objects.select_for_update(no_key=True).get(id=by.organisation.id)
    sent = requests_of(by.organisation, is_test=by.is_test).filter(
        nonce=question.nonce, asked_at__gt=clock.now() - timedelta(days=1)
    )
    return sent.first() or ask(by=by, question=question)


@transaction.atomic
def cancel(*, by: Asker, request_id: UUID) -> bool:
    """The asker needs no answer any more. False when it had ended before.

    Raises Request.DoesNotExist, also for a request of somebody else.
    """
    request = open_requests(by.organisation, is_test=by.is_test).filter(id=request_id)
    if not request.update(cancelled_at=clock.now()):
        Request.objects.only("id").get(id=request_id, org_ref=by.organisation.id)
        return False
    _record("cancelled", Request.objects.only("id", "org_ref").get(id=request_id), by)
    dispatch.on_commit("verification.tasks.end_request", str(request_id))
    return True


def check(question: Question) -> dict[str, str]:
    """What is wrong with the form of a question; empty when nothing is."""
    problems: dict[str, str] = {}
    if bool(question.number) == bool(question.code):
        problems["number"] = "number_or_code"
    elif question.number and parse(question.number).kind is not SenderKind.MOBILE:
        problems["number"] = "not_a_mobile_number"
    elif question.code:
        try:
            sharing_codes.read(question.code)
        except sharing_codes.SharingCodeError:
            problems["code"] = "not_a_code"
    if not 1 <= question.days <= MOST_DAYS:
        problems["days"] = "days"
    if not 1 <= question.kept_days <= MOST_KEPT_DAYS:
        problems["kept_days"] = "kept_days"
    return problems | _check_places(question)


def _check_places(question: Question) -> dict[str, str]:
    codes = {*question.cities, *question.countries}
    if question.question == "itinerary":
        return {"places": "no_places_for_an_itinerary"} if codes else {}
    if not 1 <= len(codes) <= MOST_PLACES:
        return {"places": "how_many_places"}
    known = set(City.objects.filter(code__in=codes).values_list("code", flat=True))
    return {} if known == codes else {"places": "unknown_place"}


def allow(organisation: Organisation, question: Question) -> None:
    """Raises NotAllowedError for a question that an operator has not allowed the organisation."""
    if not organisation.may_ask:
        raise NotAllowedError("suspended")
    if not organisation.may_ask_for(question.purpose):
        raise NotAllowedError("purpose")
    if question.question == "itinerary" and not organisation.may_ask_itinerary(question.purpose):
        raise NotAllowedError("itinerary")
    if question.number and not organisation.may_ask_by_number:
        raise NotAllowedError("by_number")


def _count(organisation: Organisation) -> None:
    """The caller has locked the organisation, so that two requests cannot share the last place."""
    day = timedelta(days=1)
    if (
        Request.objects.filter(org_ref=organisation.id, asked_at__gt=clock.now() - day).count()
        >= organisation.requests_per_day
    ):
        raise CapError("per_day")
    if open_requests(organisation).count() >= organisation.open_requests:
        raise CapError("open")


def _aim(request: Request, question: Question) -> None:
    """At a number, sealed under its own key, known or not; or at whoever has the code."""
    if question.code:
        request.asked_by = AskedBy.CODE
        request.code_digest = sharing_codes.digest(question.code)
        return
    address = parse(question.number).address
    request.asked_by = AskedBy.NUMBER
    request.number_index = number_index(address)
    key = person_keys.current_evenly(request.number_index)
    request.key_id = key.id
    request.number_sealed = key.seal(address, f"request:{request.id}")


def _record(what: str, request: Request, by: Asker) -> None:
    fields: dict[str, object] = {"request_id": request.id}
    if what == "asked":
        fields |= {
            "purpose_code": request.purpose,
            "question": request.question,
            "asked_by": request.asked_by,
            "window_days": request.days,
        }
    record(
        event=f"organisation.{what}",
        by="organisation",
        by_ref=by.by_ref,
        org_ref=request.org_ref,
        fields=fields,
    )
