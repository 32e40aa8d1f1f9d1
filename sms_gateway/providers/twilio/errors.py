"""What Twilio's errors mean for a text. Codes: https://www.twilio.com/docs/api/errors"""

from twilio.base.exceptions import TwilioRestException, TwilioServiceException
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from sms_gateway.providers import Failure, FailureKind

OPTED_OUT = 21610  # "Attempt to send to unsubscribed recipient"

PERMANENT = frozenset(
    {
        21211,  # invalid 'To' number
        21214,  # 'To' number cannot be reached
        21217,  # number does not appear to be valid
        21408,  # permission to send to this region is not enabled
        21612,  # 'To' is not reachable from this 'From'
        21614,  # 'To' is not a mobile number
        21617,  # body exceeds the limit of 1600 characters
        30004,  # the recipient blocks this sender, or cannot get texts
        30005,  # unknown destination handset
        30006,  # landline or unreachable carrier
        OPTED_OUT,
    }
)
TEMPORARY = frozenset(
    {
        14107,  # rate limit of the sender reached
        20429,  # too many requests
        21611,  # this 'From' has too many texts queued
        30001,  # queue overflow
        30003,  # unreachable destination handset: switched off, out of reach
        30008,  # unknown error of a carrier
        30017,  # carrier network congestion
        30022,  # US A2P 10DLC rate limit exceeded
    }
)


def classify(error: Exception) -> Failure:
    """Permanent, temporary, technical or unknown. What is unknown may have been accepted."""
    if isinstance(error, TwilioRestException | TwilioServiceException):
        return _of_answer(int(error.status), int(error.code or 0))
    if isinstance(error, ConnectTimeoutError) and not isinstance(error, NewConnectionError):
        return Failure(FailureKind.TEMPORARY, "connect")
    # A read time-out, a closed connection, an answer that is no JSON: it may have been accepted.
    return Failure(FailureKind.UNKNOWN, type(error).__name__)


def of_report(code: str) -> Failure:
    """Why a text that Twilio had taken did not arrive."""
    return _of_answer(400, int(code) if code.isdecimal() and code.isascii() else 0)


def _of_answer(status: int, code: int) -> Failure:
    if code in PERMANENT:
        return Failure(FailureKind.PERMANENT, str(code), opted_out=code == OPTED_OUT)
    if code in TEMPORARY or status == 429:
        return Failure(FailureKind.TEMPORARY, str(code))
    if status >= 500:
        return Failure(FailureKind.UNKNOWN, str(code))
    # Credentials, account, sender, malformed request: ours to mend, so the text is kept and tried.
    return Failure(FailureKind.TECHNICAL, str(code))
