"""Everything that changes a row of the gateway."""

from sms_gateway.services.handling import handle
from sms_gateway.services.opting import opt_in, opt_out
from sms_gateway.services.parts import confirm_parts, receive_part, sweep_parts
from sms_gateway.services.queueing import queue
from sms_gateway.services.receiving import receive, receive_report
from sms_gateway.services.reporting import apply_report
from sms_gateway.services.retention import forget, purge_bodies
from sms_gateway.services.sending import send
from sms_gateway.services.sweeping import sweep

__all__ = [
    "apply_report",
    "confirm_parts",
    "forget",
    "handle",
    "opt_in",
    "opt_out",
    "purge_bodies",
    "queue",
    "receive",
    "receive_part",
    "receive_report",
    "send",
    "sweep",
    "sweep_parts",
]
