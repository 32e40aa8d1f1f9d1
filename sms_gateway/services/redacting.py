"""Having a provider forget what was said: a text of ours once the person has it or never will, a
text of theirs once it is handled."""

import logging
from datetime import timedelta

from django.db.models import QuerySet

from sms_gateway import clock, providers
from sms_gateway.failures import describe
from sms_gateway.models import InboundMessage, OutboundMessage, OutboundPart, Problem

log = logging.getLogger(__name__)

BATCH = 200
AGAIN = timedelta(minutes=10)
GIVEN_UP = timedelta(days=7)

Texts = QuerySet[InboundMessage] | QuerySet[OutboundMessage]


def redact() -> None:
    """Do a batch of what is due; twice is no harm. What fails is tried again for a week."""
    ours = OutboundMessage.objects.filter(redact_at__lte=clock.now()).order_by("redact_at")
    for text in ours.only("id", "provider", "provider_message_id")[:BATCH]:
        parts = OutboundPart.objects.filter(outbound_id=text.id)
        ids = set(parts.values_list("provider_message_id", flat=True)) | {text.provider_message_id}
        rows = OutboundMessage.objects.filter(id=text.id)
        is_old = rows.filter(created_at__lte=clock.after(-GIVEN_UP))
        _forget(rows, text.provider, {known for known in ids if known}, is_old=is_old)
    theirs = InboundMessage.objects.filter(redact_at__lte=clock.now()).order_by("redact_at")
    for came in theirs.only("id", "provider", "provider_message_id", "problem")[:BATCH]:
        came_rows = InboundMessage.objects.filter(id=came.id)
        _forget(
            came_rows,
            came.provider,
            {came.provider_message_id},
            is_old=came_rows.filter(received_at__lte=clock.after(-GIVEN_UP)),
            has_media=came.problem == Problem.MEDIA,
        )


def _forget(
    rows: Texts, provider: str, ids: set[str], *, is_old: Texts, has_media: bool = False
) -> None:
    """One text, under every id that the provider has for it."""
    rows.update(redact_at=clock.after(AGAIN))
    try:
        for provider_message_id in ids:
            providers.get(provider).redact(provider_message_id, has_media=has_media)
    except Exception as error:
        log.warning("a text was not redacted", extra={"error": describe(error)})
        is_old.update(redact_at=None)
    else:
        rows.update(redact_at=None)
