"""Logging in, as somebody without the second factor, without the password, or with neither."""

import base64
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, is_valid_path
from pytest_django import Settings

from accounts.middleware import SETTING_UP
from accounts.models import User
from core import clock
from tests.factories import people

pytestmark = pytest.mark.usefixtures("web")
EMAIL = "ada@employer.example"
LOG_IN = "/account/login/"
FACTOR = "/account/second-factor/authenticate/"


def test_password_and_code_open_the_door() -> None:
    people.person(EMAIL)
    client = Client()
    first = client.post(LOG_IN, {"login": EMAIL.upper(), "password": people.PASSWORD})
    assert first.headers["Location"] == FACTOR
    assert not people.is_in(client), "the password alone is half a log-in"
    wrong = client.post(FACTOR, {"code": "000000"})
    assert wrong.status_code == 200
    assert not people.is_in(client)
    client.post(FACTOR, {"code": people.totp()})
    assert people.is_in(client)


def test_a_code_works_once() -> None:
    people.person(EMAIL)
    code = people.totp()
    for works in (True, False):
        client = Client()
        client.post(LOG_IN, {"login": EMAIL, "password": people.PASSWORD})
        client.post(FACTOR, {"code": code})
        assert people.is_in(client) == works


def test_a_recovery_code_works_once() -> None:
    user = people.person(EMAIL)
    code = RecoveryCodes.activate(user).get_unused_codes()[0]
    for works in (True, False):
        client = Client()
        client.post(LOG_IN, {"login": EMAIL, "password": people.PASSWORD})
        client.post(FACTOR, {"code": code})
        assert people.is_in(client) == works


def addresses(resolver: URLResolver | None = None, prefix: str = "") -> list[tuple[str, str]]:
    """(name, an address) of every page there is."""
    found: list[tuple[str, str]] = []
    for pattern in (resolver or get_resolver()).url_patterns:
        route = prefix + str(pattern.pattern).removeprefix("^").removesuffix("$")
        if isinstance(pattern, URLPattern):
            filled = route.replace("<uuid:", "<").replace("<str:", "<").replace("<int:pk>", "1")
            found.append((pattern.name or "", "/" + _fill(filled)))
        else:
            found.extend(addresses(pattern, route))
    return found


def _fill(route: str) -> str:
    while "<" in route:
        before, _, rest = route.partition("<")
        name, _, after = rest.partition(">")
        value = "x" if name in ("token", "what") else "0b0e64d6-6ad4-4f2c-8a4e-0f5a5b6c7d8e"
        route = before + value + after
    return route


def test_without_a_second_factor_there_is_no_page_but_setting_one_up() -> None:
    client = Client()
    client.force_login(people.person(EMAIL, factor=False))
    pages = [(name, path) for name, path in addresses() if is_valid_path(path)]
    assert len(pages) > 40
    for name, path in pages:
        if name not in SETTING_UP:
            for method in ("get", "post"):
                answer = getattr(client, method)(path)
                assert answer.status_code == 302, path
                assert answer.headers["Location"] == "/account/second-factor/set-up/", path
    assert client.get("/account/second-factor/set-up/").status_code == 200


def test_a_first_factor_is_set_up_and_shown_at_the_same_time() -> None:
    people.person(EMAIL, factor=False)
    client = Client()
    client.post(LOG_IN, {"login": EMAIL, "password": people.PASSWORD})
    assert not people.is_in(client)
    client.get("/account/second-factor/app/add/")
    secret = client.session["mfa.totp.secret"]
    client.post("/account/second-factor/app/add/", {"code": people.totp(secret)})
    assert people.is_in(client)


def test_an_older_session_of_the_password_alone_does_not_grow_up() -> None:
    """Somebody with a stolen password waits in a session until the factor is set up elsewhere."""
    user = people.person(EMAIL, factor=False)
    thief = Client()
    thief.post(LOG_IN, {"login": EMAIL, "password": people.PASSWORD})
    people.add_factor(user)
    answer = thief.get("/account/second-factor/set-up/")
    assert answer.headers["Location"] == LOG_IN
    assert "_auth_user_id" not in thief.session


