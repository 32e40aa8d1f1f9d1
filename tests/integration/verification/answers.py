"""Answers about an invented person, signed by the worker as it would."""

from datetime import UTC, date, datetime
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.db import transaction

from travel.evidence import Places
from travel.itinerary import Coverage, Place, StayPoint
from travel.questions import Journey, Question, VisitedAny, answer
from travel.window import Window
from verification.selectors import terms
from verification.services.issuing import SignedAnswer, handed_over, sign_answer
from verification.statements import Asker, Evidence

NOW = datetime(2026, 11, 23, 8, 15, 30, 250_000, tzinfo=UTC)
WINDOW = Window(date(2026, 11, 9), date(2026, 11, 22), ZoneInfo("Asia/Shanghai"))
LOG_ENTRY = UUID("5c1f7a60-3b1e-4d0c-9a57-7d1c2f0e9b34")
JOURNEY = Journey(
    (StayPoint(Place.of("330100"), WINDOW.start, WINDOW.end),),
    tuple(Coverage(day, (1 << 24) - 1) for day in WINDOW.days),
    WINDOW,
)
COUNTRY_OF = {"330100": "CN", "420100": "CN", "TH": "TH"}
NAMES = {"330100": "Hangzhou", "420100": "Wuhan", "TH": "Thailand"}
ASKER = Asker(UUID("6f1c2b9e-0d7a-4c35-9f6a-2f4f0b8d1c11"), "River Works Ltd", "q83vEjRWeJASNFZ4")
WUHAN = VisitedAny(14, Places.of(["420100", "TH"], COUNTRY_OF))


def evidence(consent_id: UUID | None = None) -> Evidence:
    return Evidence(consent_id or uuid4(), log_entry=LOG_ENTRY, last_two="34")


def sign(question: Question = WUHAN, consent_id: UUID | None = None) -> SignedAnswer:
    """One that nobody has yet."""
    said = answer(question, JOURNEY, country_of=COUNTRY_OF, terms=terms())
    with transaction.atomic():
        return sign_answer(answer=said, asker=ASKER, evidence=evidence(consent_id), names=NAMES)


def issue(question: Question = WUHAN, consent_id: UUID | None = None) -> SignedAnswer:
    """One that its asker has."""
    with transaction.atomic():
        signed = sign(question, consent_id)
        handed_over(answer_id=signed.id)
        return signed
