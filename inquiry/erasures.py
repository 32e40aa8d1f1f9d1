"""Erasures that waited for a legal hold to end: everything goes, and the number gets a text."""

import logging
from uuid import UUID

from django.db import transaction

from consent import gate, services
from core import catalogue
from inquiry import memory
from sms_gateway import kinds
from sms_gateway.failures import describe
from sms_gateway.messages import Address
from sms_gateway.selectors import is_opted_out
from sms_gateway.services import forget, queue
from subscribers import selectors as subscribers
from verification.services import answering

log = logging.getLogger(__name__)


def carry_out_due() -> int:
    """Each in a transaction of its own; how many there were. One that fails stops no other."""
    done = 0
    for tenure_id in gate.erasures_due():
        try:
            done += carry_out(tenure_id)
        except Exception as error:
            log.error("an erasure that waited failed", extra={"error": describe(error)})
    return done


@transaction.atomic
def carry_out(tenure_id: UUID) -> bool:
    """Any number of calls do it once. The person alone is texted about it, if the number is still
    theirs for certain and they did not say STOP. Whoever else holds it keeps their texts."""
    tenure = subscribers.tenures().filter(id=tenure_id).first()
    if tenure is None:
        return False
    index = bytes(tenure.msisdn_index)
    holder = subscribers.current(index)
    is_told = (
        holder is not None
        and holder.id == tenure_id
        and not subscribers.is_contested(holder)
        and not is_opted_out(number_index=index)
    )
    number = services.erase_kept(tenure=tenure)
    if number is None:
        return False
    answering.recall_all_of(tenure_id=tenure_id)
    memory.forget(tenure)
    if holder is not None and holder.id != tenure_id:
        return True
    forget(number_index=index)
    if is_told:
        queue(
            to=Address(number, index),
            body=catalogue.render(tenure.language or catalogue.FIRST, "erase.done"),
            kind=kinds.ERASED,
            cause=f"erasure:{tenure_id}",
        )
    return True