def test_the_last_factor_stays() -> None:
    user = people.person(EMAIL)
    client = people.enter(user)
    client.post("/account/second-factor/app/remove/")
    assert Authenticator.objects.filter(user=user).count() == 1
    Authenticator.objects.filter(user=user).delete()
    key = Authenticator.objects.create(user=user, type="webauthn", data={"name": "key"})
    client.post(f"/account/second-factor/keys/{key.pk}/remove/")
    assert Authenticator.objects.filter(user=user).exists()
    other = people.person("other@employer.example")
    assert (
        people.enter(other).post(f"/account/second-factor/keys/{key.pk}/remove/").status_code == 404
    )


def test_a_session_gets_a_new_id_with_each_step_up() -> None:
    people.person(EMAIL)
    client = Client()
    client.get(LOG_IN)
    fixed = "0" * 32
    client.cookies[settings.SESSION_COOKIE_NAME] = fixed
    client.post(LOG_IN, {"login": EMAIL, "password": people.PASSWORD})
    before = client.cookies[settings.SESSION_COOKIE_NAME].value
    client.post(FACTOR, {"code": people.totp()})
    after = client.cookies[settings.SESSION_COOKIE_NAME].value
    assert len({fixed, before, after}) == 3
    for old in (fixed, before):
        other = Client()
        other.cookies[settings.SESSION_COOKIE_NAME] = old
        assert not people.is_in(other)
    assert people.is_in(client)


def test_a_copied_row_opens_no_session_and_a_written_one_is_none(
    superuser: psycopg.Connection,
) -> None:
    client = people.enter(people.person(EMAIL))
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    (row,) = superuser.execute("SELECT session_key, session_data FROM django_session").fetchall()
    assert cookie not in row
    copied = Client()
    copied.cookies[settings.SESSION_COOKIE_NAME] = row[0]
    assert not people.is_in(copied)
    data = base64.b64encode(b'{"_auth_user_id": 1}').decode()
    for forged in (data, "nonsense", ""):
        superuser.execute("UPDATE django_session SET session_data = %s", [forged])
        assert not people.is_in(client)


def test_a_session_ends_when_it_idles_and_after_half_a_day() -> None:
    user = people.person(EMAIL)
    start = clock.now()
    with time_machine.travel(start, tick=False) as at:
        client = people.enter(user)
        at.shift(settings.SESSION_COOKIE_AGE - 1)
        assert people.is_in(client)
        at.shift(settings.SESSION_COOKIE_AGE - 1)
        assert people.is_in(client), "each page keeps it alive"
        at.shift(settings.SESSION_COOKIE_AGE + 1)
        assert not people.is_in(client)

        client = people.enter(user)
        for _ in range(settings.SESSION_LIFE_SECONDS // 1200 - 1):
            at.shift(1200)
            assert people.is_in(client)
        at.shift(1200)
        assert not people.is_in(client), "but not for ever"


def test_the_cookie_is_for_this_site_alone() -> None:
    people.person(EMAIL)
    client = Client()
    answer = client.post(LOG_IN, {"login": EMAIL, "password": people.PASSWORD})
    cookie = answer.cookies[settings.SESSION_COOKIE_NAME]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] == ""  # gone with the browser
    assert not cookie["domain"]


def test_a_new_password_ends_every_other_session() -> None:
    user = people.person(EMAIL)
    here, elsewhere = people.enter(user), people.enter(user)
    new = "four unrelated words here"
    form = {"oldpassword": people.PASSWORD, "password1": new, "password2": new}
    assert here.post("/account/password/change/", form).status_code == 302
    assert people.is_in(here)
    assert not people.is_in(elsewhere)


def test_logging_out_ends_the_session_for_good() -> None:
    client = people.enter(people.person(EMAIL))
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    assert client.post("/account/logout/").headers["Location"] == LOG_IN
    client.cookies[settings.SESSION_COOKIE_NAME] = cookie
    assert not people.is_in(client)


def test_a_closed_account_is_out_at_once(superuser: psycopg.Connection) -> None:
    client = people.enter(people.person(EMAIL))
    assert people.is_in(client)
    superuser.execute("UPDATE accounts_user SET is_active = false")
    assert not people.is_in(client)


