"""What became of a visit that was said to be wrong: told to the person, and marked on answers."""

from uuid import UUID

from django.db import transaction

from consent import selectors as consents
from core import catalogue
from disputes import selectors, services
from disputes.models import Dispute, State
from inquiry.turn import REPLY
from sms_gateway.selectors import address_of_inbound
from sms_gateway.services import queue
from subscribers import selectors as subscribers
from verification.services import disputing


@transaction.atomic
def tell(dispute_id: UUID) -> None:
    """Once for a case that is over; any number of calls do it once. Whoever has ended it themself
    was told so then."""
    case = selectors.known(dispute_id)
    if case is None or case.decided_at is None or case.told_at is not None:
        return
    disputing.dispute_over(case)
    key = _key(case)
    consent, tenure = consents.get(case.consent_id), subscribers.get(case.tenure_id)
    to = (
        address_of_inbound(inbound_id=consent.grant_inbound)
        if consent and consent.grant_inbound
        else None
    )
    if key and tenure and to:
        locale = tenure.language or catalogue.FIRST
        days = catalogue.format_days(locale, case.first_day, case.last_day)
        about = {"days": days}
        if case.state != State.ENDED:
            about["reason"] = catalogue.render(locale, f"dispute.reason.{case.reason}")
        queue(
            to=to,
            body=catalogue.render(locale, key, **about),
            kind=REPLY,
            cause=f"dispute:{case.id}",
            hold_ref=tenure.id,
        )
    services.told(dispute_id=case.id)


def _key(case: Dispute) -> str:
    if case.state == State.CONFIRMED:
        return "dispute.replaced" if case.is_replaced else "dispute.dropped"
    if case.state == State.REJECTED:
        return "dispute.rejected"
    return "dispute.ended" if case.reason == "time_up" else ""
