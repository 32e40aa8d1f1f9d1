"""Every page for every kind of person: seen by those it is for, not there for the others."""

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts.models import User
from organisations.catalogue import Role
from organisations.models import Invitation, Membership
from organisations.services import keys, members
from tests.factories import people

pytestmark = pytest.mark.usefixtures("web")
HERE = "/employers/{organisation}/"
GET = ["", "members/", "keys/", "leave/"]
POST = [
    "leave/",
    "members/",
    "members/{membership}/role/",
    "members/{membership}/remove/",
    "invitations/{invitation}/revoke/",
    "keys/",
    "keys/{key}/rotate/",
    "keys/{key}/revoke/",
]
FORM = {"role": "viewer", "hours": "24"}


class House:
    """An organisation with an owner, an asker, an invitation and a key; the ids for addresses."""

    def __init__(self, name: str) -> None:
        where = people.organisation(name)
        self.owner = people.member(where, f"owner@{name.lower()}.example")
        self.asker = people.member(where, f"asker@{name.lower()}.example", Role.ASKER)
        email = f"new@{name.lower()}.example"
        self.invitation = members.invite(by=self.owner, email=email, role=Role.VIEWER)
        self.key, _ = keys.make(
            by=self.owner, name="ci", scopes=["usage:read"], is_test=True, life=timedelta(days=9)
        )

    @property
    def ids(self) -> dict[str, uuid.UUID]:
        return {
            "organisation": self.owner.organisation_id,
            "membership": self.asker.id,
            "invitation": self.invitation.id,
            "key": self.key.id,
        }


@pytest.fixture
def ours(web: None) -> House:
    return House("Ours")


@pytest.fixture
def theirs(web: None) -> House:
    return House("Theirs")


@pytest.fixture
def operator(as_role: Callable[[str], Any], web: None) -> User:
    with as_role("owner"):
        return people.operator()


def body(answer: HttpResponse, ids: dict[str, uuid.UUID]) -> str:
    """What came back, without the ids and tokens that are its own."""
    text = answer.content.decode()
    for value in ids.values():
        text = text.replace(str(value), "…")
    return text


def test_an_owner_sees_and_changes(ours: House) -> None:
    browser = people.enter(ours.owner.user)
    for path in GET:
        assert browser.get(HERE.format(**ours.ids) + path).status_code == 200, path
    answer = browser.post(
        HERE.format(**ours.ids) + "members/", {"email": "more@ours.example", "role": "asker"}
    )
    assert answer.status_code == 302
    assert Invitation.objects.filter(email="more@ours.example").exists()
    made = browser.post(
        HERE.format(**ours.ids) + "keys/",
        {"name": "<b>new</b>", "scopes": ["answers:read"], "is_test": "0", "days": "30"},
    )
    assert made.status_code == 201
    assert b"tc_live_" in made.content
    assert "no-store" in made["Cache-Control"]
    text = re.search(r"tc_live_[0-9a-f]{8}_[0-9a-f]{64}", made.content.decode())
    assert text
    page = browser.get(HERE.format(**ours.ids) + "keys/").content.decode()
    assert "&lt;b&gt;new" in page
    assert text[0][:16] in page
    assert text[0][17:] not in page


def test_who_is_no_owner_reaches_no_owners_page(ours: House) -> None:
    browser = people.enter(ours.asker.user)
    assert browser.get(HERE.format(**ours.ids)).status_code == 200
    for path in GET[1:3]:
        assert browser.get((HERE + path).format(**ours.ids)).status_code == 404
    for path in POST[1:]:
        assert browser.post((HERE + path).format(**ours.ids), FORM).status_code == 404


def test_strangers_and_members_see_nothing_of_operations(ours: House, operator: User) -> None:
    listed = "/operations/organisations/"
    one = f"{listed}{ours.ids['organisation']}/"
    assert Client().get(listed).headers["Location"].startswith("/account/login/")
    member = people.enter(ours.owner.user)
    for path in (listed, one):
        assert member.get(path).status_code == 404
    for act in ("approve", "suspend", "resume", "close", "invite"):
        assert member.post(f"{one}{act}/").status_code == 404
    staff = people.enter(operator)
    assert staff.get(listed + "?q=our&status=approved").status_code == 200
    assert staff.get(one).status_code == 200
    assert staff.get(f"{listed}{uuid.uuid4()}/").status_code == 404
    assert staff.post(f"{one}destroy/").status_code == 404
    assert staff.post(f"{one}suspend/").status_code == 302
    assert not people.is_in(member)


def test_an_application_and_its_approval(operator: User) -> None:
    form = {
        "name": "Harbour Works",
        "legal_id": "91310000MA1K35U01X",
        "contact_name": "Ada",
        "contact_email": "ada@employer.example",
        "purposes": ["return_to_work"],
    }
    visitor = Client()
    assert visitor.post("/employers/apply/", form | {"name": "evil.example"}).status_code == 200
    answers = [visitor.post("/employers/apply/", form) for _ in range(6)]
    assert [a.status_code for a in answers] == [302, 302, 302, 302, 302, 200], "five an hour"
    staff = people.enter(operator)
    page = staff.get("/operations/organisations/?status=applied").content.decode()
    assert page.count("Harbour Works") == 5


def test_a_change_asks_again_who_is_there(ours: House) -> None:
    browser = people.enter(ours.owner.user)
    session = browser.session
    session["account_authentication_methods"] = [{"method": "password", "at": 1.0}]
    session.save()
    address = HERE.format(**ours.ids) + "members/"
    assert browser.get(address).status_code == 200
    form = {"email": "more@ours.example", "role": "asker"}
    asked = browser.post(address, form)
    assert asked.headers["Location"].startswith("/account/reauthenticate/")
    assert not Invitation.objects.filter(email="more@ours.example").exists()
    wrong = browser.post(asked.headers["Location"], {"password": "wrong"})
    assert wrong.status_code == 200
    browser.post(asked.headers["Location"], {"password": people.PASSWORD})
    assert Invitation.objects.filter(email="more@ours.example").exists()


def test_forms_of_other_sites_are_refused(ours: House) -> None:
    browser = people.enter(ours.owner.user)
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = browser.cookies
    for path in POST:
        answer = strict.post((HERE + path).format(**ours.ids), FORM)
        assert answer.status_code == 403, path
    assert strict.post("/account/login/", {}).status_code == 403
    assert strict.post("/account/logout/").status_code == 403
    assert Membership.objects.count() == 2