def test_nothing_shows_whether_there_is_an_account(superuser: psycopg.Connection) -> None:
    people.person(EMAIL)
    for path, form in (
        (LOG_IN, {"password": "wrong password here", "login": "{}"}),
        ("/account/password/reset/", {"email": "{}"}),
    ):
        seen = []
        for email in (EMAIL, "nobody@employer.example"):
            client = Client()
            answer = client.post(path, {k: v.format(email) for k, v in form.items()})
            text = answer.content.decode().replace(email, "…")
            text = "".join(line for line in text.splitlines() if "csrfmiddlewaretoken" not in line)
            seen.append((answer.status_code, answer.headers.get("Location"), text))
        assert seen[0] == seen[1], path
    assert [mail["to"] for mail in people.mails(superuser)] == [EMAIL]
    assert Client().get("/account/sign-up/").headers["Location"] == LOG_IN
    Client().post("/account/sign-up/", {"email": "me@evil.example", "password1": people.PASSWORD})
    assert User.objects.count() == 1


def test_a_forgotten_password_is_set_anew_once_and_needs_the_factor_still(
    superuser: psycopg.Connection,
) -> None:
    user = people.person(EMAIL)
    elsewhere = people.enter(user)
    Client().post("/account/password/reset/", {"email": EMAIL})
    link = people.link_in(people.mails(superuser)[-1]["body"])
    client = Client()
    form_at = client.get(link).headers["Location"]
    new = "four unrelated words here"
    form = {"password1": new, "password2": new}
    assert client.post(form_at, form).status_code == 302
    assert not people.is_in(client), "the link logs nobody in"
    assert not people.is_in(elsewhere)
    answer = client.post(LOG_IN, {"login": EMAIL, "password": new})
    assert answer.headers["Location"] == FACTOR
    assert Client().get(link).status_code == 200, "used: a page that says so"
    again = Client()
    again.get(link)
    again.post(form_at, form | {"password1": people.PASSWORD, "password2": people.PASSWORD})
    assert User.objects.get().check_password(new)


def test_links_in_mails_name_this_service_whatever_the_request_says(
    superuser: psycopg.Connection, settings: Settings
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    people.person(EMAIL)
    Client(headers={"host": "evil.example"}).post("/account/password/reset/", {"email": EMAIL})
    assert "evil.example" not in people.mails(superuser)[-1]["body"]


def test_guessing_is_counted(as_role: Callable[[str], Any]) -> None:
    people.person(EMAIL)
    for _ in range(5):
        Client().post(LOG_IN, {"login": EMAIL, "password": "wrong"})
    client = Client()
    client.post(LOG_IN, {"login": EMAIL, "password": people.PASSWORD})
    client.post(FACTOR, {"code": people.totp()})
    assert not people.is_in(client)
    other = Client(REMOTE_ADDR="192.0.2.1")
    codes = people.person("other@employer.example")
    other.post(LOG_IN, {"login": codes.email, "password": people.PASSWORD})
    for guess in range(6):
        other.post(FACTOR, {"code": f"{guess:06}"})
    other.post(FACTOR, {"code": people.totp()})
    assert not people.is_in(other)


def test_without_redis_nobody_logs_in(settings: Settings) -> None:
    """Uncounted, guessing would be free."""
    people.person(EMAIL)
    settings.CACHES = {
        "default": settings.CACHES["default"] | {"LOCATION": "unix:///nowhere/redis.sock"}
    }
    client = Client()
    answer = client.post(LOG_IN, {"login": EMAIL, "password": people.PASSWORD})
    assert answer.status_code == 503
    assert not people.is_in(client)


def test_where_a_log_in_leads_is_on_this_site() -> None:
    user = people.person(EMAIL)
    for step, (target, leads) in enumerate(
        [
            ("https://evil.example/", "/employers/"),
            ("/account/second-factor/", "/account/second-factor/"),
        ],
        start=-1,
    ):
        client = Client()
        client.post(f"{LOG_IN}?next={target}", {"login": user.email, "password": people.PASSWORD})
        answer = client.post(FACTOR, {"code": people.totp(step=step)})
        assert answer.headers["Location"] == leads
