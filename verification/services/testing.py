"""Test keys: made-up answers about made-up people. Nobody is asked and nothing is looked up.

The last three digits of the number say what comes of it: see `MADE_UP` and docs/answers.md. The
database knows no number for such a request (`gate.number_of`), so it reaches nobody, whoever's
number was written into it.
"""

from datetime import timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.db import transaction

from consent import gate
from consent.models import Request
from core import clock, person_keys
from core.models import Installation
from signaling.models import City
from travel import questions
from travel.itinerary import Place, StayPoint, Visit, visit
from travel.questions import ItineraryQuestion, Observed, Reason, Value
from travel.window import Window
from verification.models import Answer
from verification.selectors import terms
from verification.services import answering
from verification.services.issuing import handed_over, sign_answer
from verification.statements import Asker, Evidence

MADE_UP = {
    "001": (Value.YES, Reason.SEEN),
    "002": (Value.NO, Reason.NOT_SEEN),
    "003": (Value.CANNOT_TELL, Reason.TOO_LITTLE_DATA),
    "004": (Value.LISTED, Reason.LISTED),
    "005": (Value.YES, Reason.SEEN),
}
#: Answers to these numbers are taken back by themselves, after this long.
TAKEN_BACK = "005"
TAKEN_BACK_AFTER = timedelta(minutes=1)
#: Whom a test answer is said to be for, in place of the organisation's name.
TEST_NAME = "TEST, about nobody"
#: Looked at again by the sweep for so long.
LOOKED_AT_FOR = timedelta(hours=1)


def answer(request: Request) -> None:
    """Answer a test request at once with what its number stands for, or not at all. The caller's
    transaction considers it; the log says that it reached nobody."""
    gate.turn_down(request_id=request.id, reason="unknown_number")
    made_up = MADE_UP.get(_last_three(request))
    said = _said(request, *made_up) if made_up else None
    if said is None:
        return
    consent_id = uuid4()
    signed = sign_answer(
        answer=said,
        asker=Asker(request.org_ref, TEST_NAME, request.nonce),
        evidence=Evidence(consent_id, log_entry=uuid4(), last_two=_last_three(request)[-2:]),
        names=_names(said),
        is_test=True,
    )
    made = answering.store(request, signed.id, signed.token, consent_id, uuid4(), entry=0)
    made.handed_over_at = made.made_at
    made.save(update_fields=["handed_over_at"])
    handed_over(answer_id=signed.id)


@transaction.atomic
def take_back_due() -> None:
    """Take back the answers whose number asks for it."""
    now = clock.now()
    due = Answer.objects.filter(
        handed_over_at__gt=now - LOOKED_AT_FOR,
        handed_over_at__lte=now - TAKEN_BACK_AFTER,
        withdrawn_at=None,
    )
    tests = Request.objects.filter(is_test=True, asked_at__gt=now - LOOKED_AT_FOR).in_bulk(
        list(due.values_list("request_id", flat=True))
    )
    for answer in due.filter(request_id__in=tests):
        if _last_three(tests[answer.request_id]) == TAKEN_BACK:
            answering.take_back(answer)


def _last_three(request: Request) -> str:
    """Of a request by code there are none."""
    key = person_keys.get(request.key_id)
    if key is None or request.number_sealed is None:
        return ""
    return key.unseal(bytes(request.number_sealed), f"request:{request.id}")[-3:]


def _said(request: Request, value: Value, reason: Reason) -> questions.Answer | None:
    """None when the value is no answer to such a question."""
    zone = ZoneInfo(Installation.objects.get().time_zone)
    window = Window.before(clock.now(), days=request.days, zone=zone)
    lists = request.question == "itinerary"
    if value is not Value.CANNOT_TELL and lists != (value is Value.LISTED):
        return None
    few = value is Value.CANNOT_TELL
    seen = 1 if few else request.days
    return questions.Answer(
        question=answering.question_of(request, request.days),
        value=value,
        reason=reason,
        window=window,
        observed=Observed(request.days, seen, 0 if few else request.days, 3 if few else 20 * seen),
        data_through=window.last,
        minimum_stay=terms().minimum_stay,
        visits=tuple(_visits(window)) if value is Value.LISTED else (),
    )


def _visits(window: Window) -> list[Visit]:
    """The whole time in one city: the first one that there is."""
    city = City.objects.order_by("code").first()
    if city is None:
        return []
    return [visit(StayPoint(Place.of(city.code), window.start, window.end), window)]


def _names(said: questions.Answer) -> dict[str, str]:
    codes = {code for one in said.visits for code in one.place.cities}
    if not isinstance(said.question, ItineraryQuestion):
        codes |= said.question.places.cities | said.question.places.countries
    return dict(City.objects.filter(code__in=codes).values_list("code", "name"))
