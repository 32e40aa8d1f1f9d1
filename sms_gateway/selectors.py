from core import rows
from sms_gateway import sealed
from sms_gateway.messages import Address
from sms_gateway.models import InboundMessage


def is_opted_out(*, number_index: bytes) -> bool:
    """Whether this number said STOP and not START since."""
    query = "SELECT is_out FROM sms_gateway_optout WHERE number_index = %s"
    return bool(rows.value(query, [number_index]))


def address_of_inbound(*, inbound_id: int) -> Address | None:
    """Where an answer to this text goes; None when its sender was erased."""
    row = InboundMessage.objects.filter(id=inbound_id).first()
    if row is None:
        return None
    context = sealed.inbound_sender(row.provider, row.provider_message_id)
    opened = sealed.unseal(row.key_id, (row.sender_sealed, context))
    return Address(opened[0], bytes(row.number_index)) if opened else None
