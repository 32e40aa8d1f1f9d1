"""What is kept of texts, and for how long: rows stay, so that replays are known; words go."""

from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet

from audit.services import record_purge
from sms_gateway import clock, providers
from sms_gateway.models import (
    InboundMessage,
    InboundPart,
    Incident,
    OperatorAct,
    OutboundMessage,
    ProviderCall,
    Reason,
    State,
    Switch,
    Unclear,
)
from sms_gateway.models.outbound import OPEN_STATES
from sms_gateway.providers import PROVIDERS
from sms_gateway.services.progress import close

KEPT = timedelta(hours=24)
CALLS_KEPT = timedelta(days=14)
UNCLEAR_KEPT = timedelta(days=14)
ACTS_KEPT = timedelta(days=90)
TROUBLE_KEPT = timedelta(days=366)
BATCH = 500


def purge_bodies() -> int:
    """Forget what was said 24 hours after it was handled or queued (answers go when delivered).

    A text that is still not sent by then, or of which the provider cannot say whether it was, is
    closed first: its words do not wait for a provider either. A sender's sealed number stays until
    the person's key goes: the service may have to text them.
    """
    while _close_overdue():
        pass
    return _blank()


@transaction.atomic
def _blank() -> int:
    """Blank what is over its time, and leave the number of texts in the log; return it."""
    blanked = InboundMessage.objects.filter(
        handled_at__lte=clock.after(-KEPT), body_sealed__isnull=False
    ).update(body_sealed=None)
    unclear = Unclear.objects.filter(received_at__lte=clock.after(-KEPT), body_sealed__isnull=False)
    blanked += unclear.update(body_sealed=None)
    ProviderCall.objects.filter(at__lte=clock.after(-CALLS_KEPT)).delete()
    Unclear.objects.filter(received_at__lte=clock.after(-UNCLEAR_KEPT)).delete()
    OperatorAct.objects.filter(
        asked_at__lte=clock.after(-ACTS_KEPT), done_at__isnull=False
    ).delete()
    Switch.objects.filter(at__lte=clock.after(-TROUBLE_KEPT)).delete()
    Incident.objects.filter(closed_at__lte=clock.after(-TROUBLE_KEPT)).delete()
    old = OutboundMessage.objects.filter(created_at__lte=clock.after(-KEPT))
    finished = old.exclude(state__in=OPEN_STATES).filter(address_sealed__isnull=False)
    _have_forgotten(finished)
    blanked += finished.update(body_sealed=None, address_sealed=None)
    return record_purge(kind="messages", rows=blanked)


def _have_forgotten(texts: QuerySet[OutboundMessage]) -> None:
    """Texts that were accepted and of which no report came: the provider is told to forget them
    all the same."""
    keeping = [name for name in PROVIDERS if providers.get(name).capabilities.keeps_words]
    texts.filter(state=State.SENT, provider__in=keeping).update(redact_at=clock.now())


@transaction.atomic
def _close_overdue() -> bool:
    """Close a batch of texts that have outlived their words; whether there may be more."""
    overdue = OutboundMessage.objects.filter(
        state__in=OPEN_STATES, created_at__lte=clock.after(-KEPT)
    )
    rows = list(overdue.select_for_update(skip_locked=True).order_by("id")[:BATCH])
    for row in rows:
        was_tried = row.state == State.SENDING or row.reason not in ("", Reason.LIMIT)
        close(
            row,
            state=State.FAILED if was_tried else State.SUPPRESSED,
            reason=Reason(row.reason or Reason.EXPIRED),
        )
    return len(rows) == BATCH


@transaction.atomic
def forget(*, number_index: bytes) -> None:
    """Blank every text and address of a number, and stop what is queued for it.

    Call it before queueing the last confirmation. Texts that wait to be handled lose their words
    too, but a STOP among them stays one (`is_stop`). A text that is being sent at this moment is
    not waited for: what its row holds is unreadable once the person's key is destroyed.
    """
    Unclear.objects.filter(number_index=number_index).update(body_sealed=None)
    InboundPart.objects.filter(number_index=number_index).delete()
    InboundMessage.objects.filter(number_index=number_index).update(
        body_sealed=None, sender_sealed=None
    )
    texts = OutboundMessage.objects.filter(number_index=number_index)
    free = texts.select_for_update(skip_locked=True)
    for row in free.filter(state=State.QUEUED).order_by("id"):
        close(row, state=State.SUPPRESSED, reason=Reason.ERASED)
    finished = texts.exclude(state__in=OPEN_STATES).select_for_update(skip_locked=True)
    ids = list(finished.values_list("id", flat=True))
    _have_forgotten(OutboundMessage.objects.filter(id__in=ids))
    OutboundMessage.objects.filter(id__in=ids).update(body_sealed=None, address_sealed=None)
