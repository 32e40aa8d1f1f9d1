"""The one place that calls the functions of the schema `gate`. Their rules are in `sql/`.

The database decides: these are thin. Each joins the transaction of its caller, and its log entries
are committed with it, or not at all.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection
from psycopg import sql


@dataclass(frozen=True, slots=True)
class Requested:
    """`fresh` is False when this text had led to the request before."""

    consent_id: UUID
    entry_id: int
    fresh: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """`outcome`: asked, or why nobody may be asked: blocked | paused | over_cap | time_up |
    cancelled | organisation_suspended, or what was decided before. The rest is there when asked."""

    outcome: str
    consent_id: UUID | None
    entry_id: int | None
    fresh: bool


@dataclass(frozen=True, slots=True)
class Whom:
    """Whom a request is about. `obstacle`: why nobody can be asked; None when somebody can."""

    number_index: bytes | None
    tenure_id: UUID | None
    obstacle: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """`outcome`: granted or refused, else already | wrong_code | too_many | expired | none_open.

    `consent_id` and `entry_id` are there when the outcome is about one consent.
    """

    outcome: str
    consent_id: UUID | None
    entry_id: int | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """`outcome`: claimed | denied:<reason>. A claim has a release, and the entry it waits for."""

    outcome: str
    release_id: UUID | None
    entry_id: int | None

    @property
    def reason(self) -> str:
        """Why it was denied; empty if it was not."""
        return self.outcome.partition(":")[2]


@dataclass(frozen=True, slots=True)
class Fetched:
    """One row of a journey: a stay-point, or (kind 'coverage') the hours of a day with data."""

    day: date
    kind: str
    stay_id: str | None
    city_code: str | None
    alt_city_code: str | None
    started_at: datetime | None
    ended_at: datetime | None
    observed_hours: int | None


@dataclass(frozen=True, slots=True)
class Sealed:
    """Bytes for one entry of the log, sealed under the person's key `key_id`."""

    ciphertext: bytes
    entry_uuid: UUID
    key_id: UUID


@dataclass(frozen=True, slots=True)
class Erased:
    """`kept_until`: so long a legal hold keeps it, and nothing is gone yet; None when all is."""

    entry_id: int
    kept_until: datetime | None


def _rows(function: str, *arguments: Any) -> list[tuple[Any, ...]]:
    call = sql.SQL("SELECT * FROM {}({})").format(
        sql.Identifier("gate", function),
        sql.SQL(", ").join([sql.Placeholder()] * len(arguments)),
    )
    with connection.cursor() as cursor:
        cursor.execute(call, arguments)
        return list(cursor.fetchall())


def _row(function: str, *arguments: Any) -> tuple[Any, ...]:
    return _rows(function, *arguments)[0]


def request(
    *,
    tenure_id: UUID,
    inbound_id: int,
    terms: dict[str, Any],
    code_digest: bytes,
    notice: dict[str, Any],
    notice_sealed: bytes,
) -> Requested:
    """Raises django.db.IntegrityError when the code is already open at this number."""
    return Requested(
        *_row(
            "request",
            tenure_id,
            inbound_id,
            json.dumps(terms),
            code_digest,
            json.dumps(notice),
            notice_sealed,
        )
    )


def whom(request_id: UUID) -> Whom:
    """unknown_number | unknown_code | no_subscription | stale_subscriptions are obstacles."""
    number, tenure_id, obstacle = _row("whom", request_id)
    return Whom(bytes(number) if number else None, tenure_id, obstacle)


def ask_for(
    *,
    request_id: UUID,
    tenure_id: UUID,
    terms: dict[str, Any],
    code_digest: bytes,
    notice: dict[str, Any],
    notice_sealed: bytes,
) -> Asked:
    """Ask the person an organisation's question. Raises django.db.IntegrityError as `request`."""
    about = (json.dumps(terms), code_digest, json.dumps(notice), notice_sealed)
    return Asked(*_row("ask_for", request_id, tenure_id, *about))


