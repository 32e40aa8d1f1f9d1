"""From an IMSI to the reference under which its holder is stored, at the door and nowhere else."""

import hmac
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from core.keys import derive_signaling
from subscribers.models import Tenure

AT_ONCE = 5_000  # blind indexes per query


def imsi_index(imsi: str) -> bytes:
    """The keyed blind index (32 bytes) of an IMSI; only the ingest process holds the key."""
    return hmac.digest(derive_signaling("imsi-index"), imsi.encode(), sha256)


@dataclass(frozen=True, slots=True)
class Holding:
    """An IMSI stood for this subscriber in [valid_from, valid_to)."""

    imsi: str
    subscriber_ref: uuid.UUID
    valid_from: datetime
    valid_to: datetime | None


def holdings(imsis: Sequence[str]) -> Iterator[Holding]:
    """Who held each IMSI, and when. IMSIs that no subscription knows yield nothing."""
    for start in range(0, len(imsis), AT_ONCE):
        by_index = {imsi_index(imsi): imsi for imsi in imsis[start : start + AT_ONCE]}
        rows = Tenure.objects.filter(imsi_index__in=list(by_index)).values_list(
            "imsi_index", "subscriber_ref", "valid_from", "valid_to"
        )
        for index, reference, valid_from, valid_to in rows.iterator(chunk_size=AT_ONCE):
            yield Holding(by_index[bytes(index or b"")], reference, valid_from, valid_to)
