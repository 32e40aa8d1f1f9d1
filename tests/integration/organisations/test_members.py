"""Members come by invitation and go; an owner always stays."""

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection

from accounts.models import User
from core import clock
from organisations import errors
from organisations.catalogue import Role
from organisations.models import Invitation, Membership
from organisations.services import members
from organisations.services.members import INVITATION_LIFE
from tests.factories import people

pytestmark = pytest.mark.usefixtures("web")
NEW = "new@employer.example"


@pytest.fixture
def owner(web: None) -> Membership:
    return people.member(people.organisation(), "owner@employer.example")


@pytest.fixture
def invited(owner: Membership, superuser: psycopg.Connection) -> Callable[[], str]:
    """Invite NEW; the token of the link in the mail."""

    def invite() -> str:
        members.invite(by=owner, email=NEW, role=Role.ASKER)
        return people.link_in(people.mails(superuser)[-1]["body"]).split("/")[-2]

    return invite


def accept(token: str, user: User | None = None) -> Membership:
    return members.accept(token=token, user=user, name="New", password=people.PASSWORD)


def test_an_invitation_makes_one_member_once(
    invited: Callable[[], str], superuser: psycopg.Connection
) -> None:
    token = invited()
    member = accept(token)
    assert (member.user.email, member.role) == (NEW, Role.ASKER)
    assert member.user.check_password(people.PASSWORD)
    for again in (None, member.user):
        with pytest.raises(errors.InvitationError):
            accept(token, again)
    said = superuser.execute("SELECT convert_from(body, 'UTF8') FROM audit_entry").fetchall()
    assert not any("@" in body or token in body for (body,) in said)
    stored = superuser.execute("SELECT i::text FROM organisations_invitation i").fetchall()
    assert not any(token in row for (row,) in stored)


def test_an_invitation_ends_after_a_week_to_the_microsecond(
    invited: Callable[[], str],
) -> None:
    start = clock.now()
    with time_machine.travel(start, tick=False):
        token = invited()
    at_the_end = time_machine.travel(start + INVITATION_LIFE, tick=False)
    with at_the_end, pytest.raises(errors.InvitationError):
        accept(token)
    with time_machine.travel(start + INVITATION_LIFE - timedelta(microseconds=1), tick=False):
        accept(token)


def test_a_newer_invitation_ends_the_older(invited: Callable[[], str]) -> None:
    older, newer = invited(), invited()
    with pytest.raises(errors.InvitationError):
        accept(older)
    accept(newer)


def test_invitations_are_no_way_to_pour_out_mail(owner: Membership) -> None:
    start = clock.now()
    with time_machine.travel(start, tick=False) as at:
        for _ in range(members.TO_ONE_ADDRESS):
            invitation = members.invite(by=owner, email=NEW, role=Role.VIEWER)
            members.revoke_invitation(by=owner, invitation_id=invitation.id)
        with pytest.raises(errors.TooManyError):
            members.invite(by=owner, email=NEW, role=Role.VIEWER)
        for number in range(members.INVITATIONS_A_DAY - members.TO_ONE_ADDRESS):
            members.invite(by=owner, email=f"{number}@employer.example", role=Role.VIEWER)
        with pytest.raises(errors.TooManyError):
            members.invite(by=owner, email="one-more@employer.example", role=Role.VIEWER)
        at.move_to(start + timedelta(days=1))
        members.invite(by=owner, email=NEW, role=Role.VIEWER)


def test_an_invitation_is_for_its_address_alone(
    owner: Membership, invited: Callable[[], str], as_role: Callable[[str], Any]
) -> None:
    token = invited()
    with pytest.raises(errors.OtherPersonError):
        accept(token, people.person("other@employer.example"))
    with as_role("owner"):
        staff = people.operator()
    members.invite(by=owner, email=staff.email, role=Role.OWNER)
    people.person(NEW)
    with pytest.raises(errors.OtherPersonError):
        accept(token)  # there is an account: its holder has to log in
    accept(token, User.objects.get(email=NEW))


def test_staff_belong_to_no_organisation(
    owner: Membership, as_role: Callable[[str], Any], superuser: psycopg.Connection
) -> None:
    with as_role("owner"):
        staff = people.operator()
    members.invite(by=owner, email=staff.email, role=Role.OWNER)
    token = people.link_in(people.mails(superuser)[-1]["body"]).split("/")[-2]
    with pytest.raises(errors.NotAllowedError):
        accept(token, staff)


