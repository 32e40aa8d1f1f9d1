"""The last four characters of a holder's ID: kept as a keyed hash that fits this tenure alone.

There are some ten thousand of them, so without the key the hash would be no secret at all. With
the number and the beginning of the tenure in it, equal IDs of two people do not show.
"""

import hmac
import re
from datetime import UTC, datetime
from hashlib import sha256

from core.keys import derive
from core.text import fold
from subscribers.models import Tenure

LAST4 = re.compile(r"\d{3}[0-9X]")


def read(written: str) -> str:
    """The four characters as they are compared; empty when these are none."""
    found = fold(written)
    return found if LAST4.fullmatch(found) else ""


def digest(msisdn_index: bytes, valid_from: datetime, last4: str) -> bytes:
    """What is stored of them (32 bytes). `last4` as `read` gives it."""
    since = valid_from.astimezone(UTC).isoformat(timespec="microseconds")
    about = b"|".join((bytes(msisdn_index), since.encode(), last4.encode()))
    return hmac.digest(derive("id-last4"), about, sha256)


def fits(tenure: Tenure, last4: str) -> bool:
    """Whether these are the holder's. False when none are known."""
    if tenure.id_digest is None:
        return False
    told = digest(bytes(tenure.msisdn_index), tenure.valid_from, last4)
    return hmac.compare_digest(told, bytes(tenure.id_digest))
