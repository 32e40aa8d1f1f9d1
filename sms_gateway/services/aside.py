"""Texts that somebody has to read: nobody understood them, or handling them failed for good."""

from sms_gateway import sealed
from sms_gateway.models import InboundMessage, Unclear


def set_aside(*, inbound_id: int) -> None:
    """Keep the words of a text for an operator, as long as the text has them."""
    row = InboundMessage.objects.get(id=inbound_id)
    names = row.provider, row.provider_message_id
    opened = sealed.unseal(row.key_id, (row.body_sealed, sealed.inbound_body(*names)))
    if opened is None:
        return
    fresh = Unclear(
        inbound_id=row.id,
        number_index=row.number_index,
        key_id=row.key_id,
        received_at=row.received_at,
    )
    fresh.body_sealed = sealed.reseal(row.key_id, opened[0], sealed.unclear_body(fresh.ref))
    Unclear.objects.bulk_create([fresh], ignore_conflicts=True)