def test_a_weak_password_leaves_the_invitation_open(invited: Callable[[], str]) -> None:
    token = invited()
    for weak in ("short", "1qaz2wsx3edc", "new@employer.example"):
        with pytest.raises(ValidationError):
            members.accept(token=token, user=None, name="New", password=weak)
    assert not User.objects.filter(email=NEW).exists()
    accept(token)


def test_guessed_tokens(owner: Membership) -> None:
    for token in ("", "x", "\udcff", "a" * 10_000, "null", "%00"):
        with pytest.raises(errors.InvitationError):
            accept(token)


def test_an_invitation_accepted_twice_at_once_makes_one_member(
    invited: Callable[[], str],
) -> None:
    token = invited()
    user = people.person(NEW)
    outcomes = at_once(lambda: accept(token, user), lambda: accept(token, user))
    assert sorted(outcomes) == ["InvitationError", "Membership"]
    assert Membership.objects.filter(user=user).count() == 1


def test_only_owners_change_who_belongs(owner: Membership) -> None:
    for role in (Role.ASKER, Role.VIEWER):
        other = people.member(owner.organisation, f"{role}@employer.example", role)
        for act in (
            lambda by=other: members.invite(by=by, email="x@employer.example", role=Role.VIEWER),
            lambda by=other: members.change_role(by=by, membership_id=by.id, role=Role.OWNER),
            lambda by=other: members.remove(by=by, membership_id=owner.id),
            lambda by=other: members.revoke_invitation(by=by, invitation_id=uuid.uuid4()),
        ):
            with pytest.raises(errors.NotAllowedError):
                act()
    assert Membership.objects.get(id=owner.id).role == Role.OWNER


def test_another_organisations_ids_are_unknown(owner: Membership) -> None:
    theirs = people.member(people.organisation("Another"), "theirs@employer.example")
    invitation = members.invite(by=theirs, email=NEW, role=Role.VIEWER)
    for membership_id in (theirs.id, uuid.uuid4()):
        with pytest.raises(Membership.DoesNotExist):
            members.change_role(by=owner, membership_id=membership_id, role=Role.VIEWER)
        with pytest.raises(Membership.DoesNotExist):
            members.remove(by=owner, membership_id=membership_id)
    for invitation_id in (invitation.id, uuid.uuid4()):
        with pytest.raises(Invitation.DoesNotExist):
            members.revoke_invitation(by=owner, invitation_id=invitation_id)


def test_the_last_owner_stays(owner: Membership) -> None:
    people.member(owner.organisation, "asker@employer.example", Role.ASKER)
    with pytest.raises(errors.LastOwnerError):
        members.remove(by=owner, membership_id=owner.id)
    with pytest.raises(errors.LastOwnerError):
        members.change_role(by=owner, membership_id=owner.id, role=Role.ASKER)
    assert Membership.objects.get(id=owner.id).role == Role.OWNER


def test_two_owners_who_remove_each_other_at_once_leave_one(owner: Membership) -> None:
    other = people.member(owner.organisation, "other@employer.example")
    outcomes = at_once(
        lambda: members.remove(by=owner, membership_id=other.id),
        lambda: members.remove(by=other, membership_id=owner.id),
    )
    # The second sees that it is no owner, or no member, any more.
    assert "NoneType" in outcomes
    assert Membership.objects.filter(role=Role.OWNER).count() == 1


def test_two_owners_who_leave_at_once_leave_one(owner: Membership) -> None:
    other = people.member(owner.organisation, "other@employer.example")
    outcomes = at_once(
        lambda: members.remove(by=owner, membership_id=owner.id),
        lambda: members.remove(by=other, membership_id=other.id),
    )
    assert sorted(outcomes) == ["LastOwnerError", "NoneType"]


def test_who_is_removed_is_logged_out(owner: Membership) -> None:
    other = people.member(owner.organisation, "other@employer.example", Role.ASKER)
    browser = people.enter(other.user)
    assert people.is_in(browser)
    members.remove(by=owner, membership_id=other.id)
    assert not people.is_in(browser)


def at_once(*acts: Callable[[], Any]) -> list[str]:
    """Run them in threads that start together; the type of what each gave or raised."""
    together, outcomes = threading.Barrier(len(acts)), []

    def run(act: Callable[[], Any]) -> None:
        together.wait()
        try:
            outcomes.append(type(act()).__name__)
        except Exception as error:  # its type is the result
            outcomes.append(type(error).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes
