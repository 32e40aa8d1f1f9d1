"""Erasures that waited for a legal hold to end: everything goes, and the number gets a text."""

from uuid import UUID

from django.db import transaction

from consent import gate, services
from core import catalogue
from inquiry import memory
from sms_gateway import kinds
from sms_gateway.messages import Address
from sms_gateway.services import forget, queue
from subscribers import selectors as subscribers
from verification.services import answering


def carry_out_due() -> int:
    """Each in a transaction of its own; how many there were."""
    return sum(map(carry_out, gate.erasures_due()))


@transaction.atomic
def carry_out(tenure_id: UUID) -> bool:
    """Any number of calls do it once. Whoever holds the number by now is not texted about it, and
    keeps their texts."""
    tenure = subscribers.tenures().filter(id=tenure_id).first()
    if tenure is None:
        return False
    index = bytes(tenure.msisdn_index)
    holder = subscribers.current(index)
    number = services.erase_kept(tenure=tenure)
    if number is None:
        return False
    answering.recall_all_of(tenure_id=tenure_id)
    memory.forget(tenure)
    if holder is not None and holder.id != tenure_id:
        return True
    forget(number_index=index)
    queue(
        to=Address(number, index),
        body=catalogue.render(tenure.language or catalogue.FIRST, "erase.done"),
        kind=kinds.ERASED,
        cause=f"erasure:{tenure_id}",
    )
    return True
