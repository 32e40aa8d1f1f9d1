"""Delivery receipts: parameters of the PDU, or the text of SMPP 3.4's appendix B."""

import re
from dataclasses import dataclass

from sms_gateway.providers import Receipt
from sms_gateway.providers.smpp.pdus import Pdu

# id:IIIIIIIIII sub:SSS dlvrd:DDD submit date:… done date:… stat:DDDDDDD err:E text:…
FIELDS = re.compile(r"\b(id|stat|err):(\S*)", re.IGNORECASE)

# message_state, section 5.2.28, in the words of appendix B
STATES = {
    1: "ENROUTE",
    2: "DELIVRD",
    3: "EXPIRED",
    4: "DELETED",
    5: "UNDELIV",
    6: "ACCEPTD",
    7: "UNKNOWN",
    8: "REJECTD",
}
MEANINGS = {
    "ACCEPTD": Receipt.SENT,
    "DELIVRD": Receipt.DELIVERED,
    "EXPIRED": Receipt.UNDELIVERED,
    "UNDELIV": Receipt.UNDELIVERED,
    "DELETED": Receipt.FAILED,
    "REJECTD": Receipt.FAILED,
}


@dataclass(frozen=True, slots=True)
class Told:
    """What a receipt says. `error_code` is the carrier's own."""

    message_id: str
    status: str
    error_code: str


def told(pdu: Pdu) -> Told | None:
    """None when it names no text, or no state."""
    data = pdu.short_message or getattr(pdu, "message_payload", None) or b""
    # Whatever stands behind `text:` is the person's, and could look like fields.
    head = re.split(r"\btext:", data.decode("latin-1"), maxsplit=1, flags=re.IGNORECASE)[0]
    fields = {name.lower(): value for name, value in FIELDS.findall(head)}
    message_id = (getattr(pdu, "receipted_message_id", None) or b"").decode("latin-1")
    status = STATES.get(getattr(pdu, "message_state", None) or 0, "")
    written = fields.get("id", "")
    # The library takes the last octet of the parameter for its NUL, which not every centre sends.
    message_id = written if written.startswith(message_id) else message_id
    message_id = "".join(filter(str.isprintable, message_id))
    status = status or fields.get("stat", "").upper()[:7]
    if not message_id or not status:
        return None
    return Told(message_id, status, fields.get("err", ""))
