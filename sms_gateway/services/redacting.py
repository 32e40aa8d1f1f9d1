"""Having a provider forget what was said, once the person has it or never will."""

import logging
from datetime import timedelta

from sms_gateway import clock, providers
from sms_gateway.failures import describe
from sms_gateway.models import OutboundMessage, OutboundPart

log = logging.getLogger(__name__)

BATCH = 200
AGAIN = timedelta(minutes=10)
GIVEN_UP = timedelta(days=7)


def redact() -> None:
    """Do a batch of what is due; twice is no harm. What fails is tried again for a week."""
    due = OutboundMessage.objects.filter(redact_at__lte=clock.now()).order_by("redact_at")
    for row in due.only("id", "provider", "provider_message_id")[:BATCH]:
        rows = OutboundMessage.objects.filter(id=row.id)
        rows.update(redact_at=clock.after(AGAIN))
        parts = OutboundPart.objects.filter(outbound_id=row.id)
        ids = set(parts.values_list("provider_message_id", flat=True)) | {row.provider_message_id}
        try:
            for provider_message_id in filter(None, ids):
                providers.get(row.provider).redact(provider_message_id)
        except Exception as error:
            log.warning("a text was not redacted", extra={"error": describe(error)})
            rows.filter(created_at__lte=clock.after(-GIVEN_UP)).update(redact_at=None)
        else:
            rows.update(redact_at=None)
