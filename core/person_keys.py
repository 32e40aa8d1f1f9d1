"""Getting, retiring and unwrapping the keys of people (`PersonKey`)."""

import secrets
import uuid
from dataclasses import dataclass

from core import clock
from core.keys import derive
from core.models import PersonKey
from core.sealing import seal, unseal


@dataclass(frozen=True, slots=True, repr=False)
class Key:
    """An unwrapped person key: `id` goes beside what is sealed, `secret` (32 bytes) seals it."""

    id: uuid.UUID
    secret: bytes

    def seal(self, plaintext: str, context: str) -> bytes:
        return seal(self.secret, plaintext.encode(), context.encode())

    def unseal(self, sealed: bytes, context: str) -> str:
        return unseal(self.secret, bytes(sealed), context.encode()).decode()


def _unwrap(row: PersonKey) -> Key:
    return Key(row.id, unseal(derive("person-key"), bytes(row.wrapped), row.id.bytes))


def current(number_index: bytes) -> Key:
    """The key of the present holder of a number; made on first use. Safe under concurrency."""
    row = PersonKey.objects.filter(number_index=number_index, retired_at=None).first()
    return _unwrap(row) if row else current_evenly(number_index)


def current_evenly(number_index: bytes) -> Key:
    """The same by the same steps for a number that has a key and for one that has none, so that
    who waits for it does not learn from the time whether we had met the number."""
    key_id = uuid.uuid4()
    wrapped = seal(derive("person-key"), secrets.token_bytes(32), key_id.bytes)
    fresh = PersonKey(id=key_id, number_index=number_index, wrapped=wrapped, created_at=clock.now())
    # Where there is one, by whomever, its row stands and ours is not written.
    PersonKey.objects.bulk_create([fresh], ignore_conflicts=True)
    return _unwrap(PersonKey.objects.get(number_index=number_index, retired_at=None))


def get(key_id: uuid.UUID | None) -> Key | None:
    """The key with this id, or None when it was destroyed: what it sealed is gone."""
    row = PersonKey.objects.filter(id=key_id).first() if key_id else None
    return _unwrap(row) if row else None


def retire(*, number_index: bytes) -> None:
    """The number changed hands: what comes next is sealed under a new key."""
    PersonKey.objects.filter(number_index=number_index, retired_at=None).update(
        retired_at=clock.now()
    )
