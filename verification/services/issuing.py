"""Signing answers, and saying what has become of them. The worker does this: it holds the key."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from hashlib import sha256
from uuid import UUID, uuid4

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from audit.services import record
from core import clock
from travel.questions import Answer
from verification.claims import ANSWER_TYPE, STATUS_TYPE, TEST_TYPE, to_claims
from verification.models import IssuedAnswer, SigningKey, StatusList
from verification.qr import fitting
from verification.reading import Standing
from verification.selectors import status_url
from verification.signing import LIST_LENGTH, Signer, packed
from verification.statements import Asker, Evidence, statement

#: What a checker may go on using of a list without asking again.
LIST_TTL = timedelta(minutes=5)
#: Every list is signed anew this often, whether or not there are answers: its time says nothing of
#: them. When the standing of an answer that was handed over changes, at once.
LIST_RENEWED = LIST_TTL
LIST_VALID = timedelta(hours=24)
TRIES = 40
#: What an answer may have been before.
FOLLOWS: Mapping[Standing, tuple[Standing, ...]] = {
    Standing.STANDS: (Standing.DISPUTED,),
    Standing.DISPUTED: (Standing.STANDS,),
    Standing.CORRECTED: (Standing.STANDS, Standing.DISPUTED),
    Standing.WITHDRAWN: (Standing.STANDS, Standing.DISPUTED, Standing.CORRECTED),
}


class KeyRevokedError(Exception):
    """The configured key was revoked: nothing may be signed with it."""


class ListFullError(Exception):
    """No free place was found in the day's status list."""


@dataclass(frozen=True, slots=True)
class SignedAnswer:
    """`token` is what the asker gets; it is stored nowhere by this."""

    id: UUID
    token: str


@transaction.atomic
def sign_answer(
    *,
    answer: Answer,
    asker: Asker,
    evidence: Evidence,
    names: Mapping[str, str],
    is_test: bool = False,
) -> SignedAnswer:
    """Sign one answer for one asker, and give it a place in the day's status list.

    `names`: what the codes of places are called in the asker's language. Call it in the transaction
    that fetched the journey, and commit to the token with the release. `is_test`: it is made
    up, and no check takes it for an answer. Raises KeyRevokedError, ListFullError.
    """
    publish_keys()
    now = clock.now().replace(microsecond=0)
    issued = _with_place(
        IssuedAnswer(
            id=uuid4(),
            consent_id=evidence.consent_id,
            list_day=now.astimezone(UTC).date(),
            issued_at=now,
            expires_at=now + timedelta(hours=settings.ANSWER_VALID_HOURS),
        )
    )
    if not StatusList.objects.filter(day=issued.list_day).exists():
        publish_lists()  # beat has not run for a day: a new service
    said = statement(answer, asker, evidence, names, issued, is_test=is_test)
    signer = _signer()
    kind = TEST_TYPE if is_test else ANSWER_TYPE
    token = fitting(said, lambda one: signer.sign(kind, to_claims(one)))
    return SignedAnswer(issued.id, token)


@transaction.atomic
def mark(*, answers: Iterable[UUID], standing: Standing) -> int:
    """Say what has become of answers; of how many it was news. The lists follow within a minute.

    Withdrawn is final, and what was corrected can only be withdrawn: see FOLLOWS.
    """
    return _mark(IssuedAnswer.objects.filter(id__in=list(answers)), standing)


@transaction.atomic
def mark_withdrawn(*, consent_id: UUID) -> int:
    """The person has taken the consent back: so for each answer that was given under it."""
    return _mark(IssuedAnswer.objects.filter(consent_id=consent_id), Standing.WITHDRAWN)


@transaction.atomic
def forget_unseen(*, answer_id: UUID) -> None:
    """An answer was signed and reached nobody: it is as if it had not been."""
    IssuedAnswer.objects.filter(id=answer_id).delete()


@transaction.atomic
def handed_over(*, answer_id: UUID) -> None:
    """The asker has the answer: from now on the list of its day says what became of it."""
    given = IssuedAnswer.objects.filter(id=answer_id)
    given.update(is_handed_over=True)
    _outdate(given.exclude(standing=Standing.STANDS))


