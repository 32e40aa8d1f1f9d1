"""What is noted of a text as it is stored, by the web process (`settings.SMS_MARKS`)."""

from consent import codes
from inquiry import intents
from inquiry.parse import parse
from sms_gateway.messages import Marks


def marks(number_index: bytes, text: str) -> Marks:
    """Whether a text is STOP, and the digest of the code it says OK to."""
    match parse(text):
        case intents.Stop():
            return Marks(is_stop=True)
        case intents.Grant(code):
            return Marks(agrees_to=codes.digest(number_index, code))
    return Marks()
