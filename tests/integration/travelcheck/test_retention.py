"""What is kept how long: one table, shown in the docs, enforced by beat and by one command."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from io import StringIO
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command

from core import clock
from tests.factories import askers
from travelcheck import retention
from travelcheck.celery import SWEEPS, app

AsRole = Callable[[str], AbstractContextManager[None]]


def test_the_docs_show_the_table() -> None:
    page = (Path(settings.BASE_DIR) / "docs" / "architecture.md").read_text(encoding="utf-8")
    for rule in retention.RULES:
        assert f"| {rule.what} | {rule.kept} | {rule.then} | {rule.why} |" in page


def test_beat_runs_what_enforces_it() -> None:
    app.loader.import_default_modules()
    for rule in retention.RULES:
        if rule.task:
            assert rule.task in SWEEPS, rule.what
            assert rule.task in app.tasks, rule.what
        assert bool(rule.task) == bool(rule.enforce) == bool(rule.role), rule.what


def test_no_table_is_kept_without_anybody_saying_for_how_long(
    superuser: psycopg.Connection,
) -> None:
    tables = superuser.execute(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
        " AND relnamespace = 'public'::regnamespace"
    ).fetchall()
    ended, without_end = retention.ENDED_BY.keys(), retention.WITHOUT_END.keys()
    assert {table for (table,) in tables} == ended | without_end
    assert not ended & without_end
    assert set(retention.ENDED_BY.values()) <= {rule.what for rule in retention.RULES}
    assert all(retention.WITHOUT_END.values())


@pytest.mark.django_db(transaction=True)
def test_one_command_enforces_all_that_its_role_may(
    as_role: AsRole, superuser: psycopg.Connection
) -> None:
    old = clock.now() - timedelta(days=100)
    superuser.execute(
        "INSERT INTO django_session (session_key, session_data, expire_date)"
        " VALUES ('over', '', %s), ('open', '', %s)",
        [old, clock.now() + timedelta(days=1)],
    )
    superuser.execute(
        "INSERT INTO sms_gateway_inboundmessage (provider, provider_message_id, number_index,"
        " key_id, body_sealed, problem, is_stop, answered_by_provider, received_at, due_at,"
        " enqueued_at, handled_at, attempts) VALUES ('test', '1', '\\x00', gen_random_uuid(),"
        " '\\x01', '', false, false, %(m)s, %(m)s, %(m)s, %(m)s, 0)",
        {"m": old},
    )
    for role in ("worker", "ingest"):
        with as_role(role):
            call_command("purge", stdout=StringIO())
    assert superuser.execute("SELECT session_key FROM django_session").fetchall() == [("open",)]
    assert superuser.execute("SELECT body_sealed FROM sms_gateway_inboundmessage").fetchall() == [
        (None,)
    ]
    entries = superuser.execute(
        "SELECT convert_from(body, 'UTF8')::jsonb ->> 'kind' FROM audit_entry"
        " WHERE event = 'purge.run' ORDER BY 1"
    ).fetchall()
    assert {("messages",), ("personal_data",)} <= set(entries)


@pytest.mark.django_db(transaction=True)
def test_what_organisations_asked_ends(as_role: AsRole, superuser: psycopg.Connection) -> None:
    org_ref = askers.organisation(superuser)
    for days, token in ((93, "\\x01"), (2, "\\x01"), (0, "\\x01")):
        superuser.execute(
            OLD_QUESTION,
            {"at": clock.now() - timedelta(days=days), "org": org_ref, "token": token},
        )
        superuser.execute(OLD_REST, {"at": clock.now() - timedelta(days=days), "org": org_ref})
    with as_role("worker"):
        call_command("purge", stdout=StringIO())
    left = superuser.execute(
        "SELECT token_sealed IS NOT NULL FROM verification_answer a"
        " JOIN consent_request r ON r.id = a.request_id ORDER BY made_at"
    ).fetchall()
    assert left == [(False,), (True,)]
    counts = superuser.execute(
        "SELECT (SELECT count(*) FROM consent_request), (SELECT count(*) FROM verification_answer),"
        " (SELECT count(*) FROM verification_idempotentreply),"
        " (SELECT count(*) FROM verification_delivery),"
        " (SELECT count(*) FROM consent_withdrawalbyphone)"
    ).fetchone()
    assert counts == (2, 2, 1, 2, 2)


OLD_QUESTION = """
WITH asked AS (
  INSERT INTO consent_request (id, org_ref, purpose, question, places, days, kept_days, asked_by,
    number_index, nonce, reference, is_test, asked_at, closes_at)
  VALUES (gen_random_uuid(), %(org)s, 'return_to_work', 'itinerary', '{}', 14, 7, 'number', '\\x00',
    'nonce123', '', false, %(at)s, %(at)s + interval '1 day') RETURNING id)
INSERT INTO verification_answer (request_id, org_ref, answer_id, consent_id, release_id,
  release_entry, token_sealed, made_at, handed_over_at)
SELECT id, %(org)s, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 1, %(token)s, %(at)s,
  %(at)s FROM asked
"""
OLD_REST = """
WITH told AS (
  INSERT INTO consent_withdrawalbyphone (id, number_index, number_sealed, key_id, by_ref, reason,
    told_at, done_at)
  VALUES (gen_random_uuid(), '\\x00', '\\x00', gen_random_uuid(), gen_random_uuid(), 'asked',
    %(at)s, %(at)s)
), replied AS (
  INSERT INTO verification_idempotentreply (org_ref, key_digest, request_digest, status,
    body_sealed, made_at)
  VALUES (%(org)s, sha256(%(at)s::text::bytea), '\\x00', 201, '\\x00', %(at)s)
), hook AS (
  INSERT INTO verification_webhook (id, organisation_id, url, secret_sealed, is_test, created_at)
  VALUES (gen_random_uuid(), %(org)s, %(at)s::text, '\\x00', false, %(at)s) RETURNING id)
INSERT INTO verification_delivery (id, webhook_id, event, request_id, made_at, attempts, due_at)
SELECT gen_random_uuid(), id, 'request.answered', gen_random_uuid(), %(at)s, 0, %(at)s FROM hook
"""
