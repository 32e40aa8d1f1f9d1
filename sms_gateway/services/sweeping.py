"""Taking up what was stored and not finished: the queue may lose anything at any time."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from sms_gateway import clock, dispatch
from sms_gateway.models import DeliveryReport, InboundMessage, OutboundMessage
from sms_gateway.models.outbound import OPEN_STATES
from sms_gateway.services.sending import MAX_WAITS

# A task normally runs within milliseconds. What is older has lost its task, or waits in a long
# queue: then a second task does no harm, since each finds out from the row what is left to do.
PATIENCE = timedelta(seconds=3)
REPORTS_KEPT_TRYING = timedelta(hours=1)
BATCH = 500


def sweep() -> None:
    """Enqueue a bounded batch of everything that is due and has no live task for all we know."""
    for inbound_id in _take(_waiting_inbound()):
        dispatch.enqueue("handle_again", inbound_id)
    for outbound_id in _take(_due_outbound()):
        dispatch.enqueue("send", outbound_id, MAX_WAITS)
    for report_id in list(_early_reports().values_list("id", flat=True)[:BATCH]):
        dispatch.enqueue("apply_report", report_id)


def _waiting_inbound() -> QuerySet[InboundMessage]:
    return InboundMessage.objects.filter(
        handled_at=None, due_at__lte=clock.now(), enqueued_at__lte=clock.after(-PATIENCE)
    ).order_by("due_at")


def _due_outbound() -> QuerySet[OutboundMessage]:
    return OutboundMessage.objects.filter(
        state__in=OPEN_STATES, due_at__lte=clock.now(), enqueued_at__lte=clock.after(-PATIENCE)
    ).order_by("due_at")


def _early_reports() -> QuerySet[DeliveryReport]:
    """Reports that were not applied though their text is known by now."""
    texts = OutboundMessage.objects.filter(
        Q(ref=OuterRef("ref"))
        | Q(provider=OuterRef("provider"), provider_message_id=OuterRef("provider_message_id"))
    )
    return DeliveryReport.objects.filter(
        Exists(texts),
        applied_at=None,
        received_at__lte=clock.after(-PATIENCE),
        received_at__gte=clock.after(-REPORTS_KEPT_TRYING),
    ).order_by("received_at")


@transaction.atomic
def _take(due: "QuerySet[InboundMessage] | QuerySet[OutboundMessage]") -> list[int]:
    """Ids of a batch, marked as enqueued now so that the next sweep leaves them in peace."""
    ids = list(due.select_for_update(skip_locked=True).values_list("id", flat=True)[:BATCH])
    due.model._default_manager.filter(id__in=ids).update(enqueued_at=clock.now())
    return ids
