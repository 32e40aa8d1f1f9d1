"""Sending one text: a last check and the mark `sending` in one transaction, the provider's call
outside any, the result in another. A crash in between is found out by asking the provider."""

import logging
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto
from time import monotonic
from typing import assert_never

from django.db import transaction

from core import rows as statements
from sms_gateway import clock, dispatch, providers, sealed
from sms_gateway.failures import backoff, describe
from sms_gateway.messages import OutboundText
from sms_gateway.models import (
    DeliveryReport,
    OutboundMessage,
    OutboundPart,
    Outcome,
    Reason,
    State,
)
from sms_gateway.providers import Accepted, Failure, FailureKind, Provider
from sms_gateway.providers.routes import names
from sms_gateway.services import checks, limits, opting, routing
from sms_gateway.services.limits import Check
from sms_gateway.services.progress import accept, close, start_next

log = logging.getLogger(__name__)

WAIT_SECONDS = 0.2
MAX_WAITS = 50  # then the sweep looks after it
LONG_WAIT = timedelta(minutes=2)  # the queue is told of shorter ones; the sweep finds the others
BUDGET_WAIT = timedelta(minutes=5)
NOTE = """
INSERT INTO sms_gateway_providercall (outbound_id, provider, at, seconds, outcome, code)
VALUES (%s, %s, core.now(), %s, %s, %s)
"""
EARLY = """
SELECT array_agg(id ORDER BY id) FROM sms_gateway_deliveryreport
WHERE provider = %s AND provider_message_id = ANY (%s) AND applied_at IS NULL
"""
SENDING = """
UPDATE sms_gateway_outboundmessage SET state = 'sending', provider = %s, attempts = attempts + 1,
    sending_at = core.now(), cost = %s, due_at = core.now() + %s
WHERE id = %s
"""
CLOCKS_APART = 0.1  # the queue's countdown ends no earlier than the database's


class Step(Enum):
    SEND = auto()
    ASK = auto()  # it may be with the provider already
    WAIT = auto()  # soon
    LEAVE = auto()  # somebody else's turn, or nothing to do


@dataclass(frozen=True, slots=True)
class Claim:
    """What is to be done with a row now, decided under its lock."""

    step: Step
    attempt: int = 0
    text: OutboundText | None = None
    provider: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """One call to a provider, as its log keeps it."""

    provider: str
    seconds: float
    outcome: str
    code: str = ""


def send(*, outbound_id: int, waits: int = 0) -> None:
    """Send a queued text if it is its turn and it may go; look after one whose sending broke off.

    Any number of calls for one text send it once; only a provider that cannot say whether it took a
    text can make it go twice.
    """
    claim = _claim(outbound_id)
    if claim.step is Step.ASK and _ask(outbound_id, claim):
        claim = _claim(outbound_id)
    match claim.step:
        case Step.SEND:
            _call(outbound_id, claim)
        case Step.WAIT if waits < MAX_WAITS:
            dispatch.enqueue("send", outbound_id, waits + 1, countdown=WAIT_SECONDS)
        case Step.WAIT | Step.LEAVE | Step.ASK:
            pass
        case _:
            assert_never(claim.step)


@transaction.atomic
def _claim(outbound_id: int) -> Claim:
    row = (
        OutboundMessage.objects.select_for_update(skip_locked=True)
        .filter(id=outbound_id, state__in=(State.QUEUED, State.SENDING), due_at__lte=clock.now())
        .first()
    )
    if row is None:
        return Claim(Step.LEAVE)
    if row.state == State.SENDING:
        provider = providers.get(row.provider)
        OutboundMessage.objects.filter(id=row.id).update(
            due_at=clock.after(provider.capabilities.stuck_after)
        )
        return Claim(Step.ASK, row.attempts, _open(row), row.provider)
    verdict = checks.verdict(row)
    if verdict is checks.WAIT:
        return Claim(Step.WAIT)
    if verdict is checks.BEHIND:
        return Claim(Step.LEAVE)
    text = _open(row)
    if verdict is None and text is None:
        verdict = Reason.ERASED
    if verdict is not None:
        was_tried = verdict == row.reason and verdict != Reason.LIMIT
        state = State.FAILED if was_tried else State.SUPPRESSED
        close(row, state=state, reason=verdict)
        return Claim(Step.LEAVE)
    assert text is not None
    limited = limits.check(row, text.to)
    if limited is not Check.PASSED:
        return _held_back(row, limited)
    # What has just failed there goes elsewhere, where there is another way.
    provider = routing.choose(text.to, number_index=bytes(row.number_index), failed_at=row.provider)
    cost = limits.cost_of(row.segments, text.to.removeprefix("+"))
    statements.run(SENDING, [provider.name, cost, provider.capabilities.stuck_after, row.id])
    return Claim(Step.SEND, row.attempts + 1, text, provider.name)


def _held_back(row: OutboundMessage, limited: Check) -> Claim:
    """Over a limit: soon again, later while it lives, or not at all."""
    if limited is Check.SOON:
        return Claim(Step.WAIT)
    if limited is Check.NEVER:
        close(row, state=State.SUPPRESSED, reason=Reason.LIMIT)
    else:
        OutboundMessage.objects.filter(id=row.id).update(
            reason=Reason.LIMIT, due_at=clock.after(BUDGET_WAIT)
        )
        start_next(row)
    return Claim(Step.LEAVE)


def _open(row: OutboundMessage) -> OutboundText | None:
    opened = sealed.unseal(
        row.key_id,
        (row.address_sealed, sealed.outbound_address(row.ref)),
        (row.body_sealed, sealed.outbound_body(row.ref)),
    )
    if opened is None:
        return None
    return OutboundText(ref=row.ref, to=opened[0], body=opened[1], since=row.created_at)


