"""From application to end, by operators alone."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from itertools import product
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, transaction

from accounts.models import StaffMember, StaffRole, User
from core import clock
from organisations import errors
from organisations.catalogue import Purpose, Role, Status
from organisations.models import ApiKey, Invitation, Membership, Organisation
from organisations.services import keys, members, registration
from tests.factories import people

pytestmark = pytest.mark.usefixtures("web")
APPLICATION = {
    "name": "Harbour Works",
    "legal_id": "91310000ma1k35u01x",
    "contact_name": "Ada",
    "contact_email": "Ada@Employer.example",
    "purposes": ["return_to_work"],
}
TERMS: dict[str, Any] = {
    "purposes": ["return_to_work", "duty_of_care"],
    "itinerary_purposes": ["duty_of_care"],
    "may_ask_by_number": True,
    "requests_per_day": 7,
    "open_requests": 3,
}


@pytest.fixture
def operator(as_role: Callable[[str], Any], web: None) -> User:
    with as_role("owner"):
        return people.operator()


def events(superuser: psycopg.Connection) -> list[str]:
    return [row[0] for row in superuser.execute("SELECT event FROM audit_entry ORDER BY id")]


def test_an_application_opens_nothing_until_it_is_approved(
    operator: User, superuser: psycopg.Connection
) -> None:
    applied = registration.apply(**APPLICATION)  # type: ignore[arg-type]  # values of two types
    assert not applied.may_ask_for("return_to_work")
    assert not Invitation.objects.exists()

    approved = registration.approve(organisation_id=applied.id, by=operator)
    assert approved.may_ask_for("return_to_work")
    assert not approved.may_ask_for("duty_of_care")
    assert not approved.may_ask_itinerary("return_to_work")
    invitation = Invitation.objects.get()
    assert (invitation.email, invitation.role) == ("ada@employer.example", Role.OWNER)
    assert events(superuser)[-3:] == [
        "organisation.applied",
        "organisation.approved",
        "organisation.member_invited",
    ]


def test_what_it_may_ask_is_the_operators_to_say(operator: User) -> None:
    organisation = people.organisation()
    changed = registration.set_terms(organisation_id=organisation.id, by=operator, **TERMS)
    assert changed.may_ask_itinerary("duty_of_care")
    assert not changed.may_ask_itinerary("return_to_work")
    wrong: dict[str, Any]
    for wrong in (
        {"purposes": ["curiosity"]},
        {"purposes": [], "itinerary_purposes": []},
        {"itinerary_purposes": ["site_access"]},
        {"requests_per_day": 0},
    ):
        with pytest.raises(ValueError, match=r"."):
            registration.set_terms(organisation_id=organisation.id, by=operator, **TERMS | wrong)
    assert Organisation.objects.get().requests_per_day == 7


def test_nobody_else_may(as_role: Callable[[str], Any]) -> None:
    organisation = people.organisation(status=Status.APPLIED)
    owner = people.member(people.organisation("Another"), "owner@employer.example").user
    with as_role("owner"):
        auditor = people.person("auditor@service.example")
        StaffMember.objects.create(user=auditor, role=StaffRole.AUDITOR, since=clock.now())
    for who in (owner, auditor):
        for act in (registration.approve, registration.suspend, registration.close):
            with pytest.raises(errors.NotAllowedError):
                act(organisation_id=organisation.id, by=who)
        with pytest.raises(errors.NotAllowedError):
            registration.set_terms(organisation_id=organisation.id, by=who, **TERMS)
    assert Organisation.objects.get(id=organisation.id).status == Status.APPLIED


def test_suspension_ends_everything_by_its_commit(
    operator: User, superuser: psycopg.Connection
) -> None:
    member = people.member(people.organisation(), "owner@employer.example")
    browser = people.enter(member.user)
    _, text = keys.make(
        by=member, name="ci", scopes=["usage:read"], is_test=False, life=timedelta(days=30)
    )
    members.invite(by=member, email="new@employer.example", role=Role.VIEWER)
    token = people.link_in(people.mails(superuser)[-1]["body"]).split("/")[-2]
    assert keys.authenticate(text=text)
    assert people.is_in(browser)

    with transaction.atomic():
        registration.suspend(organisation_id=member.organisation_id, by=operator)
        # Whoever asks on another connection still sees it as it was: it ends by commit.
        seen = superuser.execute("SELECT status FROM organisations_organisation").fetchone()
        assert seen == ("approved",)

    assert keys.authenticate(text=text) is None
    assert not people.is_in(browser)
    with pytest.raises(errors.InvitationError):
        members.accept(token=token, user=None, name="New", password=people.PASSWORD)
    with pytest.raises(errors.WrongStateError):
        members.invite(by=member, email="other@employer.example", role=Role.VIEWER)
    again = people.enter(User.objects.get(id=member.user_id))
    assert again.get(f"/employers/{member.organisation_id}/").status_code == 403
    assert again.get(f"/employers/{member.organisation_id}/keys/").status_code == 403

    registration.resume(organisation_id=member.organisation_id, by=operator)
    assert keys.authenticate(text=text) is None, "a key that may be why does not come back"


POSSIBLE = {
    Status.APPLIED: {"approve", "close"},
    Status.APPROVED: {"suspend", "close", "invite_owner"},
    Status.SUSPENDED: {"resume", "close"},
    Status.CLOSED: set(),
}
ACTS = ("approve", "suspend", "resume", "close", "invite_owner")


def test_states(operator: User) -> None:
    for state, act in product(Status, ACTS):
        organisation = people.organisation(f"{state} {act}", status=Status.APPLIED)
        if state != Status.APPLIED:
            registration.approve(organisation_id=organisation.id, by=operator)
        if state == Status.SUSPENDED:
            registration.suspend(organisation_id=organisation.id, by=operator)
        if state == Status.CLOSED:
            registration.close(organisation_id=organisation.id, by=operator)
        change = getattr(registration, act)
        if act in POSSIBLE[state]:
            change(organisation_id=organisation.id, by=operator)
        else:
            with pytest.raises(errors.WrongStateError):
                change(organisation_id=organisation.id, by=operator)


def test_a_name_that_looks_like_an_active_one_waits_for_another_name(operator: User) -> None:
    first = people.organisation("Harbour Works")
    second = registration.apply(**APPLICATION | {"name": "HARBOUR-WORKS"})  # type: ignore[arg-type]
    with pytest.raises(errors.TakenError):
        registration.approve(organisation_id=second.id, by=operator)
    registration.close(organisation_id=first.id, by=operator)
    registration.approve(organisation_id=second.id, by=operator)


def test_an_unknown_organisation(operator: User) -> None:
    with pytest.raises(Organisation.DoesNotExist):
        registration.approve(organisation_id=uuid.uuid4(), by=operator)


WRONG: list[dict[str, Any]] = [
    {"status": Status.APPROVED},
    {"status": "trusted"},
    {"status": Status.CLOSED},
    {"purposes": ["curiosity"]},
    {"purposes": []},
    {"itinerary_purposes": [Purpose.BUSINESS_TRIP]},
    {"requests_per_day": 0},
]
NEVER = [
    "UPDATE organisations_organisation SET name = 'Bank'",
    "DELETE FROM organisations_organisation",
    "UPDATE organisations_apikey SET secret_hash = ''",
    "UPDATE organisations_apikey SET scopes = '{usage:read}'",
    "UPDATE organisations_invitation SET email = 'me@evil.example'",
    "UPDATE organisations_membership SET user_id = user_id",
    "UPDATE accounts_user SET email = 'me@evil.example'",
    "INSERT INTO accounts_staffmember SELECT id, 'operator', now() FROM accounts_user",
    "INSERT INTO accounts_setuplink SELECT",
    "SELECT * FROM accounts_outgoingmail",
]


def test_the_database_holds_it_too() -> None:
    people.organisation(status=Status.APPLIED)
    for change in WRONG:
        with pytest.raises(IntegrityError):
            Organisation.objects.update(**change)


def test_what_the_web_process_can_never_do(
    connect_as: Callable[[str], psycopg.Connection],
) -> None:
    people.member(people.organisation(), "owner@employer.example")
    web = connect_as("web")
    web.autocommit = True
    for statement in NEVER:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            web.execute(statement.encode())


def test_nothing_is_left_of_a_change_that_fails(
    operator: User, superuser: psycopg.Connection
) -> None:
    organisation = people.organisation()
    before = events(superuser)
    with transaction.atomic():
        registration.suspend(organisation_id=organisation.id, by=operator)
        transaction.set_rollback(True)
    assert events(superuser) == before
    assert Organisation.objects.get().may_ask
    assert not ApiKey.objects.exists()
    assert not Membership.objects.exists()