@transaction.atomic
def publish_keys() -> None:
    """Publish the public halves of the keys this worker was given, and retire the others.

    Each of these is an entry in the log, with the digest of the key. Raises KeyRevokedError.
    """
    given = [Signer(seed) for seed in (settings.ANSWER_SIGNING_KEY, _next_seed()) if seed]
    ids = {signer.key_id for signer in given}
    known = SigningKey.objects.in_bulk(ids)
    if _signer().key_id in known and known[_signer().key_id].revoked_at:
        raise KeyRevokedError(f"ANSWER_SIGNING_KEY is the revoked key {_signer().key_id}")
    now = clock.now()
    for signer in given:
        if signer.key_id not in known:
            _, is_new = SigningKey.objects.get_or_create(
                key_id=signer.key_id,
                defaults={"public_key": signer.public_key, "published_at": now},
            )
            if is_new:
                _note(signer.public_key)
    SigningKey.objects.filter(key_id__in=ids).exclude(retired_at=None).update(retired_at=None)
    _end(SigningKey.objects.filter(retired_at=None).exclude(key_id__in=ids), "retired_at")


@transaction.atomic
def revoke_key(*, key_id: str) -> bool:
    """Take a stolen key out of the published set at once. False when there is no such key, or it
    was revoked before. Whatever was signed with it is not genuine any more, and is asked anew."""
    StatusList.objects.update(is_stale=True)  # those it signed are not believed either
    return _end(SigningKey.objects.filter(key_id=key_id, revoked_at=None), "revoked_at") > 0


def publish_lists() -> int:
    """Sign the lists anew that changed, are old or are not there yet, and forget the answers that
    have expired. Returns how many lists were signed.

    There is one for each day on which an answer may have been issued, and for tomorrow.
    """
    now = clock.now()
    IssuedAnswer.objects.filter(list_day__lt=_oldest_day()).delete()
    StatusList.objects.filter(day__lt=_oldest_day()).delete()
    fresh = StatusList.objects.filter(is_stale=False, made_at__gt=now - LIST_RENEWED)
    done = set(fresh.values_list("day", flat=True))
    days = [day for day in _days_with_lists() if day not in done]
    for day in days:
        with transaction.atomic():
            _publish_list(day)
    return len(days)


def _days_with_lists() -> list[date]:
    first, tomorrow = _oldest_day(), clock.now().astimezone(UTC).date() + timedelta(days=1)
    return [first + timedelta(days=n) for n in range((tomorrow - first).days + 1)]


def _oldest_day() -> date:
    """The first day whose answers may still be valid, or were yesterday."""
    kept = timedelta(hours=settings.ANSWER_VALID_HOURS, days=1)
    return (clock.now() - kept).astimezone(UTC).date()


def _publish_list(day: date) -> None:
    now = clock.now()
    # Whoever changes a standing waits for this lock, or is waited for.
    StatusList.objects.get_or_create(day=day, defaults={"token": "", "made_at": now})
    StatusList.objects.select_for_update().get(day=day)
    # One that nobody has yet may come to nothing, and then leaves no mark.
    given = IssuedAnswer.objects.filter(list_day=day, is_handed_over=True)
    changed = given.exclude(standing=Standing.STANDS)
    claims = {
        "sub": status_url(day),
        "iat": int(now.timestamp()),
        "exp": int((now + LIST_VALID).timestamp()),
        "ttl": int(LIST_TTL.total_seconds()),
        "status_list": packed(dict(changed.values_list("list_index", "standing"))),
    }
    token = _signer().sign(STATUS_TYPE, claims)
    StatusList.objects.filter(day=day).update(token=token, made_at=now, is_stale=False)


def _mark(answers: QuerySet[IssuedAnswer], standing: Standing) -> int:
    changed = answers.filter(standing__in=FOLLOWS[standing]).update(standing=standing)
    _outdate(answers.filter(is_handed_over=True))  # after it: it may just be handed over
    return changed


def _outdate(answers: QuerySet[IssuedAnswer]) -> None:
    """The lists that these answers are in are signed anew within a minute."""
    days = set(answers.values_list("list_day", flat=True))
    StatusList.objects.filter(day__in=days).update(is_stale=True)


def _with_place(answer: IssuedAnswer) -> IssuedAnswer:
    for _ in range(TRIES):
        answer.list_index = secrets.randbelow(LIST_LENGTH)
        try:
            with transaction.atomic():
                answer.save(force_insert=True)
        except IntegrityError:
            continue
        return answer
    raise ListFullError(f"the status list of {answer.list_day} is full")


def _signer() -> Signer:
    return Signer(settings.ANSWER_SIGNING_KEY)


def _next_seed() -> bytes:
    return bytes(settings.ANSWER_SIGNING_KEY_NEXT)


def _end(keys: QuerySet[SigningKey], field: str) -> int:
    ended = list(keys.select_for_update())
    keys.filter(key_id__in=[key.key_id for key in ended]).update(**{field: clock.now()})
    for key in ended:
        _note(bytes(key.public_key))
    return len(ended)


def _note(public_key: bytes) -> None:
    digest = sha256(public_key).hexdigest()
    record(event="key.rotated", by="system", fields={"kind": "signing_key", "key_sha256": digest})
