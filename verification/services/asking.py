"""What becomes of an organisation's question: the person is asked, or nobody is. The worker does
this, and nothing of it is for the asker's side to see.
"""

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from consent import gate, notices, selectors
from consent.models import AskedBy, Block, Request, SharingCode
from consent.services.asking import ask_for
from core import advisory, person_keys
from core.models import Installation
from organisations.models import Organisation
from sms_gateway.messages import Address
from sms_gateway.selectors import is_opted_out
from sms_gateway.services import queue
from subscribers import selectors as subscribers
from subscribers.models import Tenure
from subscribers.services import bind_key
from travel.evidence import Places
from verification.fairness import Earlier, Limits, quiet_until, too_much
from verification.models import Answer
from verification.places import as_texted
from verification.services import testing

#: One number at a time ("ASK"), so that two requests about it count one another.
LOCK_SPACE = 0x41534B
#: No limit looks back further.
LOOKS_BACK = timedelta(days=91)


@transaction.atomic
def consider(request_id: UUID) -> bool:
    """Ask the person a request is about, or turn it down, with the reason for the person's log
    alone. Any number of calls do it once. False while it has to wait for the quiet hours to end.
    """
    request = Request.objects.filter(id=request_id, considered_at=None).first()
    if request is None:
        return True
    if request.is_test:
        testing.answer(request)
        return True
    now, zone = _now(), ZoneInfo(Installation.objects.get().time_zone)
    quiet = quiet_until(now, settings.QUIET_HOURS, zone)
    if quiet is not None and quiet < request.closes_at:
        return False
    whom = gate.whom(request_id)
    if whom.number_index is not None:
        advisory.lock(LOCK_SPACE, whom.number_index)
        whom = gate.whom(request_id)  # another request may have used the code meanwhile
    tenure = subscribers.get(whom.tenure_id) if whom.tenure_id else None
    reason = "time_up" if quiet is not None else whom.obstacle
    reason = reason or _unwelcome(request, whom, tenure) or _too_many(request)
    reason = reason or _too_much(request, whom, _now(), zone)
    if not reason and tenure is not None:
        reason = _ask(request, tenure)
    if reason:
        gate.turn_down(request_id=request_id, reason=reason)
    return True


def due(waiting: QuerySet[Request]) -> QuerySet[Request]:
    """Of requests that nobody has considered those that need not wait, in the order in which they
    were asked."""
    zone = ZoneInfo(Installation.objects.get().time_zone)
    quiet = quiet_until(_now(), settings.QUIET_HOURS, zone)
    found = waiting.order_by("asked_at", "id")
    return found.filter(Q(closes_at__lte=quiet) | Q(is_test=True)) if quiet else found


def _unwelcome(request: Request, whom: gate.Whom, tenure: Tenure | None) -> str:
    """What the holder of the number has said beforehand; the gate looks again."""
    if tenure is None or whom.number_index is None:
        return ""
    if is_opted_out(number_index=whom.number_index):
        return "opted_out"
    if Block.objects.filter(tenure_id=tenure.id, org_ref=request.org_ref).exists():
        return "blocked"
    return "paused" if selectors.paused_until(tenure.id) else ""


def _too_many(request: Request) -> str:
    """What one organisation may ask in a day, whether or not there is anybody to text: a limit that
    counted texts would tell, by who is still reached at its end, which questions had led to one."""
    before = Request.objects.filter(
        org_ref=request.org_ref,
        is_test=False,
        asked_at__gt=request.asked_at - timedelta(days=1),
        asked_at__lt=request.asked_at,
    )
    return "over_cap" if before.count() >= settings.SMS_PER_ORGANISATION_DAY else ""


def _too_much(request: Request, whom: gate.Whom, now: datetime, zone: ZoneInfo) -> str:
    return too_much(
        request.org_ref,
        request.asked_at,
        _places(request),
        request.days,
        earlier=_earlier(request, whom.number_index, now),
        now=now,
        limits=Limits(timedelta(hours=settings.COOL_DOWN_HOURS), settings.ASKERS_PER_DAY, zone),
    )


def _earlier(request: Request, number_index: bytes | None, now: datetime) -> list[Earlier]:
    """Every request about this number that was considered, whatever came of it."""
    answered = Answer.objects.filter(request_id=OuterRef("id"), handed_over_at__isnull=False)
    found = Request.objects.filter(
        target=number_index, asked_at__gt=now - LOOKS_BACK, considered_at__isnull=False
    ).exclude(id=request.id)
    return [
        Earlier(
            org_ref=one.org_ref,
            asked_at=one.asked_at,
            considered_at=one.considered_at,
            is_open=one.closes_at > now and one.cancelled_at is None and not one.is_answered,
            places=_places(one),
            days=one.days,
        )
        for one in found.annotate(is_answered=Exists(answered))
        if one.considered_at is not None
    ]


def _places(request: Request) -> Places | None:
    if request.question == "itinerary":
        return None
    return Places(frozenset(request.places["cities"]), frozenset(request.places["countries"]))


def _ask(request: Request, tenure: Tenure) -> str:
    """Queue the notice; or why not, as the gate says it."""
    tenure = bind_key(tenure=tenure)
    number = _number(request)
    if number is None:
        return "erased"
    locale = tenure.language or settings.NOTICE_LANGUAGE
    asked = ask_for(
        request=request,
        tenure=tenure,
        asker=Organisation.objects.only("name").get(id=request.org_ref).name,
        places=as_texted([*request.places["cities"], *request.places["countries"]], locale),
        locale=locale,
    )
    if isinstance(asked, str):
        return asked
    if asked.fresh:
        queue(
            to=Address(number, bytes(tenure.msisdn_index)),
            body=asked.text,
            kind=notices.KIND,
            cause=f"request:{request.id}",
            hold_ref=asked.consent_id,
            after_entry=asked.entry_id,
            org_ref=request.org_ref,
        )
    return ""


def _number(request: Request) -> str | None:
    """The number itself, for the address of the notice; None when its key was destroyed."""
    if request.asked_by == AskedBy.CODE:
        code = SharingCode.objects.filter(digest=request.code_digest).first()
        return selectors.number_behind(code) if code else None
    key = person_keys.get(request.key_id)
    sealed = request.number_sealed
    return key.unseal(bytes(sealed), f"request:{request.id}") if key and sealed else None


def _now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT core.now()")
        row = cursor.fetchone()
    assert row is not None
    moment: datetime = row[0]
    return moment
