"""What is kept between two texts of a conversation, and for how long."""

import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

from django.db import transaction

from audit.services import record_purge
from core import clock, person_keys
from core.keys import derive
from inquiry.models import Conversation
from subscribers.models import Tenure

KEPT = timedelta(hours=1)
ERASE_CODE_LIFE = timedelta(minutes=30)
ERASE_ATTEMPTS = 3
ID_ATTEMPTS = 3
ID_HOLD = timedelta(days=1)


class Numbers(StrEnum):
    """The lists whose lines people name by number."""

    CONSENTS = "consents"  # DROP <n>: ids of consents
    LOG = "log"  # LOG <n>: ids of entries
    ASKERS = "askers"  # BLOCK <n>: references of organisations, of the last LIST or LOG
    BLOCKED = "blocked"  # UNBLOCK <n>: the same


@dataclass(frozen=True, slots=True, repr=False)
class Rest:
    """The pages of an answer that were not sent, and what they hang on."""

    pages: list[str]
    consent_id: UUID
    entry_id: int


def locked(tenure: Tenure) -> Conversation:
    """The tenure's conversation, made on first use, and locked.

    Consents are locked before conversations, as an answer on its way does it. What withdraws or
    erases only reads here: it must not wait for an answer that waits for it.
    """
    Conversation.objects.bulk_create([Conversation(tenure_id=tenure.id)], ignore_conflicts=True)
    return Conversation.objects.select_for_update().get(tenure_id=tenure.id)


def keep_numbers(tenure: Tenure, kind: Numbers, items: Sequence[str | None]) -> None:
    """Remember what the numbers of a list mean that is shown now, the first one being 1."""
    talk = locked(tenure)
    until = (clock.now() + KEPT).isoformat()
    talk.numbered = {**talk.numbered, kind: {"until": until, "items": list(items)}}
    talk.save(update_fields=["numbered"])


def numbers(tenure: Tenure, kind: Numbers) -> list[str | None] | None:
    """What the numbers of the last list of a kind mean; None when it is over an hour old.

    An item is None when its line stands for nothing that can be acted on.
    """
    talk = Conversation.objects.filter(tenure_id=tenure.id).first()
    shown = talk.numbered.get(kind) if talk else None
    if shown is None or datetime.fromisoformat(shown["until"]) <= clock.now():
        return None
    items: list[str | None] = shown["items"]
    return items


def keep_rest(tenure: Tenure, rest: Rest) -> None:
    """Remember what MORE will send, sealed; without pages, forget an earlier rest."""
    talk = locked(tenure)
    key = person_keys.get(tenure.key_id)
    if key is None or not rest.pages:
        talk.more_sealed = talk.more_until = None
    else:
        content = [rest.pages, str(rest.consent_id), rest.entry_id]
        talk.more_sealed = key.seal(json.dumps(content), _context(tenure))
        talk.more_until = clock.now() + KEPT
    talk.save(update_fields=["more_sealed", "more_until"])


def take_page(tenure: Tenure) -> tuple[str, Rest] | None:
    """The next page, and what it hangs on; it is then taken off what is kept, but the hour runs on
    from the answer. None when there is none, or when it was kept an hour."""
    talk = locked(tenure)
    key = person_keys.get(tenure.key_id)
    if key is None or talk.more_until is None or talk.more_sealed is None:
        return None
    if talk.more_until <= clock.now():
        return None
    pages, consent, entry = json.loads(key.unseal(bytes(talk.more_sealed), _context(tenure)))
    left = Rest(pages[1:], UUID(consent), entry)
    if left.pages:
        content = [left.pages, str(left.consent_id), left.entry_id]
        talk.more_sealed = key.seal(json.dumps(content), _context(tenure))
    else:
        talk.more_sealed = talk.more_until = None
    talk.save(update_fields=["more_sealed", "more_until"])
    return pages[0], left


def open_erasure(tenure: Tenure, number_index: bytes, code: str) -> None:
    talk = locked(tenure)
    talk.erase_digest = _erase_digest(number_index, code)
    talk.erase_until = clock.now() + ERASE_CODE_LIFE
    talk.erase_attempts = 0
    talk.save(update_fields=["erase_digest", "erase_until", "erase_attempts"])


def check_erasure(tenure: Tenure, number_index: bytes, code: str) -> str:
    """right | wrong_code | too_many (the third wrong one: the code is closed) | none_open."""
    talk = Conversation.objects.filter(tenure_id=tenure.id, erase_until__gt=clock.now()).first()
    if talk is None or talk.erase_digest is None:
        return "none_open"
    if hmac.compare_digest(bytes(talk.erase_digest), _erase_digest(number_index, code)):
        return "right"
    talk.erase_attempts += 1
    closed = talk.erase_attempts >= ERASE_ATTEMPTS
    if closed:
        talk.erase_digest = talk.erase_until = None
    talk.save(update_fields=["erase_digest", "erase_until", "erase_attempts"])
    return "too_many" if closed else "wrong_code"


def held_until(tenure: Tenure) -> datetime | None:
    """Until when TRIP rests after wrong IDs; None when it does not."""
    talk = Conversation.objects.filter(tenure_id=tenure.id, held_until__gt=clock.now()).first()
    return talk.held_until if talk else None


def note_wrong_id(tenure: Tenure) -> datetime | None:
    """Count a wrong ID; after the third one, until when TRIP rests."""
    talk = locked(tenure)
    talk.id_attempts += 1
    if is_held := talk.id_attempts >= ID_ATTEMPTS:
        talk.id_attempts, talk.held_until = 0, clock.now() + ID_HOLD
    talk.save(update_fields=["id_attempts", "held_until"])
    return talk.held_until if is_held else None


def forget_wrong_ids(tenure: Tenure) -> None:
    """The right one came."""
    Conversation.objects.filter(tenure_id=tenure.id, id_attempts__gt=0).update(id_attempts=0)


def forget(tenure: Tenure) -> None:
    """Everything that is remembered of this holder of the number."""
    Conversation.objects.filter(tenure_id=tenure.id).delete()


@transaction.atomic
def forget_old() -> int:
    """Blank rests of answers that nobody asked for within the hour; how many there were."""
    old = Conversation.objects.filter(more_until__lte=clock.now())
    blanked = old.update(more_sealed=None, more_until=None)
    return record_purge(kind="answers", rows=blanked)


def _context(tenure: Tenure) -> str:
    return f"inquiry-more:{tenure.id}"


def _erase_digest(number_index: bytes, code: str) -> bytes:
    return hmac.digest(derive("erase-code"), number_index + code.encode(), sha256)
