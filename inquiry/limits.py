"""How many texts are answered. Over a limit one text says so, then there is silence.

STOP, NO, DROP and ERASE are never limited: nobody can be kept from ending something by making
their number, or the service, busy.
"""

from core.limits import Limit, Verdict, take
from inquiry import intents
from inquiry.intents import Intent

PER_NUMBER = Limit("texts-of-number", capacity=30, seconds=1800)
EVERYBODY = Limit("texts", capacity=12_000, seconds=60)
#: While everybody's limit is reached, each number hears of it once in an hour.
TOLD_BUSY = Limit("told-busy", capacity=1, seconds=3600)

UNLIMITED = (intents.Stop, intents.Refuse, intents.Drop, intents.Erase)


def refusal(number_index: bytes, intent: Intent | None) -> str | None:
    """None when the text may be answered; else the text that says why not, or "" for silence."""
    if isinstance(intent, UNLIMITED):
        return None
    verdict = take(PER_NUMBER, number_index)
    if verdict is not Verdict.ALLOWED:
        return "other.limited" if verdict is Verdict.TELL else ""
    if take(EVERYBODY, b"all") is Verdict.ALLOWED:
        return None
    return "other.busy" if take(TOLD_BUSY, number_index) is Verdict.ALLOWED else ""
