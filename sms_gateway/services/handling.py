"""Handing texts to the room that understands them: each once, and each number's in order."""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.module_loading import import_string

from core import rows
from core.numbers import parse
from sms_gateway import clock, dispatch, providers, sealed
from sms_gateway.failures import backoff, describe, is_busy
from sms_gateway.messages import Inbound
from sms_gateway.models import InboundMessage, Problem
from sms_gateway.services.aside import set_aside
from sms_gateway.services.opting import opt_out
from sms_gateway.services.probing import came_back

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 8
BUSY = timedelta(seconds=15)

NUMBER = "SELECT number_index FROM sms_gateway_inboundmessage WHERE id = %s AND handled_at IS NULL"
OLDEST = """
SELECT id FROM sms_gateway_inboundmessage
WHERE number_index = %s AND handled_at IS NULL AND due_at <= core.now() ORDER BY id LIMIT 1
"""


def handle(*, inbound_id: int, again: bool = False) -> None:
    """Handle the oldest waiting text of the number that sent this one, then start the next.

    What the handler does and the mark that the text is handled are one transaction: called any
    number of times, by any number of workers, each text has one effect.

    `again`: the sweep has found it; the attempt is counted before it is made, in a transaction of
    its own, so that a text that kills its worker is given up in the end.
    """
    index = _number_of(inbound_id)
    if index is None or (oldest := _oldest_due(index)) is None:
        return
    if again:
        InboundMessage.objects.filter(id=oldest).update(attempts=F("attempts") + 1)
    try:
        mine = _handle_one(oldest)
    except Exception as error:
        _record_failure(oldest, error, counted=again)
        mine = True
    # Whoever holds the lock on the oldest looks for the next one after letting go of it.
    if mine and (following := _oldest_due(index)) is not None:
        dispatch.enqueue("handle", following)


def _number_of(inbound_id: int) -> bytes | None:
    index = rows.value(NUMBER, [inbound_id])
    return None if index is None else bytes(index)


def _oldest_due(index: bytes) -> int | None:
    found: int | None = rows.value(OLDEST, [index])
    return found


@transaction.atomic
def _handle_one(inbound_id: int) -> bool:
    """False when another worker has it, or had it."""
    row = (
        InboundMessage.objects.select_for_update(skip_locked=True)
        .filter(id=inbound_id, handled_at=None)
        .first()
    )
    if row is None:
        return False
    problem = row.problem
    if row.attempts > MAX_ATTEMPTS:
        problem = Problem.GIVEN_UP
        _give_up(row)
    else:
        if (inbound := _open(row)) is None:
            problem = Problem.ERASED
            inbound = _stop_without_words(row) if row.is_stop else None
        if inbound is not None and not came_back(index=inbound.number_index, body=inbound.text):
            handler = cast(Callable[[Inbound], None], import_string(settings.SMS_INBOUND_HANDLER))
            handler(inbound)
    InboundMessage.objects.filter(id=row.id).update(problem=problem, **_done(row))
    return True


def _give_up(row: InboundMessage) -> None:
    """Somebody has to read it. And whoever said STOP is not texted any more, whatever else that
    should have ended."""
    if row.is_stop:
        opt_out(number_index=bytes(row.number_index), word="STOP", inbound_id=row.id)
    set_aside(inbound_id=row.id)


def _done(row: InboundMessage) -> dict[str, Any]:
    """Columns of a text that nothing more is done with: its provider may forget it too."""
    keeps_words = providers.get(row.provider).capabilities.keeps_words
    return {"handled_at": clock.now(), "redact_at": clock.now() if keeps_words else None}


def _stop_without_words(row: InboundMessage) -> Inbound:
    """The STOP of somebody who was erased before it was read: it counts, and cannot be answered."""
    return Inbound(
        id=row.id,
        provider=row.provider,
        sender=parse(""),
        number_index=bytes(row.number_index),
        text="STOP",
        problem=row.problem,
        received_at=row.received_at,
        answered_by_provider=row.answered_by_provider,
    )


def _open(row: InboundMessage) -> Inbound | None:
    names = row.provider, row.provider_message_id
    opened = sealed.unseal(
        row.key_id,
        (row.sender_sealed, sealed.inbound_sender(*names)),
        (row.body_sealed, sealed.inbound_body(*names)),
    )
    if opened is None:
        return None
    return Inbound(
        id=row.id,
        provider=row.provider,
        sender=parse(opened[0]),
        number_index=bytes(row.number_index),
        text=opened[1],
        problem=row.problem,
        received_at=row.received_at,
        answered_by_provider=row.answered_by_provider,
    )


@transaction.atomic
def _record_failure(inbound_id: int, error: Exception, *, counted: bool) -> None:
    """Put a text aside for a while; its number's later texts go on meanwhile."""
    row = InboundMessage.objects.select_for_update().get(id=inbound_id)
    if row.handled_at is not None:
        return
    if is_busy(error):  # a load of subscriptions may take long: waiting for it is no attempt
        InboundMessage.objects.filter(id=row.id).update(
            attempts=row.attempts - (1 if counted else 0), due_at=clock.after(BUSY)
        )
        log.info("a text waits for a lock", extra={"inbound": row.id})
        return
    attempts = row.attempts + (0 if counted else 1)
    changes = {"attempts": attempts, "due_at": clock.after(backoff(attempts))}
    if attempts >= MAX_ATTEMPTS:
        _give_up(row)
        changes |= {"problem": Problem.GIVEN_UP, **_done(row)}
    InboundMessage.objects.filter(id=row.id).update(**changes)
    log.error(
        "a text could not be handled",
        extra={"inbound": row.id, "attempts": attempts, "error": describe(error)},
    )
