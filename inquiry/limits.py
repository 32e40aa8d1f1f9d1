"""How many texts are answered. Over a limit one text says so, then there is silence.

STOP, NO, DROP and ERASE are never limited: nobody can be kept from ending something by making
their number, or the service, busy.
"""

from core.limits import Limit, Verdict, take
from inquiry import intents
from inquiry.intents import Intent

PER_NUMBER = Limit("texts-of-number", capacity=30, seconds=1800)
EVERYBODY = Limit("texts", capacity=12_000, seconds=60)
#: A number hears of each limit once in an hour, however often it comes up against it.
TOLD = {
    "other.limited": Limit("told-limited", capacity=1, seconds=3600),
    "other.busy": Limit("told-busy", capacity=1, seconds=3600),
}

UNLIMITED = (intents.Stop, intents.Refuse, intents.Drop, intents.Erase)


def refusal(number_index: bytes, intent: Intent | None) -> str | None:
    """None when the text may be answered; else the text that says why not, or "" for silence."""
    if isinstance(intent, UNLIMITED):
        return None
    if take(PER_NUMBER, number_index) is not Verdict.ALLOWED:
        key = "other.limited"
    elif take(EVERYBODY, b"all") is not Verdict.ALLOWED:
        key = "other.busy"
    else:
        return None
    return key if take(TOLD[key], number_index) is Verdict.ALLOWED else ""
