"""The recipe the other tests stand on."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from core.roles import LOGIN_ROLES
from tests import database

AsRole = Callable[[str], AbstractContextManager[None]]


def session_user() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_user")
        row = cursor.fetchone()
    assert row is not None
    return str(row[0])


@pytest.mark.django_db
def test_a_test_is_the_worker() -> None:
    assert session_user() == "tc_test_worker"
    assert settings.SIGNALING_KEY == b""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("role", LOGIN_ROLES)
def test_as_role_is_that_role_and_holds_its_keys_only(as_role: AsRole, role: str) -> None:
    with as_role(role):
        assert session_user() == f"tc_test_{role}"
        assert bool(settings.AUDIT_SIGNING_KEY) == (role == "sequencer")
        assert bool(settings.ANSWER_SIGNING_KEY) == (role == "worker")
        assert bool(settings.SIGNALING_KEY) == (role == "ingest")
    assert session_user() == "tc_test_worker"


@pytest.mark.django_db(transaction=True)
def test_roles_refuse_each_others_passwords() -> None:
    plan = database.plan()
    passwords = {role: plan.password(role) for role in LOGIN_ROLES}
    assert len(set(passwords.values())) == len(LOGIN_ROLES)
    for role in LOGIN_ROLES:
        psycopg.connect(plan.addresses[role]).close()
        for other in LOGIN_ROLES:
            if other != role:
                with pytest.raises(psycopg.OperationalError, match="authentication failed"):
                    psycopg.connect(plan.addresses[role], password=passwords[other])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("role", [role for role in LOGIN_ROLES if role != "owner"])
def test_roles_create_nothing_and_become_nobody(
    connect_as: Callable[[str], psycopg.Connection], role: str
) -> None:
    connection = connect_as(role)
    connection.autocommit = True
    statements = [
        "CREATE TABLE public.mine (id int)",
        "CREATE SCHEMA mine",
        "CREATE ROLE mine",
        "CREATE DATABASE mine",
        "SET ROLE tc_test_owner",
        "SET ROLE tc_test_gate",
        "SET SESSION AUTHORIZATION tc_test_owner",
    ]
    if role != "ingest":
        statements.append("CREATE TEMPORARY TABLE mine (id int)")
    for statement in statements:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.encode())


@pytest.mark.django_db(transaction=True)
def test_the_database_clock_can_be_frozen(freeze_database: Callable[[datetime], None]) -> None:
    moment = datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC)
    freeze_database(moment)
    with connection.cursor() as cursor:
        cursor.execute("SELECT core.now()")
        assert cursor.fetchone() == (moment,)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", [1, 2])
def test_what_a_test_commits_is_gone_for_the_next(superuser: psycopg.Connection, turn: int) -> None:
    superuser.execute("CREATE TABLE public.left_over (turn int)")
    superuser.execute("INSERT INTO public.left_over VALUES (%s)", [turn])
    assert superuser.execute("SELECT turn FROM public.left_over").fetchall() == [(turn,)]
