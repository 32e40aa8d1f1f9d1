"""The gate's functions for cases (`sql/disputes.sql`). The database decides: these are thin.

Each joins the transaction of its caller, and its log entries are committed with it, or not at all.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection


@dataclass(frozen=True, slots=True)
class Asked:
    """`outcome`: asked, or too_old | already | decided | too_many. The rest is there when asked;
    `fresh` is False when this text had led to the question before."""

    outcome: str
    consent_id: UUID | None
    entry_id: int | None
    fresh: bool


@dataclass(frozen=True, slots=True)
class Opened:
    """`outcome`: open, or gone when there was nothing to look at."""

    outcome: str
    dispute_id: UUID
    entry_id: int


@dataclass(frozen=True, slots=True)
class Found:
    """What was found wrong: a place (one city or two) over some hours, and what it was instead."""

    city_code: str
    alt_city_code: str | None
    started_at: datetime
    ended_at: datetime
    instead_code: str | None


@dataclass(frozen=True, slots=True, repr=False)
class Sealed:
    """What there is to see of one day, under the person's key `key_id`."""

    day: date
    sealed: bytes
    key_id: UUID


def _rows(call: str, *arguments: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(call, arguments)
        return list(cursor.fetchall())


def ask(
    *,
    tenure_id: UUID,
    inbound_id: int,
    terms: Mapping[str, Any],
    code_digest: bytes,
    notice: Mapping[str, Any],
    notice_sealed: bytes,
    visit: Mapping[str, Any],
) -> Asked:
    """`visit`: city, alt, from, to (ISO 8601) and due_on. Raises django.db.IntegrityError when the
    code is already open at this number."""
    about = (json.dumps(terms), code_digest, json.dumps(notice), notice_sealed, json.dumps(visit))
    call = "SELECT * FROM gate.dispute_ask(%s, %s, %s, %s, %s, %s, %s)"
    return Asked(*_rows(call, tenure_id, inbound_id, *about)[0])


def open_case(*, release_id: UUID, evidence: Mapping[date, bytes], key_id: UUID) -> Opened:
    """The evidence, sealed under the key `key_id`, in the transaction that released it."""
    days, sealed = list(evidence), list(evidence.values())
    call = "SELECT * FROM gate.dispute_open(%s, %s::date[], %s::bytea[], %s)"
    return Opened(*_rows(call, release_id, days, sealed, key_id)[0])


def look(*, dispute_id: UUID, operator_ref: UUID) -> int | None:
    """Say in the person's log that an operator looks; the entry. None: there is nothing to see.

    Commit, and once the entry is under a checkpoint `evidence` shows it. Raises
    django.db.ProgrammingError when this is no operator, as the others do.
    """
    entry = _rows("SELECT gate.dispute_look(%s, %s)", dispute_id, operator_ref)[0][0]
    return None if entry is None else int(entry)


def evidence(*, dispute_id: UUID, operator_ref: UUID) -> Sequence[Sealed]:
    """What this operator may see now, by day; nothing without a look that is under a checkpoint."""
    rows = _rows("SELECT * FROM gate.dispute_evidence(%s, %s)", dispute_id, operator_ref)
    return [Sealed(day, bytes(sealed), key_id) for day, sealed, key_id in rows]


def decide(
    *, dispute_id: UUID, operator_ref: UUID, outcome: str, reason: str, instead: str | None
) -> str:
    """done | over (withdrawn, decided or too old) | unseen (this operator has not looked)."""
    call = "SELECT gate.dispute_decide(%s, %s, %s, %s, %s)"
    return str(_rows(call, dispute_id, operator_ref, outcome, reason, instead)[0][0])


def overrides(release_id: UUID) -> Sequence[Found]:
    """What was found wrong in the journey that this transaction has fetched."""
    return [Found(*row) for row in _rows("SELECT * FROM gate.overrides(%s)", release_id)]


def purge() -> int:
    """Delete what has left the window; how many open cases ended with it."""
    return int(_rows("SELECT gate.dispute_purge()")[0][0])
