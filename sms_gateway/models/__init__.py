from sms_gateway.models.inbound import InboundMessage, Problem
from sms_gateway.models.operation import Act, OperatorAct, Probe, Unclear
from sms_gateway.models.opt_out import OptOut, SenderOptOut
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
    "Act",
    "DeliveryReport",
    "InboundMessage",
    "InboundPart",
    "Incident",
    "OperatorAct",
    "OptOut",
    "OutboundMessage",
    "OutboundPart",
    "Outcome",
    "Probe",
    "Problem",
    "ProviderCall",
    "ProviderState",
    "Reason",
    "SandboxPhone",
    "SandboxText",
    "SenderOptOut",
    "State",
    "Switch",
    "Unclear",
    "Why",
]
