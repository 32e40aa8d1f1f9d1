"""Staff come and go by commands on the machine, and in no other way."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import identify_hasher
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from accounts.models import SetupLink, StaffMember, User
from accounts.services import LINK_LIFE
from core import clock
from core.roles import OWNER, role_of_command
from tests.factories import people

pytestmark = pytest.mark.usefixtures("web")
EMAIL = "olu@service.example"
FORM = {"name": "Olu", "password1": people.PASSWORD, "password2": people.PASSWORD}


@pytest.fixture
def command(as_role: Callable[[str], Any]) -> Callable[[str], str]:
    """Run a command as the role that manage.py gives it; what it printed."""

    def run(name: str, email: str = EMAIL) -> str:
        assert role_of_command(name) == OWNER
        output = io.StringIO()
        with as_role("owner"):
            call_command(name, email, stdout=output)
        return output.getvalue()

    return run


def test_from_the_command_to_the_first_page(
    command: Callable[[str], str], superuser: psycopg.Connection, settings: Settings
) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    link = people.link_in(command("create_operator"))
    client = Client()
    assert client.get(link).status_code == 200
    assert client.get(link).status_code == 200, "looking does not use it up"
    answer = client.post(link, FORM)
    assert answer.status_code == 302
    user = User.objects.get()
    assert identify_hasher(user.password).algorithm == "argon2"
    assert client.get("/operations/organisations/").headers["Location"].endswith("/set-up/")
    client.get("/account/second-factor/app/add/")
    code = people.totp(client.session["mfa.totp.secret"])
    client.post("/account/second-factor/app/add/", {"code": code})
    assert client.get("/operations/organisations/").status_code == 200
    events = superuser.execute(
        "SELECT convert_from(body, 'UTF8')::jsonb FROM audit_entry WHERE event LIKE 'staff.%'"
    ).fetchall()
    assert [e["staff_role"] for (e,) in events] == ["operator"]
    assert EMAIL not in str(events)
    stored = superuser.execute("SELECT a::text FROM mfa_authenticator a").fetchall()
    assert stored
    assert client.session.get("mfa.totp.secret") is None


def test_a_second_factors_secret_is_sealed(superuser: psycopg.Connection) -> None:
    people.person(EMAIL)
    (row,) = superuser.execute("SELECT a::text FROM mfa_authenticator a").fetchall()
    assert people.SECRET not in row[0]


def test_a_link_works_once_and_for_a_day(command: Callable[[str], str]) -> None:
    start = clock.now()
    with time_machine.travel(start, tick=False) as at:
        link = people.link_in(command("create_auditor"))
        weak = FORM | {"password1": "short", "password2": "short"}
        assert Client().post(link, weak).status_code == 200
        at.move_to(start + LINK_LIFE)
        assert Client().post(link, FORM).status_code == 404
        at.move_to(start + LINK_LIFE - timedelta(microseconds=1))
        assert Client().post(link, FORM).status_code == 302
        assert Client().post(link, FORM).status_code == 404
    assert Client().get("/account/set-up/guess/").status_code == 404


def test_somebody_else_who_is_logged_in_there_is_so_no_more(command: Callable[[str], str]) -> None:
    client = people.enter(people.person("shared@browser.example"))
    link = people.link_in(command("create_operator"))
    client.post(link, FORM)  # the door is shut to nobody with both factors
    assert client.session["_auth_user_id"] == str(User.objects.get(email=EMAIL).id)
    assert not people.is_in(client), "the new person has shown no second factor"


def test_an_auditor_is_no_operator(command: Callable[[str], str]) -> None:
    command("create_auditor")
    user = User.objects.get()
    people.add_factor(user)
    assert people.enter(user).get("/operations/organisations/").status_code == 404


def test_ended_staff_are_out_at_once(
    command: Callable[[str], str], as_role: Callable[[str], Any]
) -> None:
    with as_role("owner"):
        user = people.operator(EMAIL)
    client = people.enter(user)
    assert client.get("/operations/organisations/").status_code == 200
    command("end_staff")
    assert not people.is_in(client)
    assert not StaffMember.objects.exists()
    people.log_in(client, EMAIL)
    assert not people.is_in(client)


def test_a_reset_account_has_neither_password_nor_factor_nor_session(
    command: Callable[[str], str],
) -> None:
    user = people.person(EMAIL)
    client = people.enter(user)
    older = people.link_in(command("reset_account"))
    link = people.link_in(command("reset_account"))
    assert not people.is_in(client)
    assert not Authenticator.objects.exists()
    assert not User.objects.get().has_usable_password()
    assert Client().post(older, FORM).status_code == 404
    assert Client().post(link, FORM).status_code == 302
    assert SetupLink.objects.count() == 1


def test_commands_say_what_is_wrong(command: Callable[[str], str]) -> None:
    people.person(EMAIL)
    for name, email, why in (
        ("create_operator", EMAIL.upper(), "already"),
        ("create_operator", "not an address", "no e-mail address"),
        ("end_staff", EMAIL, "no such account"),
        ("reset_account", "nobody@service.example", "no such account"),
    ):
        with pytest.raises(CommandError, match=why):
            command(name, email)  # type: ignore[call-arg]
