"""Withdrawing by phone, the worker's part: everything ends, and the number gets a text."""

from uuid import UUID

from django.db import transaction

from consent.services import by_phone
from core import catalogue
from inquiry.turn import REPLY
from sms_gateway.messages import Address
from sms_gateway.services import queue
from subscribers import selectors as subscribers
from verification.services import answering


@transaction.atomic
def withdraw(*, wish_id: UUID) -> None:
    """Any number of calls do it once. Nobody is texted whom the service does not know."""
    wish = by_phone.act(wish_id=wish_id)
    if wish is None:
        return
    answering.recall(number_index=bytes(wish.number_index))
    holder = subscribers.current(bytes(wish.number_index))
    number = by_phone.address_of(wish)
    if holder is None or holder.key_id is None or number is None:
        return
    queue(
        to=Address(number, bytes(wish.number_index)),
        body=catalogue.render(holder.language or catalogue.FIRST, "stop.by_phone"),
        kind=REPLY,
        cause=f"by-phone:{wish.id}",
        hold_ref=holder.id,
    )
