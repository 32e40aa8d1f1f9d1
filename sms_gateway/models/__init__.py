from sms_gateway.models.inbound import InboundMessage, Problem
from sms_gateway.models.opt_out import OptOut
from sms_gateway.models.outbound import OutboundMessage, Reason, State
from sms_gateway.models.part import InboundPart, OutboundPart
from sms_gateway.models.provider import (
    Incident,
    Outcome,
    ProviderCall,
    ProviderState,
    Switch,
    Why,
)
from sms_gateway.models.report import DeliveryReport
from sms_gateway.models.sandbox import SandboxPhone, SandboxText

__all__ = [
    "DeliveryReport",
    "InboundMessage",
    "InboundPart",
    "Incident",
    "OptOut",
    "OutboundMessage",
    "OutboundPart",
    "Outcome",
    "Problem",
    "ProviderCall",
    "ProviderState",
    "Reason",
    "SandboxPhone",
    "SandboxText",
    "State",
    "Switch",
    "Why",
]
