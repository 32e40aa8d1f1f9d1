from collections.abc import Callable
from contextlib import AbstractContextManager

import psycopg
import pytest
from django.test import Client
from pytest_django import Settings

from core import limits

Role = Callable[[str], AbstractContextManager[None]]


@pytest.fixture
def forget_redis_client() -> None:
    limits.client.cache_clear()


def test_ready_as_the_web_process(as_role: Role, client: Client) -> None:
    with as_role("web"):
        answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"database": "ok", "redis": "ok", "log": "ok", "witnesses": "none"}


def test_ready_without_redis_because_texts_are_stored_anyway(
    as_role: Role, client: Client, settings: Settings, forget_redis_client: None
) -> None:
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    with as_role("web"):
        answer = client.get("/readyz")
    limits.client.cache_clear()
    assert answer.status_code == 200
    assert answer.json()["redis"] == "unreachable"


def test_not_ready_while_a_migration_is_missing(
    as_role: Role, client: Client, superuser: psycopg.Connection
) -> None:
    superuser.execute("DELETE FROM django_migrations WHERE app = 'consent'")
    with as_role("web"):
        answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["database"] == "migrations are missing"


def test_a_log_that_does_not_keep_up_is_seen(
    as_role: Role, client: Client, superuser: psycopg.Connection
) -> None:
    superuser.execute("SELECT audit.record('config.changed', '{}')")
    superuser.execute("ALTER TABLE audit_entry DISABLE TRIGGER ALL")
    superuser.execute("UPDATE audit_entry SET recorded_at = now() - interval '11 seconds'")
    superuser.execute("ALTER TABLE audit_entry ENABLE TRIGGER ALL")
    with as_role("web"):
        assert client.get("/readyz").json()["log"] == "late"


def test_too_few_witnesses_are_seen_and_stop_no_texts(
    as_role: Role, client: Client, superuser: psycopg.Connection
) -> None:
    superuser.execute("SELECT audit.set_policy(1::smallint, '{w.example+00000000+AA==}')")
    with as_role("web"):
        assert client.get("/readyz").json()["witnesses"] == "ok"
        superuser.execute("ALTER TABLE audit_entry DISABLE TRIGGER ALL")
        superuser.execute("UPDATE audit_entry SET recorded_at = now() - interval '11 seconds'")
        superuser.execute(
            "WITH gone AS (DELETE FROM audit_queue RETURNING entry_id) INSERT INTO audit_leaf"
            " (log, seq, entry_id, leaf_hash) SELECT 2026, 0, entry_id, sha256('') FROM gone"
        )
        superuser.execute(
            "INSERT INTO audit_checkpoint (log, size, origin, root, note, made_at)"
            " VALUES (2026, 1, 'o', '', '', now())"
        )
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["witnesses"]) == (200, "late")
        assert answer.json()["log"] == "ok"


def test_alive_whatever_else_is_away(client: Client) -> None:
    assert client.get("/livez").json() == {"status": "ok"}
    assert client.post("/livez").status_code == 405
