"""What is kept between two texts of a conversation, and for how long."""

import hmac
import json
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

from core import clock, person_keys
from core.keys import derive
from inquiry.models import Conversation
from subscribers.models import Tenure

KEPT = timedelta(hours=1)
ERASE_CODE_LIFE = timedelta(minutes=30)
ERASE_ATTEMPTS = 3


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


def keep_list(tenure: Tenure, consents: list[UUID]) -> None:
    talk = locked(tenure)
    talk.list_ids = [str(consent) for consent in consents]
    talk.list_until = clock.now() + KEPT
    talk.save(update_fields=["list_ids", "list_until"])


def listed(tenure: Tenure) -> list[UUID] | None:
    """The consents of the last LIST in their order; None when it is over an hour old."""
    talk = Conversation.objects.filter(tenure_id=tenure.id, list_until__gt=clock.now()).first()
    return [UUID(consent) for consent in talk.list_ids] if talk else None


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


def forget(tenure: Tenure) -> None:
    """Everything that is remembered of this holder of the number."""
    Conversation.objects.filter(tenure_id=tenure.id).delete()


def forget_old() -> None:
    """Rests of answers that nobody asked for within the hour."""
    Conversation.objects.filter(more_until__lte=clock.now()).update(
        more_sealed=None, more_until=None
    )


def _context(tenure: Tenure) -> str:
    return f"inquiry-more:{tenure.id}"


def _erase_digest(number_index: bytes, code: str) -> bytes:
    return hmac.digest(derive("erase-code"), number_index + code.encode(), sha256)
