"""Settings of real processes in the gateway's tests: the service's own, with the rooms above the
gateway replaced by stand-ins."""

from travelcheck.settings import *  # noqa: F403

SMS_MARKS = "tests.fakes.conversation.marks"
SMS_INBOUND_HANDLER = "tests.fakes.conversation.echo"
SMS_HOLD = "tests.fakes.conversation.hold"
SMS_PROGRESS_LISTENER = "tests.fakes.conversation.progressed"
SWEEP_SECONDS = 1
