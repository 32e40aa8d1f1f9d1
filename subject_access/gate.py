"""The gate's functions for a person's own page (`sql/openings.sql`). The database decides: these
are thin, and join the transaction of their caller.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection


@dataclass(frozen=True, slots=True, repr=False)
class Found:
    """`state`: none | asked (a code is taken) | preparing | open. `sealed` is there when open."""

    state: str
    opening_id: UUID | None
    closes_at: datetime | None
    sealed: bytes | None


def _row(call: str, *arguments: Any) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(call, arguments)
        row = cursor.fetchone()
    assert row is not None
    return tuple(row)


def ask(
    *,
    opening_id: UUID,
    public_key: bytes,
    number_index: bytes,
    number_sealed: bytes,
    language: str,
) -> None:
    """A number was typed."""
    call = "SELECT gate.page_ask(%s, %s, %s, %s, %s)"
    _row(call, opening_id, public_key, number_index, number_sealed, language)


def try_code(*, public_key: bytes, code_digest: bytes) -> bool:
    """Whether the code opens the page; if so, the entry that says so is written."""
    return bool(_row("SELECT gate.page_try(%s, %s)", public_key, code_digest)[0])


def read(*, public_key: bytes) -> Found:
    """What there is for a browser."""
    query = "SELECT state, opening, closes_at, sealed FROM gate.page_read(%s)"
    state, opening, closes_at, sealed = _row(query, public_key)
    return Found(state, opening, closes_at, None if sealed is None else bytes(sealed))


def export(*, public_key: bytes) -> bool:
    """Write that a copy is taken away; False when there is no open page."""
    return bool(_row("SELECT gate.page_export(%s)", public_key)[0])


def close(*, public_key: bytes) -> None:
    """The page is closed, what was sealed for it gone."""
    _row("SELECT gate.page_close(%s)", public_key)
