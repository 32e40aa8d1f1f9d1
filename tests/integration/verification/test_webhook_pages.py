"""An owner looks after webhooks on the pages; the worker makes the calls."""

import base64
import hashlib
import hmac
import re
from typing import Any

import psycopg
import pytest
from pytest_django import Settings

from core.limits import Limit
from organisations.catalogue import Role
from tests.factories import people, portal
from tests.integration.verification.conftest import Employer
from tests.integration.verification.test_api import AsRole
from tests.integration.verification.test_portal import asked, visible
from tests.integration.verification.test_webhooks import URL, Server, later, run_due, server
from verification.models import Delivery, Webhook
from verification.services import calling
from verification.services.webhooks import secrets_of
from verification.views import webhooks as pages

__all__ = ["server"]


@pytest.fixture
def hooks(employer: Employer) -> str:
    return f"{employer.home}webhooks/"


def added(employer: Employer, url: str = URL) -> tuple[str, str]:
    """A new webhook of live keys: its page, and the secret that was shown."""
    made = employer.browser.post(f"{employer.home}webhooks/", {"url": url, "is_test": "0"})
    assert made.status_code == 201, visible(made)
    assert "no-store" in made["Cache-Control"]
    return f"{employer.home}webhooks/{Webhook.objects.get(url=url).id}/", shown(made)


def shown(page: Any) -> str:
    found = re.search(r'id="secret">whsec_([^<]+)<', page.content.decode())
    assert found
    return found[1]


def has_something_to_tell(employer: Employer, superuser: psycopg.Connection) -> None:
    request = asked(employer)
    portal.hand_over(superuser, request.id, "a.e30.c", request.id)


def test_the_secret_is_shown_once_and_signs_a_test(
    employer: Employer, server: Server, as_role: AsRole
) -> None:
    one, secret = added(employer)
    for page in (f"{employer.home}webhooks/", one):
        answer = employer.browser.get(page)
        assert URL in visible(answer)
        assert secret not in answer.content.decode()
    assert "on its way" in visible(employer.browser.post(f"{one}test/", follow=True))
    with as_role("worker"):
        run_due()
    [(_, headers, body)] = server.got
    assert b'"type":"webhook.test"' in body
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mac = hmac.digest(base64.b64decode(secret), signed, hashlib.sha256)
    assert headers["webhook-signature"] == "v1," + base64.b64encode(mac).decode()
    page_ = visible(employer.browser.get(one))
    assert "your server answered 200" in page_
    assert "delivered" in page_


def test_a_test_is_made_once_and_disables_nothing(
    employer: Employer, server: Server, superuser: psycopg.Connection, as_role: AsRole
) -> None:
    one, _ = added(employer)
    server.says = "connection"
    employer.browser.post(f"{one}test/")
    with as_role("worker"):
        for _ in range(2):
            run_due()
            later(superuser, "1 day")
        assert len(server.got) == 1
    assert Webhook.objects.get().failing_since is None
    said = visible(employer.browser.get(one))
    assert "given up" in said
    assert "no valid certificate" in said


def test_a_new_secret_signs_beside_the_old_one_until_that_is_ended(
    employer: Employer, server: Server, as_role: AsRole
) -> None:
    one, first = added(employer)
    rotated = employer.browser.post(f"{one}rotate/")
    assert rotated.status_code == 201
    both = [base64.b64decode(shown(rotated)), base64.b64decode(first)]
    assert secrets_of(Webhook.objects.get()) == both
    employer.browser.post(f"{one}end-old-secret/")
    assert secrets_of(Webhook.objects.get()) == both[:1]


def test_disabled_by_an_owner_it_is_called_for_its_test_alone(
    employer: Employer, server: Server, superuser: psycopg.Connection, as_role: AsRole
) -> None:
    one, _ = added(employer)
    has_something_to_tell(employer, superuser)
    with as_role("worker"):
        calling.announce()
        waiting = list(calling.due())
    employer.browser.post(f"{one}disable/")
    employer.browser.post(f"{one}test/")
    with as_role("worker"):
        for delivery in waiting:  # those that were on their way to a worker
            calling.deliver(delivery)
        run_due()
    assert server.told == ["webhook.test"]
    assert "waits until the webhook is enabled" in visible(employer.browser.get(one))
    employer.browser.post(f"{one}enable/")
    with as_role("worker"):
        run_due()
    assert server.told == ["webhook.test", "request.answered"]


