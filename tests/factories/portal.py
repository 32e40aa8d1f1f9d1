"""An employer at the portal, and answers as the worker would have handed them over."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence

import psycopg

from core.keys import derive
from core.sealing import seal
from organisations.catalogue import Purpose
from organisations.models import Organisation

PLACES = [
    ("420100", "Wuhan", "武汉", "CN", "Hubei"),
    ("330100", "Hangzhou", "杭州", "CN", "Zhejiang"),
    ("CN", "China", "中国", "CN", ""),
    ("TH", "Thailand", "泰国", "TH", ""),
]


def places(superuser: psycopg.Connection, known: Sequence[tuple[str, ...]] = PLACES) -> None:
    with superuser.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO signaling_city (code, name, name_zh, country, admin1)"
            " VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            known,
        )


def may_ask_by_number(superuser: psycopg.Connection, organisation: Organisation) -> None:
    superuser.execute(
        "UPDATE organisations_organisation SET may_ask_by_number = true,"
        " purposes = %s, itinerary_purposes = %s WHERE id = %s",
        [[p.value for p in Purpose], ["duty_of_care"], organisation.id],
    )


def hand_over(
    superuser: psycopg.Connection,
    request_id: uuid.UUID,
    token: str,
    answer_id: uuid.UUID,
) -> None:
    """The answer to a request, from now on visible to its asker."""
    sealed = seal(derive("answer"), token.encode(), f"answer:{request_id}".encode())
    superuser.execute(
        "INSERT INTO verification_answer (request_id, org_ref, answer_id, consent_id, release_id,"
        " release_entry, token_sealed, made_at, handed_over_at)"
        " SELECT id, org_ref, %s, gen_random_uuid(), gen_random_uuid(), 1, %s, core.now(),"
        " core.now() FROM consent_request WHERE id = %s",
        [answer_id, sealed, request_id],
    )


def withdraw(superuser: psycopg.Connection, request_id: uuid.UUID) -> None:
    superuser.execute(
        "UPDATE verification_answer SET withdrawn_at = core.now(), token_sealed = NULL"
        " WHERE request_id = %s",
        [request_id],
    )


def events(superuser: psycopg.Connection) -> list[str]:
    """What the log says happened, in its order."""
    rows = superuser.execute("SELECT convert_from(body, 'UTF8') FROM audit_entry ORDER BY id")
    return [str(json.loads(body)["event"]) for (body,) in rows]
