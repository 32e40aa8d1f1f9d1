"""A person says that a visit is wrong: remembering what they were told, asking, handing over what
an operator may see, deciding.

Every state and every entry is written by the gate's SQL functions; here is what they cannot do:
codes, texts, and sealing under the person's key.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.models import User
from audit.services import record_purge
from consent import codes
from consent import gate as consent_gate
from consent import services as consent_services
from consent.models import Release
from consent.services import CODE_CLASH, NoKeyError
from core import catalogue, clock, dispatch, person_keys
from core.models import Installation
from disputes import evidence, gate, notices
from disputes.deadlines import due_on
from disputes.models import Dispute, LastVisits
from disputes.terms import one_visit
from sms_gateway.messages import Inbound
from subscribers.models import Tenure
from travel.itinerary import Place, Visit

KEPT = timedelta(hours=1)
#: What tells the person and the askers of the outcome; a room above.
TELL = "inquiry.tasks.tell_of_dispute"


@dataclass(frozen=True, slots=True, repr=False)
class Asked:
    """`outcome` as `gate.Asked`; text, consent and entry are there when asked. `fresh` is False
    when the same text was handled before: `text` then must not be sent."""

    outcome: str
    text: str = ""
    consent_id: UUID | None = None
    entry_id: int | None = None
    fresh: bool = False


def remember(*, tenure: Tenure, consent_id: UUID, entry_id: int, visits: Sequence[Visit]) -> None:
    """Keep the visits of an answer for an hour, sealed, in place of an earlier one's."""
    key = person_keys.get(tenure.key_id)
    if key is None or not visits:
        LastVisits.objects.filter(tenure_id=tenure.id).delete()
        return
    content = [
        [*(moment.isoformat() for moment in (v.start, v.end, v.first_day, v.last_day)),
         *v.place.cities]
        for v in visits
    ]  # fmt: skip
    LastVisits.objects.update_or_create(
        tenure_id=tenure.id,
        defaults={
            "consent_id": consent_id,
            "entry_id": entry_id,
            "sealed": key.seal(json.dumps(content), _context(tenure)),
            "until": clock.now() + KEPT,
        },
    )


@dataclass(frozen=True, slots=True, repr=False)
class Told:
    """The visits of the last answer, in its order: `WRONG 1` is about the first."""

    consent_id: UUID
    entry_id: int
    visits: tuple[Visit, ...]


def last_told(tenure: Tenure) -> Told | None:
    """None when there is none, or it was more than an hour ago."""
    row = LastVisits.objects.filter(tenure_id=tenure.id, until__gt=clock.now()).first()
    key = person_keys.get(tenure.key_id)
    if row is None or key is None:
        return None
    visits = (
        Visit(
            Place(tuple(cities)),
            datetime.fromisoformat(start),
            datetime.fromisoformat(end),
            date.fromisoformat(first),
            date.fromisoformat(last),
        )
        for start, end, first, last, *cities in json.loads(
            key.unseal(bytes(row.sealed), _context(tenure))
        )
    )
    return Told(row.consent_id, row.entry_id, tuple(visits))


@transaction.atomic
def ask(*, inbound: Inbound, tenure: Tenure, locale: str, visit: Visit, place: str) -> Asked:
    """Ask a person, who texted, whether one visit may be looked at. `place`: what it is called.

    Ends their earlier open question about themself. Raises django.db.DatabaseError when the text is
    not from the present holder of the tenure's number, NoKeyError when the tenure has no key.
    """
    key = person_keys.get(tenure.key_id)
    if key is None:
        raise NoKeyError
    installation = Installation.objects.get()
    due = due_on(
        clock.local_day(clock.now(), ZoneInfo(installation.time_zone)),
        visit.last_day,
        working_days=settings.DISPUTE_WORKING_DAYS,
        window_days=installation.window_days,
    )
    city, *alternative = visit.place.cities
    about = {
        "city": city,
        "alt": alternative[0] if alternative else None,
        "from": visit.start.isoformat(),
        "to": visit.end.isoformat(),
        "due_on": due.isoformat(),
    }
    days = catalogue.format_days(locale, visit.first_day, visit.last_day)
    while True:
        code = codes.new_code()
        notice = notices.render(locale=locale, code=code, place=place, days=days, due_on=due)
        try:
            with transaction.atomic():
                asked = gate.ask(
                    tenure_id=tenure.id,
                    inbound_id=inbound.id,
                    terms=one_visit(installation.window_days),
                    code_digest=codes.digest(inbound.number_index, code),
                    notice={**notice.about(), "key_id": str(key.id)},
                    notice_sealed=key.seal(notice.text, f"notice|{tenure.subject_ref}"),
                    visit=about,
                )
        except IntegrityError as error:
            if CODE_CLASH not in str(error):
                raise
            continue  # another open question of this number has the code: one in a million
        return Asked(asked.outcome, notice.text, asked.consent_id, asked.entry_id, asked.fresh)


def hand_over(*, release: Release, tenure: Tenure) -> gate.Opened:
    """Fetch one visit and keep what an operator may see of it, sealed, until it is decided.

    In the caller's transaction, for a release that `consent.gate.settle` says is ready. Raises
    NoKeyError when the tenure has no key.
    """
    key = person_keys.get(tenure.key_id)
    if key is None:
        raise NoKeyError
    dispute = Dispute.objects.only("id").get(consent_id=release.consent_id)
    rows = consent_gate.fetch(release.id)
    found = evidence.by_day(rows, ZoneInfo(Installation.objects.get().time_zone))
    consent_services.release(
        release_id=release.id, tenure=tenure, payload="\n".join(day.written() for day in found)
    )
    return gate.open_case(
        release_id=release.id,
        evidence={
            one.day: key.seal(one.written(), evidence.context(dispute.id, one.day)) for one in found
        },
        key_id=key.id,
    )


@transaction.atomic
def look(*, dispute_id: UUID, by: User) -> int | None:
    """An operator looks, which the person sees. The entry to wait for; None: nothing to see."""
    return gate.look(dispute_id=dispute_id, operator_ref=by.id)


@transaction.atomic
def decide(
    *, dispute_id: UUID, by: User, outcome: str, reason: str, instead: str | None = None
) -> str:
    """`outcome`: confirmed (then `instead` is dropped, first or second) or rejected; `reason` on
    their closed lists. done | over | unseen. The person is told afterwards."""
    decided = gate.decide(
        dispute_id=dispute_id, operator_ref=by.id, outcome=outcome, reason=reason, instead=instead
    )
    if decided == "done":
        dispatch.on_commit(TELL, str(dispute_id))
    return decided


def told(*, dispute_id: UUID) -> None:
    """The person, and whoever holds an answer, know the outcome."""
    Dispute.objects.filter(id=dispute_id).update(told_at=clock.now())


@transaction.atomic
def tidy() -> int:
    """Forget what has left the window, and the visits that nobody asked about within the hour; how
    many visits, and cases that ended with their days."""
    ended = gate.purge()
    gone = LastVisits.objects.filter(until__lte=clock.now()).delete()[0]
    return record_purge(kind="disputes", rows=ended + gone)


def _context(tenure: Tenure) -> str:
    return f"last-visits:{tenure.id}"