def _call(outbound_id: int, claim: Claim) -> None:
    """The provider's call and its result. Between the two everything may break off."""
    assert claim.text is not None
    provider = providers.get(claim.provider)
    begun = monotonic()
    try:
        accepted = provider.send(claim.text)
    except Exception as error:
        failure = provider.classify(error)
        call = Call(claim.provider, monotonic() - begun, failure.kind.value, failure.code)
        _record_failure(outbound_id, claim.attempt, failure, call)
        log.warning(
            "a text was not accepted",
            extra={
                "outbound": outbound_id,
                "kind": failure.kind.value,
                "code": failure.code,
                "error": describe(error),
            },
        )
    else:
        call = Call(claim.provider, monotonic() - begun, Outcome.ACCEPTED)
        _record_accepted(outbound_id, accepted, call)


def _ask(outbound_id: int, claim: Claim) -> bool:
    """Find out what became of a text whose sending broke off. True: it never arrived, send it."""
    provider = providers.get(claim.provider)
    begun = monotonic()
    try:
        known = _reported(outbound_id, claim) or _found(outbound_id, claim, provider)
    except Exception as error:
        log.warning(
            "the provider cannot say what became of a text; asked again later",
            extra={"outbound": outbound_id, "error": describe(error)},
        )
        return False
    outcome = Outcome.FOUND if known else Outcome.ABSENT
    call = Call(claim.provider, monotonic() - begun, outcome)
    if known is not None:
        _record_accepted(outbound_id, known, call)
        return False
    return _queue_again(outbound_id, claim, call)


def _reported(outbound_id: int, claim: Claim) -> Accepted | None:
    """A delivery report that names our reference proves that the text was accepted."""
    ref = OutboundMessage.objects.values_list("ref", flat=True).get(id=outbound_id)
    reports = DeliveryReport.objects.filter(ref=ref, provider__in=providers.family(claim.provider))
    known = reports.order_by("id").values_list("provider_message_id", flat=True).first()
    return Accepted(known) if known else None


def _found(outbound_id: int, claim: Claim, provider: Provider) -> Accepted | None:
    if claim.text is None:
        return None

    def is_taken(provider_message_id: str) -> bool:
        others = OutboundMessage.objects.filter(
            provider=claim.provider, provider_message_id=provider_message_id
        )
        return others.exclude(id=outbound_id).exists()

    return provider.find(claim.text, is_taken)


@transaction.atomic
def _queue_again(outbound_id: int, claim: Claim, call: Call) -> bool:
    _note(outbound_id, call)
    row = _still_sending(outbound_id, claim.attempt)
    if row is not None:
        OutboundMessage.objects.filter(id=row.id).update(state=State.QUEUED, due_at=clock.now())
    return row is not None


@transaction.atomic
def _record_accepted(outbound_id: int, accepted: Accepted, call: Call) -> None:
    _note(outbound_id, call)
    provider = call.provider
    row = OutboundMessage.objects.select_for_update().get(id=outbound_id)
    accept(row, accepted.provider_message_id)
    ids = [accepted.provider_message_id, *accepted.other_ids]
    if accepted.other_ids:
        OutboundPart.objects.bulk_create(
            [
                OutboundPart(outbound_id=outbound_id, provider=provider, provider_message_id=given)
                for given in ids
            ],
            ignore_conflicts=True,
        )
    for report_id in statements.value(EARLY, [provider, ids]) or ():
        dispatch.on_commit("apply_report", report_id)


@transaction.atomic
def _record_failure(outbound_id: int, attempt: int, failure: Failure, call: Call) -> None:
    _note(outbound_id, call)
    row = _still_sending(outbound_id, attempt)
    if row is None:
        return
    wait = backoff(row.attempts)
    later = clock.after(wait)
    rows = OutboundMessage.objects.filter(id=row.id)
    match failure.kind:
        case FailureKind.UNKNOWN:
            rows.update(due_at=later, error_code=failure.code)
        case FailureKind.TEMPORARY | FailureKind.TECHNICAL:
            reason = Reason(failure.kind.value)
            rows.update(state=State.QUEUED, reason=reason, due_at=later, error_code=failure.code)
            start_next(row)
            if wait < LONG_WAIT:
                seconds = wait.total_seconds() + CLOCKS_APART
                dispatch.on_commit("send", row.id, countdown=seconds)
        case FailureKind.PERMANENT if failure.opted_out:
            _record_blocked(row, failure.code)
        case FailureKind.PERMANENT:
            close(row, state=State.FAILED, reason=Reason.PERMANENT, error_code=failure.code)
        case _:
            assert_never(failure.kind)


def _record_blocked(row: OutboundMessage, code: str) -> None:
    """The provider knows of a STOP to our sender there. If that is older than a START to another
    one, the text goes from another, where there is one."""
    index = bytes(row.number_index)
    is_news = opting.is_blocked_by(number_index=index, provider=row.provider, code=code)
    if is_news or routing.blocked_at(index).issuperset(names()):
        close(row, state=State.SUPPRESSED, reason=Reason.OPTED_OUT, error_code=code)
    else:
        OutboundMessage.objects.filter(id=row.id).update(
            state=State.QUEUED, due_at=clock.now(), error_code=code
        )
        dispatch.on_commit("send", row.id)


def _note(outbound_id: int, call: Call) -> None:
    """In the transaction of the call's result."""
    statements.run(NOTE, [outbound_id, call.provider, call.seconds, call.outcome, call.code[:40]])


def _still_sending(outbound_id: int, attempt: int) -> OutboundMessage | None:
    """The row, locked, if it is still in this attempt at sending it."""
    rows = OutboundMessage.objects.select_for_update()
    return rows.filter(id=outbound_id, state=State.SENDING, attempts=attempt).first()
