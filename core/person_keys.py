"""Getting, retiring and unwrapping the keys of people (`PersonKey`)."""

import secrets
import uuid
from dataclasses import dataclass

from core import clock, rows
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


CURRENT = """
SELECT id, wrapped FROM core_personkey WHERE number_index = %s AND retired_at IS NULL
"""
BY_ID = "SELECT id, wrapped FROM core_personkey WHERE id = %s"


def _unwrap(key_id: uuid.UUID, wrapped: bytes) -> Key:
    return Key(key_id, unseal(derive("person-key"), bytes(wrapped), key_id.bytes))


def current(number_index: bytes) -> Key:
    """The key of the present holder of a number; made on first use. Safe under concurrency."""
    row = rows.first(CURRENT, [number_index])
    return _unwrap(*row) if row else current_evenly(number_index)


def current_evenly(number_index: bytes) -> Key:
    """The same by the same steps for a number that has a key and for one that has none, so that
    who waits for it does not learn from the time whether we had met the number."""
    key_id = uuid.uuid4()
    wrapped = seal(derive("person-key"), secrets.token_bytes(32), key_id.bytes)
    fresh = PersonKey(id=key_id, number_index=number_index, wrapped=wrapped, created_at=clock.now())
    # Where there is one, by whomever, its row stands and ours is not written.
    PersonKey.objects.bulk_create([fresh], ignore_conflicts=True)
    row = rows.first(CURRENT, [number_index])
    if row is None:
        raise PersonKey.DoesNotExist
    return _unwrap(*row)


def get(key_id: uuid.UUID | None) -> Key | None:
    """The key with this id, or None when it was destroyed: what it sealed is gone."""
    row = rows.first(BY_ID, [key_id]) if key_id else None
    return _unwrap(*row) if row else None


def retire(*, number_index: bytes) -> None:
    """The number changed hands: what comes next is sealed under a new key."""
    PersonKey.objects.filter(number_index=number_index, retired_at=None).update(
        retired_at=clock.now()
    )
