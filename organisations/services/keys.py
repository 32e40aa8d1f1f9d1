"""API keys: made, rotated with overlap, revoked, used."""

import uuid
from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction

from audit.services import record
from core import clock
from organisations import key_text, selectors
from organisations.catalogue import Scope, Status
from organisations.models import ApiKey, Membership
from organisations.services.members import lock, owner_now

LONGEST_LIFE = timedelta(days=366)
LONGEST_OVERLAP = timedelta(days=7)
#: Compared with when there is no such key, so that it takes the same steps.
NOTHING = bytes(32)


@transaction.atomic
def make(
    *, by: Membership, name: str, scopes: Sequence[str], is_test: bool, life: timedelta
) -> tuple[ApiKey, str]:
    """A new key, and its whole text: the only time it is there to be seen.

    Raises NotAllowedError, WrongStateError, and ValueError for an unknown scope, none, or a life
    that is not between a day and a year.
    """
    organisation = lock(by.organisation_id)
    owner = owner_now(by)
    if not timedelta(days=1) <= life <= LONGEST_LIFE or not scopes:
        raise ValueError("scopes or life")
    now = clock.now()
    key = ApiKey(
        organisation=organisation,
        name=name.strip(),
        scopes=sorted(Scope(scope) for scope in set(scopes)),
        is_test=is_test,
        created_at=now,
        expires_at=now + life,
    )
    text = _give_secret(key)
    _record("key_made", key, owner)
    return key, text


@transaction.atomic
def rotate(*, by: Membership, key_id: uuid.UUID, overlap: timedelta) -> tuple[ApiKey, str]:
    """A new key in place of one that still works; the old one lives on for `overlap`, a week at
    most. Raises NotAllowedError, WrongStateError, ApiKey.DoesNotExist, ValueError."""
    organisation = lock(by.organisation_id)
    owner = owner_now(by)
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise ValueError("overlap")
    now = clock.now()
    old = selectors.working_keys(organisation).get(id=key_id, replaced_by=None)
    key = ApiKey(
        organisation=organisation,
        name=old.name,
        scopes=old.scopes,
        is_test=old.is_test,
        created_at=now,
        expires_at=now + (old.expires_at - old.created_at),
        replaces=old,
    )
    text = _give_secret(key)
    if overlap:
        ApiKey.objects.filter(id=old.id).update(expires_at=min(old.expires_at, now + overlap))
    else:
        ApiKey.objects.filter(id=old.id).update(revoked_at=now)
    _record("key_rotated", key, owner, replaced_key_ref=old.id)
    return key, text


@transaction.atomic
def revoke(*, by: Membership, key_id: uuid.UUID) -> None:
    """End a key, by commit. Raises NotAllowedError, WrongStateError, ApiKey.DoesNotExist."""
    organisation = lock(by.organisation_id)
    owner = owner_now(by)
    key = selectors.working_keys(organisation).get(id=key_id)
    ApiKey.objects.filter(id=key.id).update(revoked_at=clock.now())
    _record("key_revoked", key, owner)


def authenticate(*, text: str) -> ApiKey | None:
    """The key with this text, if it works now and its organisation may ask; else None, and nothing
    says why. Notes the day of its use."""
    presented = key_text.read(text)
    if presented is None:
        return None
    key = ApiKey.objects.select_related("organisation").filter(prefix=presented.prefix).first()
    is_right = key_text.matches(bytes(key.secret_hash) if key else NOTHING, presented)
    now = clock.now()
    if key is None or not is_right or key.revoked_at or key.expires_at <= now:
        return None
    if key.organisation.status != Status.APPROVED:
        return None
    if key.last_used_on != now.date():
        ApiKey.objects.filter(id=key.id).update(last_used_on=now.date())
    return key


def _give_secret(key: ApiKey) -> str:
    secret = key_text.make(is_test=key.is_test)
    key.prefix, key.secret_hash = secret.prefix, key_text.digest(secret)
    key.save(force_insert=True)
    return key_text.written(secret)


def _record(what: str, key: ApiKey, owner: Membership, **fields: object) -> None:
    record(
        event=f"organisation.{what}",
        by="organisation",
        by_ref=owner.user_id,
        org_ref=key.organisation_id,
        fields={"key_ref": key.id, "key_scopes": sorted(key.scopes), **fields},
    )
