"""Sending through Twilio: what fails, what is asked about, and who answers STOP."""

import pytest
from pytest_django import Settings

from sms_gateway import selectors, services
from sms_gateway.kinds import HELP, STOP
from sms_gateway.models import InboundMessage, OutboundMessage, Reason, State
from tests.fakes import twilio_api
from tests.fakes.twilio_api import FakeTwilio
from tests.integration.sms_gateway.conftest import NUMBER, AsRole, Later, Queue, address, send_text
from tests.integration.sms_gateway.twilio import INBOUND, fake, form, post

__all__ = ["fake"]


def state() -> tuple[str, str]:
    row = OutboundMessage.objects.get()
    return row.state, row.reason


def test_somebody_who_stopped_at_twilio_is_in_our_ledger_too(
    queue: Queue, fake: FakeTwilio
) -> None:
    fake.opted_out.add(NUMBER)
    send_text()
    queue.run()
    assert state() == (State.SUPPRESSED, Reason.OPTED_OUT)
    assert selectors.is_opted_out(number_index=address().number_index)


def test_a_permanent_failure_ends_it(queue: Queue, fake: FakeTwilio) -> None:
    fake.fail_with = [twilio_api.problem(400, 21211, "invalid")]
    send_text()
    queue.run()
    assert state() == (State.FAILED, Reason.PERMANENT)
    assert OutboundMessage.objects.get().error_code == "21211"


@pytest.mark.parametrize(("status", "code"), [(429, 20429), (401, 20003)])
def test_other_failures_are_tried_again_until_they_succeed(
    queue: Queue, fake: FakeTwilio, later: Later, status: int, code: int
) -> None:
    fake.fail_with = [twilio_api.problem(status, code, "no")] * 4
    send_text()
    queue.run()
    assert state()[0] == State.QUEUED
    seconds = 0
    while OutboundMessage.objects.get().state == State.QUEUED:
        seconds += 5
        later(seconds)
        services.sweep()
        queue.run()
        assert seconds < 3600
    assert state() == (State.SENT, "")
    assert OutboundMessage.objects.get().attempts == 5
    assert seconds > 300  # it waited longer each time
    assert len(fake.messages) == 1


def test_what_never_succeeds_ends_with_its_reason(
    queue: Queue, fake: FakeTwilio, later: Later
) -> None:
    fake.fail_with = [twilio_api.problem(429, 20429, "no")] * 10
    send_text()
    queue.run()
    later(25 * 3600)
    services.sweep()
    queue.run()
    assert state() == (State.FAILED, Reason.TEMPORARY)
    assert OutboundMessage.objects.get().body_sealed is None


@pytest.mark.parametrize("accepted", [True, False])
def test_after_a_broken_connection_twilio_is_asked_before_anything_is_sent_again(
    queue: Queue, fake: FakeTwilio, later: Later, accepted: bool
) -> None:
    if accepted:
        fake.after_accepting = "close"
    else:
        fake.fail_with = [twilio_api.problem(503, 20503, "unavailable")]
    send_text()
    queue.run()
    assert state()[0] == State.SENDING
    fake.after_accepting = ""
    later(60)
    services.sweep()
    queue.run()
    assert state() == (State.SENT, "")
    assert len(fake.messages) == 1
    methods = [method for method, _ in fake.requests]
    assert methods == (["POST", "GET"] if accepted else ["POST", "GET", "POST"])


# ------------------------------------------------------------------ who answers STOP
@pytest.mark.parametrize(
    ("body", "theirs"),
    [("STOP", True), (" stop ", True), ("Unsubscribe", True), ("退订", False), ("STOP 3", False)],
)
def test_one_confirmation_of_stop_theirs_or_ours(
    as_role: AsRole, queue: Queue, fake: FakeTwilio, settings: Settings, body: str, theirs: bool
) -> None:
    settings.TWILIO_HANDLES_KEYWORDS = True
    with as_role("web"):
        post(INBOUND, form(body))
    queue.lose()
    inbound = InboundMessage.objects.get()
    send_text(kind=STOP, reply_to=inbound.id)
    queue.run()
    assert len(fake.messages) == (0 if theirs else 1)
    assert state() == (
        (State.SUPPRESSED, Reason.ANSWERED_BY_PROVIDER) if theirs else (State.SENT, "")
    )


def test_other_replies_to_a_keyword_are_ours(
    as_role: AsRole, queue: Queue, fake: FakeTwilio, settings: Settings
) -> None:
    """YES re-subscribes at Twilio; that it is not consent is for us to say."""
    settings.TWILIO_HANDLES_KEYWORDS = True
    with as_role("web"):
        post(INBOUND, form("YES"))
    queue.run()
    assert len(fake.messages) == 1


def test_all_confirmations_are_ours_when_twilio_is_told_to_leave_them(
    as_role: AsRole, queue: Queue, fake: FakeTwilio
) -> None:
    with as_role("web"):
        post(INBOUND, form("HELP"))
    queue.lose()
    send_text(kind=HELP, reply_to=InboundMessage.objects.get().id)
    queue.run()
    assert len(fake.messages) == 1
