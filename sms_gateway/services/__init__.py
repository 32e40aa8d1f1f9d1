"""Everything that changes a row of the gateway."""

from sms_gateway.services.aside import set_aside
from sms_gateway.services.handling import handle
from sms_gateway.services.health import close_incident, open_incident, pin, watch
from sms_gateway.services.limits import close_when_affordable
from sms_gateway.services.operating import ask, operate
from sms_gateway.services.opting import opt_in, opt_out
from sms_gateway.services.parts import confirm_parts, receive_part, sweep_parts
from sms_gateway.services.probing import probe, watch_probes
from sms_gateway.services.queueing import queue
from sms_gateway.services.receiving import receive, receive_report
from sms_gateway.services.redacting import redact
from sms_gateway.services.reporting import apply_report
from sms_gateway.services.retention import forget, purge_bodies
from sms_gateway.services.sending import send
from sms_gateway.services.sweeping import sweep

__all__ = [
    "apply_report",
    "ask",
    "close_incident",
    "close_when_affordable",
    "confirm_parts",
    "forget",
    "handle",
    "open_incident",
    "operate",
    "opt_in",
    "opt_out",
    "pin",
    "probe",
    "purge_bodies",
    "queue",
    "receive",
    "receive_part",
    "receive_report",
    "redact",
    "send",
    "set_aside",
    "sweep",
    "sweep_parts",
    "watch",
    "watch_probes",
]
