"""What operators have done. Their pages run as web, which sees neither numbers nor answers, so
they ask and the worker acts. Each is in the log the moment it is asked for."""

import logging
import uuid
from collections.abc import Callable
from typing import cast

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from audit import services as audit
from core.numbers import parse
from sms_gateway import clock, dispatch, sealed
from sms_gateway.failures import describe
from sms_gateway.messages import Address, Inbound
from sms_gateway.models import (
    Act,
    InboundMessage,
    OperatorAct,
    OutboundMessage,
    Reason,
    State,
    Unclear,
)
from sms_gateway.services.queueing import queue

log = logging.getLogger(__name__)

EVENTS = {
    Act.RESEND: "gateway.text_resent",
    Act.STOP: "gateway.text_handled",
    Act.CLOSE: "gateway.text_handled",
}
#: What may go once more: it did not arrive, and not for good.
RESENDABLE = (State.UNDELIVERED, State.FAILED)


@transaction.atomic
def ask(*, what: Act, target: uuid.UUID, by_ref: uuid.UUID) -> None:
    """Have something done; asked for twice before it is done, it is done once."""
    act = OperatorAct(what=what, target=target, by_ref=by_ref, asked_at=clock.now())
    OperatorAct.objects.bulk_create([act], ignore_conflicts=True)
    if OperatorAct.objects.filter(id=act.id).exists():
        audit.record(event=EVENTS[what], by="staff", by_ref=by_ref)
        dispatch.on_commit("operate")


def operate() -> None:
    """Do what is asked for, one after the other."""
    for act_id in list(OperatorAct.objects.filter(done_at=None).values_list("id", flat=True)):
        try:
            _operate(act_id)
        except Exception as error:  # tried again in a moment; the others do not wait for it
            log.error("an operator's wish was not done", extra={"error": describe(error)})


@transaction.atomic
def _operate(act_id: uuid.UUID) -> None:
    rows = OperatorAct.objects.select_for_update(skip_locked=True)
    act = rows.filter(id=act_id, done_at=None).first()
    if act is not None:
        was_done = DO[Act(act.what)](act)
        OperatorAct.objects.filter(id=act.id).update(done_at=clock.now(), was_done=was_done)


def _resend(act: OperatorAct) -> bool:
    """As a new text with the same life and the same hold; whatever forbids the first forbids it."""
    row = OutboundMessage.objects.filter(ref=act.target, state__in=RESENDABLE).first()
    if row is None or row.reason == Reason.PERMANENT:
        return False
    opened = sealed.unseal(
        row.key_id,
        (row.address_sealed, sealed.outbound_address(row.ref)),
        (row.body_sealed, sealed.outbound_body(row.ref)),
    )
    if opened is None:
        return False
    queue(
        to=Address(opened[0], bytes(row.number_index)),
        body=opened[1],
        kind=row.kind,
        cause=f"resend:{act.id}",
        hold_ref=row.hold_ref,
        after_entry=row.after_entry,
        expires_at=row.expires_at,
        org_ref=row.org_ref,
    )
    return True


def _stop(act: OperatorAct) -> bool:
    """As if the person had texted the word: it ends everything, and is confirmed."""
    unclear = Unclear.objects.filter(ref=act.target, closed_at=None).first()
    row = InboundMessage.objects.filter(id=unclear.inbound_id).first() if unclear else None
    if row is None:
        return False
    context = sealed.inbound_sender(row.provider, row.provider_message_id)
    opened = sealed.unseal(row.key_id, (row.sender_sealed, context))
    stop = Inbound(
        id=row.id,
        provider=row.provider,
        sender=parse(opened[0] if opened else ""),
        number_index=bytes(row.number_index),
        text="STOP",
        problem="",
        received_at=row.received_at,
        answered_by_provider=False,
        cause=f"meant-stop:{act.id}",
    )
    cast(Callable[[Inbound], None], import_string(settings.SMS_INBOUND_HANDLER))(stop)
    return _close(act)


def _close(act: OperatorAct) -> bool:
    rows = Unclear.objects.filter(ref=act.target, closed_at=None)
    return bool(rows.update(closed_at=clock.now(), body_sealed=None))


DO: dict[Act, Callable[[OperatorAct], bool]] = {
    Act.RESEND: _resend,
    Act.STOP: _stop,
    Act.CLOSE: _close,
}
