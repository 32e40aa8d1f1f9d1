"""Idempotency keys: the same request sent twice is one, and gets one answer."""

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import connection, transaction

from audit.services import record_purge
from core import clock
from core.keys import derive
from core.sealing import seal, unseal
from organisations.models import ApiKey
from verification.models import IdempotentReply

KEPT = timedelta(hours=24)
LONGEST_KEY = 255
LOCK = 1952804461


class InProgressError(Exception):
    """The same request is being worked on at this moment."""


class KeyReusedError(Exception):
    """The key was used with a request that said something else."""


Reply = tuple[int, dict[str, Any]]


@transaction.atomic
def once(*, key: ApiKey, header: str, said: bytes, work: Callable[[], Reply]) -> Reply:
    """The reply to `work`, which runs in this transaction, or the one it gave before.

    What raises leaves nothing behind, so an error is never given again. Raises InProgressError,
    KeyReusedError.
    """
    name = hashlib.sha256(key.id.bytes + header.encode()).digest()
    # Keyed: there is a number in it, and of numbers all can be tried.
    digest = hmac.digest(derive("reply-digest"), said, "sha256")
    if not _lock(name):
        raise InProgressError
    recent = clock.now() - KEPT
    known = IdempotentReply.objects.filter(
        org_ref=key.organisation_id, key_digest=name, made_at__gt=recent
    ).first()
    context = b"reply:" + name
    if known is not None:
        if bytes(known.request_digest) != digest:
            raise KeyReusedError
        body = json.loads(unseal(derive("reply"), bytes(known.body_sealed), context))
        return known.status, body
    status, body = work()
    sealed = seal(derive("reply"), json.dumps(body).encode(), context)
    IdempotentReply.objects.update_or_create(
        org_ref=key.organisation_id,
        key_digest=name,
        defaults={
            "request_digest": digest,
            "status": status,
            "body_sealed": sealed,
            "made_at": clock.now(),
        },
    )
    return status, body


@transaction.atomic
def forget() -> int:
    """Delete the replies of more than a day ago; how many."""
    gone, _ = IdempotentReply.objects.filter(made_at__lte=clock.now() - KEPT).delete()
    return record_purge(kind="requests", rows=gone)


def _lock(name: bytes) -> bool:
    """Until the transaction ends, without waiting."""
    with connection.cursor() as cursor:
        number = int.from_bytes(name[:4], signed=True)
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [LOCK, number])
        row = cursor.fetchone()
    return bool(row and row[0])
