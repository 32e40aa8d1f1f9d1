"""Texts that come in without ids, whole or in parts, over a link that repeats what it is not sure
of. A part is a row before it is answered; the last one makes the text."""

import hashlib
import hmac
import json
import uuid
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from core import advisory, person_keys
from core.keys import derive
from core.numbers import number_index, parse
from sms_gateway import clock
from sms_gateway.classify import REPLACEMENT, mended
from sms_gateway.models import InboundPart
from sms_gateway.services.receiving import receive

LOCK_SPACE = 0x504152  # "PAR"
REPEATED_WITHIN = timedelta(hours=1)  # what the other side did not know that we have
SAME_REFERENCE = timedelta(minutes=10)  # phones count references to 255 and begin again
PARTS_WAIT = timedelta(minutes=10)
KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True, repr=False)
class Part:
    """A text as a link brings it; `total` 1 for a whole one."""

    sender: str
    recipient: str
    body: str
    reference: int = 0
    number: int = 1
    total: int = 1


@transaction.atomic
def receive_part(*, provider: str, part: Part) -> int:
    """Store what came, and the text once all of its parts are there; the row's id, to be confirmed.

    The same again changes nothing and has the same id.
    """
    index = number_index(parse(mended(part.sender)).address)
    advisory.lock(LOCK_SPACE, index)
    digest = _digest("part", part, part.number, part.body)
    known = _known(digest, part)
    if known is not None:
        return known
    whole = _digest("whole", part) if part.total > 1 else None
    if whole is not None and _waiting(whole).filter(number=part.number).exists():
        _store(provider, whole)  # another text under the same reference: the first is not coming
    row = _insert(index, digest, whole, part)
    if whole is None:
        receive(
            provider=provider,
            provider_message_id=str(uuid.uuid4()),
            sender=part.sender,
            recipient=part.recipient,
            body=part.body,
        )
    elif _waiting(whole).count() == part.total:
        _store(provider, whole)
    return row


def confirm_parts(*, rows: list[int]) -> None:
    """The other side knows that we have these: the same words are a new text from now on."""
    InboundPart.objects.filter(id__in=rows).update(confirmed_at=clock.now())


def sweep_parts(*, provider: str) -> None:
    """Store texts whose other parts never came, unreadable as they are, and forget old rows."""
    late = InboundPart.objects.filter(
        stored_at=None, whole__isnull=False, received_at__lte=clock.after(-PARTS_WAIT)
    )
    for whole, index in set(late.values_list("whole", "number_index")):
        with transaction.atomic():
            advisory.lock(LOCK_SPACE, bytes(index))
            _store(provider, bytes(whole or b""))
    InboundPart.objects.filter(
        stored_at__isnull=False, received_at__lte=clock.after(-KEPT)
    ).delete()


def _known(digest: bytes, part: Part) -> int | None:
    """The row of the same text: a repetition, or a part that was sent twice."""
    repeated = Q(confirmed_at=None, received_at__gte=clock.after(-REPEATED_WITHIN))
    if part.total > 1:
        repeated |= Q(stored_at=None) | Q(received_at__gte=clock.after(-SAME_REFERENCE))
    rows = InboundPart.objects.filter(repeated, digest=digest)
    return rows.order_by("-id").values_list("id", flat=True).first()


def _insert(index: bytes, digest: bytes, whole: bytes | None, part: Part) -> int:
    key = person_keys.current(index)
    words = json.dumps([part.sender, part.recipient, part.body])
    row = InboundPart.objects.create(
        digest=digest,
        whole=whole,
        number_index=index,
        key_id=key.id,
        sealed=None if whole is None else key.seal(words, _context(digest)),
        number=part.number,
        total=part.total,
        received_at=clock.now(),
        stored_at=clock.now() if whole is None else None,
    )
    return row.id


def _waiting(whole: bytes) -> QuerySet[InboundPart]:
    return InboundPart.objects.filter(whole=whole, stored_at=None)


def _store(provider: str, whole: bytes) -> None:
    """Make one text of the parts that are there; a gap is unreadable."""
    rows = {row.number: row for row in _waiting(whole)}
    opened = {number: words for number, row in rows.items() if (words := _open(row))}
    if opened:
        sender, recipient, _ = next(iter(opened.values()))
        total = max(row.total for row in rows.values())
        bodies = (opened[n][2] if n in opened else REPLACEMENT for n in range(1, total + 1))
        receive(
            provider=provider,
            provider_message_id=str(uuid.uuid4()),
            sender=sender,
            recipient=recipient,
            body="".join(bodies),
        )
    _waiting(whole).update(stored_at=clock.now(), sealed=None)


def _open(row: InboundPart) -> list[str] | None:
    key = person_keys.get(row.key_id)
    if key is None or row.sealed is None:
        return None
    found: list[str] = json.loads(key.unseal(bytes(row.sealed), _context(bytes(row.digest))))
    return found


def _context(digest: bytes) -> str:
    return f"sms-inbound-part:{digest.hex()}"


def _digest(what: str, part: Part, *more: object) -> bytes:
    words = json.dumps(
        [what, part.sender, part.recipient, part.reference, part.total, *more], default=str
    )
    return hmac.new(derive("sms-parts"), words.encode(), hashlib.sha256).digest()
