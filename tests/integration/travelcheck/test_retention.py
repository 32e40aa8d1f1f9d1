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
