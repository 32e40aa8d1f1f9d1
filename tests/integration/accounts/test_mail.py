"""E-mails: stored with what they speak of, sent by the worker, gone afterwards."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
import time_machine
from django.core import mail as django_mail
from django.db import transaction
from pytest_django import Settings

from accounts import mail, tasks
from accounts.models import OutgoingMail
from core import clock

TO = "ada@employer.example"
MEMORY = {"backend": "django.core.mail.backends.locmem.EmailBackend"}


class Unreachable:
    """A mail server that is away."""

    def __init__(self, **_: object) -> None:
        self.messages = 0

    def send_messages(self, messages: object) -> int:
        raise ConnectionRefusedError(TO)


@pytest.fixture
def stored(as_role: Callable[[str], Any], settings: Settings) -> None:
    """One e-mail, stored by the web process; the mail server is ours."""
    settings.MAIL_SERVER = MEMORY
    with as_role("web"):
        mail.send(
            to=TO,
            template="invitation",
            context={"organisation": "O'Brien & Söhne", "link": "https://x.example/l", "days": 7},
        )


def rows(superuser: psycopg.Connection) -> int:
    (row,) = superuser.execute("SELECT count(*) FROM accounts_outgoingmail").fetchall()
    return int(row[0])


def test_the_worker_sends_it_once_in_every_language(
    stored: None, as_role: Callable[[str], Any], superuser: psycopg.Connection
) -> None:
    (sealed,) = superuser.execute("SELECT m::text FROM accounts_outgoingmail m").fetchall()
    assert TO.encode().hex() not in sealed[0]
    with as_role("worker"):
        tasks.sweep()
        tasks.sweep()
    (sent,) = django_mail.outbox
    assert sent.to == [TO]
    assert sent.subject == "Invitation to O'Brien & Söhne / 加入 O'Brien & Söhne 的邀请"
    assert sent.body.count("https://x.example/l") == 2
    assert rows(superuser) == 0


def test_what_is_rolled_back_was_never_announced(
    as_role: Callable[[str], Any], superuser: psycopg.Connection
) -> None:
    with as_role("web"), transaction.atomic():
        mail.store(to=TO, subject="No", body="No")
        transaction.set_rollback(True)
    assert rows(superuser) == 0


def test_while_the_server_is_away_it_waits_longer_each_time_and_a_day_at_most(
    stored: None,
    as_role: Callable[[str], Any],
    settings: Settings,
    superuser: psycopg.Connection,
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings.MAIL_SERVER = {"backend": f"{__name__}.Unreachable"}
    start = clock.now()
    with as_role("worker"), time_machine.travel(start, tick=False) as at:
        waited = []
        for _ in range(5):
            tasks.sweep()
            due = OutgoingMail.objects.get().due_at
            waited.append((due - clock.now()).total_seconds())
            at.move_to(due)
        assert waited == [30, 120, 600, 3600, 3600]
        assert "an e-mail waits: ConnectionRefusedError" in caplog.text
        at.move_to(start + timedelta(hours=24, seconds=1))
        tasks.sweep()
    assert rows(superuser) == 0
    assert TO not in caplog.text


def test_a_header_cannot_be_smuggled_in(
    as_role: Callable[[str], Any], settings: Settings, superuser: psycopg.Connection
) -> None:
    settings.MAIL_SERVER = MEMORY
    with as_role("web"):
        mail.store(to=TO, subject="Hello\nBcc: all@evil.example", body="x")
    with as_role("worker"):
        tasks.sweep()
    (sent,) = django_mail.outbox
    assert sent.subject == "Hello Bcc: all@evil.example"
    assert sent.recipients() == [TO]


def test_ended_sessions_leave_nothing(
    as_role: Callable[[str], Any], superuser: psycopg.Connection
) -> None:
    for key, ends in (("a", "-1 second"), ("b", "1 hour")):
        superuser.execute(
            "INSERT INTO django_session VALUES (%s, '', now() + %s::interval)", [key, ends]
        )
    with as_role("worker"):
        tasks.forget_sessions()
    assert superuser.execute("SELECT session_key FROM django_session").fetchall() == [("b",)]
