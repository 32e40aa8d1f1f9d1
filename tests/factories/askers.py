"""Organisations that may ask, and what they ask, as the web process would have stored it."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from typing import Any

import psycopg

PLACES = {"cities": ["420100"], "countries": []}


def organisation(superuser: psycopg.Connection, name: str = "River Works Ltd") -> uuid.UUID:
    """An approved organisation; the same one for the same name."""
    known = superuser.execute(
        "SELECT id FROM organisations_organisation WHERE name = %s", [name]
    ).fetchone()
    if known:
        return uuid.UUID(str(known[0]))
    identifier = uuid.uuid4()
    superuser.execute(
        "INSERT INTO organisations_organisation (id, name, name_key, legal_id, contact_name,"
        " contact_email, status, purposes, itinerary_purposes, may_ask_by_number,"
        " requests_per_day, open_requests, applied_at, approved_at)"
        " VALUES (%s, %s, %s, %s, 'Ada', 'ada@example.org', 'approved',"
        " '{return_to_work,site_access}', '{return_to_work}', true, 100, 500,"
        " core.now(), core.now())",
        [identifier, name, name.lower(), identifier.hex[:16]],
    )
    return identifier


def request(
    superuser: psycopg.Connection,
    org_ref: uuid.UUID,
    *,
    number_index: bytes | None = None,
    code_digest: bytes | None = None,
    question: str = "visited_any",
    days: int = 14,
    open_for: timedelta = timedelta(hours=24),
) -> uuid.UUID:
    """A question about a number, or about whoever made a sharing code."""
    identifier = uuid.uuid4()
    superuser.execute(
        "INSERT INTO consent_request (id, org_ref, purpose, question, places, days, kept_days,"
        " asked_by, number_index, code_digest, nonce, reference, is_test, asked_at, closes_at,"
        " outcome)"
        " VALUES (%s, %s, 'return_to_work', %s, %s, %s, 7, %s, %s, %s, 'nonce123', '', false,"
        " core.now(), core.now() + %s, '')",
        [
            identifier,
            org_ref,
            question,
            json.dumps(PLACES),
            days,
            "number" if number_index else "code",
            number_index,
            code_digest,
            open_for,
        ],
    )
    return identifier


def terms(superuser: psycopg.Connection, request_id: uuid.UUID) -> dict[str, Any]:
    """The terms that the gate wants for this request, and no others."""
    row = superuser.execute("SELECT gate.asked_terms(%s)", [request_id]).fetchone()
    assert row is not None
    return {**row[0], "valid_days": 2, "categories": ["been_to"], "granularity": "yes_no"}
