"""The simulated phones' memory. It belongs to the phones, not to the service: what a person's real
phone keeps, these rows keep, sealed under a key of the sandbox and not of the person."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from core import clock
from core.keys import derive
from core.numbers import number_index, parse
from core.sealing import seal, unseal
from sms_gateway.models import SandboxPhone, SandboxText


@dataclass(frozen=True, slots=True)
class Text:
    """One bubble. `incoming`: from the service to the phone."""

    id: int
    incoming: bool
    body: str
    at: datetime
    delivered: bool


def _number_context(index: bytes) -> bytes:
    return b"sandbox-number:" + index


def _body_context(ref: uuid.UUID) -> bytes:
    return b"sandbox-body:" + ref.bytes


def phone_of(number: str) -> int:
    """The id of the phone with this number; it exists from the first time it is named."""
    address = parse(number).address
    index = number_index(address)
    phone = SandboxPhone.objects.filter(number_index=index).first()
    if phone is None:
        sealed = seal(derive("sandbox"), address.encode(), _number_context(index))
        fresh = SandboxPhone(number_index=index, number_sealed=sealed, created_at=clock.now())
        SandboxPhone.objects.bulk_create([fresh], ignore_conflicts=True)
        phone = SandboxPhone.objects.get(number_index=index)
    return phone.id


def number_of(phone_id: int) -> str | None:
    """The number of a phone, or None when there is no such phone."""
    phone = SandboxPhone.objects.filter(id=phone_id).first()
    if phone is None:
        return None
    context = _number_context(bytes(phone.number_index))
    return unseal(derive("sandbox"), bytes(phone.number_sealed), context).decode()


def phones(*, limit: int) -> list[int]:
    """Ids of the phones that were named last."""
    newest = SandboxPhone.objects.order_by("-id").values_list("id", flat=True)
    return sorted(newest[:limit])


def put(*, ref: uuid.UUID, number: str, body: str, incoming: bool = True) -> int:
    """Keep a text on the phone with this number, and return its id. The same `ref` twice is one
    text."""
    text = SandboxText(
        phone_id=phone_of(number),
        ref=ref,
        incoming=incoming,
        body_sealed=seal(derive("sandbox"), body.encode(), _body_context(ref)),
        created_at=clock.now(),
    )
    SandboxText.objects.bulk_create([text], ignore_conflicts=True)
    return SandboxText.objects.values_list("id", flat=True).get(ref=ref)


def has(*, ref: uuid.UUID) -> bool:
    return SandboxText.objects.filter(ref=ref).exists()


def texts(*, phone_id: int, after: int = 0, limit: int = 200) -> list[Text]:
    """The phone's texts with ids above `after`, oldest first; the newest `limit` of them."""
    rows = SandboxText.objects.filter(phone_id=phone_id, id__gt=after).order_by("-id")[:limit]
    return [
        Text(
            id=row.id,
            incoming=row.incoming,
            body=unseal(derive("sandbox"), bytes(row.body_sealed), _body_context(row.ref)).decode(),
            at=row.created_at,
            delivered=row.delivered_at is not None,
        )
        for row in reversed(rows)
    ]


def take_undelivered(*, phone_id: int) -> list[uuid.UUID]:
    """Mark what lies ready for this phone as fetched; the references of what was newly fetched."""
    waiting = SandboxText.objects.filter(phone_id=phone_id, incoming=True, delivered_at=None)
    refs = []
    for row in waiting.order_by("id"):
        won = SandboxText.objects.filter(id=row.id, delivered_at=None)
        if won.update(delivered_at=clock.now()):
            refs.append(row.ref)
    return refs


def unread(phone_ids: Iterable[int]) -> dict[int, int]:
    """How many texts wait for each of these phones."""
    counts = dict.fromkeys(phone_ids, 0)
    waiting = SandboxText.objects.filter(
        phone_id__in=list(counts), incoming=True, delivered_at=None
    )
    for phone_id in waiting.values_list("phone_id", flat=True):
        counts[phone_id] += 1
    return counts
