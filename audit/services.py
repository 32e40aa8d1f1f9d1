"""Writing to the log."""

import json
import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from audit.models import Entry, Mirror
from audit.policy import Policy
from core import clock
from core.roles import AUDITOR


def record(
    *,
    event: str,
    by: str,
    by_ref: UUID | None = None,
    subject_ref: UUID | None = None,
    org_ref: UUID | None = None,
    fields: Mapping[str, Any] | None = None,
    sealed: bytes | None = None,
    key_id: UUID | None = None,
) -> int:
    """Append an entry in the current transaction; return its id.

    `event`, the names in `fields` and the shapes of their values are on the closed lists of
    `docs/log.md`. `by` says who acted: person, organisation, staff, auditor, operator or system;
    `by_ref` which one of them. `sealed` is encrypted by the caller, under the key `key_id`.

    Raises django.db.DataError when something is not on the lists, and ProgrammingError for the
    events of consents, accesses and erasures, which the gate alone writes.
    """
    named = {"by": by, "by_ref": by_ref, "key_id": key_id}
    about = {"subject_ref": subject_ref, "org_ref": org_ref}
    content = json.dumps({**(fields or {}), **about, **named}, default=_written)
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit.record(%s, %s, NULL, %s)", [event, content, sealed])
        row = cursor.fetchone()
    assert row is not None
    return int(row[0])


def set_policy(*, policy: Policy) -> bool:
    """Put a policy into force, as owner; whether it is another than before.

    From then on only checkpoints with `policy.quorum` cosignatures of its witnesses count, for what
    is in the log already, too.
    """
    keys = [key.vkey for key in policy.keys]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT audit.set_policy(%s::smallint, %s)", [policy.quorum, keys])
        row = cursor.fetchone()
    return bool(row and row[0])


def add_mirror(*, name: str) -> str:
    """Let an organisation mirror the log, as owner; its token, which is stored nowhere else.

    Raises ValueError when the name is in use.
    """
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        if Mirror.objects.filter(name=name, revoked_at=None).exists():
            raise ValueError(f"there is a mirror {name}")
        mirror = Mirror.objects.create(
            name=name, token_sha256=sha256(token.encode()).digest(), made_at=clock.now()
        )
        record(event="role.changed", by="operator", fields={"kind": "log", "key_ref": mirror.id})
    return token


def revoke_mirror(*, name: str) -> None:
    """End a mirror's access, as owner. Raises ValueError when there is none of this name."""
    with transaction.atomic():
        mirror = Mirror.objects.filter(name=name, revoked_at=None).first()
        if mirror is None:
            raise ValueError(f"no mirror {name}")
        mirror.revoked_at = clock.now()
        mirror.save(update_fields=["revoked_at"])
        record(event="role.changed", by="operator", fields={"kind": "log", "key_ref": mirror.id})


def record_check(*, verdict: str, ends: Iterable[tuple[int, int, bytes]] = ()) -> None:
    """What the verifier found in a copy: intact, tampered or unverifiable. Of each intact log of
    the copy (year, entries, root) an entry; of one that had been found so before, none but for the
    newest. Such an entry is what pruning a year asks for."""
    logs = sorted(ends)
    if verdict != "intact" or not logs:
        record(event="log.checked", by="auditor", fields={"verdict": verdict})
        return
    said = (entry.content for entry in Entry.objects.filter(event="log.checked"))
    known = {
        (c.get("log_year"), c.get("rows"), c.get("root_sha256"))
        for c in said
        if (c["verdict"], c["actor"]["role"]) == ("intact", AUDITOR)
    }
    for year, size, root in logs:
        about = {"log_year": year, "rows": size, "root_sha256": root.hex()}
        if year == logs[-1][0] or tuple(about.values()) not in known:
            record(event="log.checked", by="auditor", fields={"verdict": verdict, **about})


@transaction.atomic
def prune(*, year: int) -> str:
    """Let go of the entries of a year whose time is over: `pruned`, or why not (`audit.prune`).

    They are deleted by `clear_pruned`.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit.prune(%s::smallint)", [year])
        row = cursor.fetchone()
    assert row is not None
    return str(row[0])


def prune_due() -> int:
    """Every year that the published policy lets go, the oldest first; how many rows went."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT log FROM audit.logs() AS y (log) ORDER BY log")
        years = [row[0] for row in cursor.fetchall()]
    for year in years:
        prune(year=year)
    return clear_pruned()


def clear_pruned() -> int:
    """Delete what is left of pruned years, some at a time: killed, the next call goes on."""
    deleted = 0
    while some := _clear_some():
        deleted += some
    return deleted


@transaction.atomic
def _clear_some() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit.clear_pruned()")
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def record_purge(*, kind: str, rows: int, by: str = "system") -> int:
    """What was deleted or blanked because its time was over; no entry when nothing was.

    Returns `rows`. Call it in the transaction that deletes.
    """
    if rows:
        record(event="purge.run", by=by, fields={"kind": kind, "rows": rows})
    return rows


def _written(value: object) -> str:
    """Moments, days and references as the log writes them."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, date | UUID):
        return str(value)
    raise TypeError(f"a {type(value).__name__} has no place in the log")