def turn_down(*, request_id: UUID, reason: str) -> int | None:
    """Nobody is asked; the log of the person, if there is one, says so. None: decided before."""
    entry = _row("turn_down", request_id, reason)[0]
    return None if entry is None else int(entry)


def end_request(request_id: UUID) -> bool:
    """End the consent of a request that nobody waits for any more, if it is still alive."""
    return bool(_row("end_request", request_id)[0])


def notice_sent(consent_id: UUID) -> bool:
    """The provider took the notice. True the first time."""
    return bool(_row("notice_sent", consent_id)[0])


def notice_delivered(consent_id: UUID) -> bool:
    """The provider says the notice arrived. True the first time."""
    return bool(_row("notice_delivered", consent_id)[0])


def grant(*, inbound_id: int, evidence: Sealed | None = None) -> Answer:
    """`OK <code>`; the database knows from the text itself which code it said."""
    sealed = (evidence.ciphertext, evidence.entry_uuid, evidence.key_id) if evidence else ()
    return Answer(*_row("grant", inbound_id, *sealed))


def refuse(*, inbound_id: int, code_digest: bytes) -> Answer:
    """`NO <code>`."""
    return Answer(*_row("refuse", inbound_id, code_digest))


def withdraw(*, inbound_id: int, consent_id: UUID) -> str:
    """withdrawn | ended (it was an open request) | recalled (an answer that was handed over) |
    already | unknown (not of this number)."""
    return str(_row("withdraw", inbound_id, consent_id)[0])


def withdraw_all(*, inbound_id: int) -> int:
    """How many granted consents were withdrawn; open requests end, and answers that were handed
    over are recalled."""
    return int(_row("withdraw_all", inbound_id)[0])


def withdraw_by_operator(wish_id: UUID) -> bool:
    """End everything of the number of somebody who called. False when it was done before."""
    return bool(_row("withdraw_by_operator", wish_id)[0])


def expire_due() -> int:
    """End what has run out; how many. More may be left when it is not 0."""
    return int(_row("expire_due")[0])


def claim(*, consent_id: UUID, inbound_id: int) -> Claim:
    """One access, asked for by a text of the person. Commit before settling it."""
    return Claim(*_row("claim", consent_id, f"inbound:{inbound_id}"))


def settle(release_id: UUID) -> str:
    """waiting | stale | ready | released | denied:<reason>."""
    return str(_row("settle", release_id)[0])


def fetch(release_id: UUID) -> Sequence[Fetched]:
    """The journey, when `settle` says ready; no rows otherwise."""
    return [Fetched(*row) for row in _rows("fetch", release_id)]


def release(*, release_id: UUID, commitment: bytes, evidence: Sealed | None = None) -> int:
    """The answer leaves with this transaction, which also fetched it. Returns the entry.

    Raises django.db.DatabaseError when this transaction did not fetch it.
    """
    sealed = (evidence.ciphertext, evidence.entry_uuid, evidence.key_id) if evidence else ()
    return int(_row("release", release_id, commitment, *sealed)[0])


def found_nothing(release_id: UUID) -> None:
    """The journey that this transaction fetched is empty: closes the release (no_data)."""
    _row("found_nothing", release_id)


def delivered(release_id: UUID) -> bool:
    """The answer arrived. True the first time."""
    return bool(_row("delivered", release_id)[0])


def hold(ref: UUID) -> bool:
    """May what hangs on this consent, or this tenure, leave now? Locks it until the commit."""
    return bool(_row("hold", ref)[0])


def erase(*, inbound_id: int, tenure_id: UUID, address: bytes) -> Erased:
    """Erase everything that can be read of the present holder of the number, or, while a legal hold
    keeps it, end what can be ended and remember the wish. `address`: the number, sealed."""
    return Erased(*_row("erase", inbound_id, tenure_id, address))


def erasures_due() -> list[UUID]:
    """Tenures whose erasure waited for a legal hold that has ended."""
    return [row[0] for row in _rows("erasures_due")]


def erase_kept(tenure_id: UUID) -> bool:
    """Carry such an erasure out. False when it was done before, or is held again."""
    return _row("erase_kept", tenure_id)[0] is not None