def test_a_call_that_fails_while_an_owner_disables_does_not_enable_it(
    employer: Employer, server: Server, superuser: psycopg.Connection, as_role: AsRole,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    one, _ = added(employer)
    has_something_to_tell(employer, superuser)

    def meanwhile(change: str) -> Any:
        def call(*_: object, **__: object) -> int:
            superuser.execute(change)
            return 500

        return call

    disabled = "UPDATE verification_webhook SET disabled_at = core.now()"
    monkeypatch.setattr("verification.outgoing.post", meanwhile(disabled))
    with as_role("worker"):
        run_due()
        assert Webhook.objects.get().disabled_at is not None
    employer.browser.post(f"{one}enable/")
    later(superuser, "1 hour")
    gone = "DELETE FROM verification_attempt; DELETE FROM verification_delivery"
    monkeypatch.setattr("verification.outgoing.post", meanwhile(gone))
    with as_role("worker"):
        run_due()
        assert not Delivery.objects.exists()


def test_owners_are_told_when_days_of_failures_end_it(
    employer: Employer, server: Server, superuser: psycopg.Connection, as_role: AsRole,
    settings: Settings,
) -> None:  # fmt: skip
    settings.EMAIL_BACKEND = "accounts.mail.OutboxBackend"
    second = people.member(employer.owner.organisation, "zoe@harbour.example")
    people.member(employer.owner.organisation, "asks@harbour.example", Role.ASKER)
    one, _ = added(employer, "https://hr.example/in?token=hidden")
    has_something_to_tell(employer, superuser)
    server.says = 500
    with as_role("worker"):
        run_due()
        assert not people.mails(superuser)
        superuser.execute(
            "UPDATE verification_webhook SET failing_since = failing_since - interval '3 days'"
        )
        for _ in range(2):
            later(superuser, "1 hour")
            run_due()
    told = people.mails(superuser)
    assert [mail["to"] for mail in told] == ["owner@harbour.example", second.user.email]
    assert "Harbour Works" in told[0]["subject"]
    assert "hr.example" in told[0]["body"]
    assert "hidden" not in told[0]["body"]
    page = employer.browser.get(people.link_in(told[0]["body"]))
    assert "Nothing worked for three days" in visible(page)
    assert page.request["PATH_INFO"] == one


def test_a_suspended_organisation_is_told_and_a_closed_one_is_not(
    employer: Employer, server: Server, superuser: psycopg.Connection, as_role: AsRole
) -> None:
    added(employer)
    has_something_to_tell(employer, superuser)
    for status, told in (("closed", 0), ("suspended", 1)):
        superuser.execute(
            "UPDATE organisations_organisation SET status = %s, suspended_at = core.now(),"
            " closed_at = CASE WHEN %s = 'closed' THEN core.now() END",
            [status, status],
        )
        with as_role("worker"):
            run_due()
        assert len(server.got) == told


def test_what_is_wrong_with_an_address_is_said_at_its_field(employer: Employer, hooks: str) -> None:
    added(employer)
    for url, said in (
        ("http://a.example/", "begins with https"),
        (URL, "already"),
        ("", "required"),
    ):
        page = employer.browser.post(hooks, {"url": url, "is_test": "0"})
        assert said in visible(page)
    for n in range(4):
        added(employer, f"https://hr{n}.example/")
    full = employer.browser.post(hooks, {"url": "https://more.example/", "is_test": "1"})
    assert "You have 5 addresses" in visible(full)
    one, _ = f"{hooks}{Webhook.objects.get(url=URL).id}/", None
    assert "deleted" in visible(employer.browser.post(f"{one}remove/", follow=True))
    assert employer.browser.get(one).status_code == 404


def test_ten_tests_an_hour(employer: Employer, monkeypatch: pytest.MonkeyPatch) -> None:
    one, _ = added(employer)
    monkeypatch.setattr(pages, "TESTS", Limit("few-tests", capacity=1, seconds=3600))
    employer.browser.post(f"{one}test/")
    assert "ten tests" in visible(employer.browser.post(f"{one}test/", follow=True))
    assert Delivery.objects.count() == 1


def test_only_owners_and_only_after_showing_who_they_are(employer: Employer, hooks: str) -> None:
    one, _ = added(employer)
    for page in (hooks, one):
        assert employer.viewer.get(page).status_code == 404
        assert employer.viewer.post(f"{page}rotate/").status_code == 404
    session = employer.browser.session
    session["account_authentication_methods"] = [{"method": "password", "at": 0}]
    session.save()
    for path in (
        "",
        *(f"{one.removeprefix(hooks)}{what}/" for what in ("rotate", "test", "remove")),
    ):
        asked_again = employer.browser.post(f"{hooks}{path}", {"url": URL, "is_test": "0"})
        assert asked_again.status_code == 302, path
        assert "reauthenticate" in asked_again["Location"], path
