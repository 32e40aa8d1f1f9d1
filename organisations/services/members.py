"""People in an organisation. `by` is the membership of whoever acts, read again under the lock."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts import mail, tokens
from accounts import services as accounts
from accounts.models import User
from accounts.selectors import account_of, staff_role
from audit.services import record
from core import clock
from organisations import errors, selectors
from organisations.catalogue import Role, Status
from organisations.models import Invitation, Membership, Organisation

INVITATION_LIFE = timedelta(days=7)
#: In 24 hours: e-mails of one organisation, and those of them to one address.
INVITATIONS_A_DAY, TO_ONE_ADDRESS = 50, 3


def lock(organisation_id: uuid.UUID) -> Organisation:
    """The organisation, with everybody else who changes it waiting. Raises WrongStateError unless
    it is approved."""
    organisation = Organisation.objects.select_for_update().get(id=organisation_id)
    if organisation.status != Status.APPROVED:
        raise errors.WrongStateError
    return organisation


def owner_now(by: Membership) -> Membership:
    """`by` as it stands now. Raises NotAllowedError unless it is an owner's."""
    membership = Membership.objects.filter(
        id=by.id, organisation=by.organisation_id, role=Role.OWNER
    ).first()
    if membership is None:
        raise errors.NotAllowedError
    return membership


@transaction.atomic
def invite(*, by: Membership, email: str, role: Role) -> Invitation:
    """Invite a person by e-mail; an older invitation to the address ends.

    The same happens whether or not there is an account with the address. Raises NotAllowedError,
    WrongStateError, AlreadyMemberError, TooManyError, and ValidationError for a bad address.
    """
    organisation = lock(by.organisation_id)
    owner = owner_now(by)
    address = accounts.normal_address(email)
    if Membership.objects.filter(organisation=organisation, user__email=address).exists():
        raise errors.AlreadyMemberError
    today = Invitation.objects.filter(
        organisation=organisation, created_at__gt=clock.now() - timedelta(days=1)
    )
    if today.count() >= INVITATIONS_A_DAY or today.filter(email=address).count() >= TO_ONE_ADDRESS:
        raise errors.TooManyError
    return _invite(organisation, address, Role(role), by="organisation", by_ref=owner.user_id)


def invite_first_owner(*, organisation: Organisation, by_ref: uuid.UUID) -> Invitation:
    """For the operator's approval: its contact becomes an owner."""
    address = organisation.contact_email
    return _invite(organisation, address, Role.OWNER, by="staff", by_ref=by_ref)


def _invite(
    organisation: Organisation, address: str, role: Role, *, by: str, by_ref: uuid.UUID
) -> Invitation:
    now, token = clock.now(), tokens.make()
    older = Invitation.objects.filter(organisation=organisation, email=address)
    older.filter(accepted_at=None, revoked_at=None).update(revoked_at=now)
    invitation = Invitation.objects.create(
        organisation=organisation,
        email=address,
        role=role,
        token_hash=tokens.digest(token),
        created_at=now,
        expires_at=now + INVITATION_LIFE,
    )
    record(
        event="organisation.member_invited",
        by=by,
        by_ref=by_ref,
        org_ref=organisation.id,
        fields={"invitation_ref": invitation.id, "member_role": role},
    )
    link = settings.PUBLIC_BASE_URL + reverse("employers:invitation", args=[token])
    mail.send(
        to=address,
        template="invitation",
        context={"organisation": organisation.name, "link": link, "days": INVITATION_LIFE.days},
    )
    return invitation


@transaction.atomic
def revoke_invitation(*, by: Membership, invitation_id: uuid.UUID) -> None:
    """Raises NotAllowedError, WrongStateError, Invitation.DoesNotExist."""
    organisation = lock(by.organisation_id)
    owner = owner_now(by)
    invitation = selectors.open_invitations(organisation).get(id=invitation_id)
    Invitation.objects.filter(id=invitation.id).update(revoked_at=clock.now())
    record(
        event="organisation.invitation_revoked",
        by="organisation",
        by_ref=owner.user_id,
        org_ref=organisation.id,
        fields={"invitation_ref": invitation.id},
    )


@transaction.atomic
def accept(
    *, token: str, user: User | None, name: str = "", password: str | None = None
) -> Membership:
    """Join, once. Without `user` a new account is made: the link in the mail proves the address.

    Raises InvitationError; OtherPersonError when another person is logged in, or there is an
    account and nobody is; NotAllowedError for staff; ValidationError for a weak password.
    """
    found = selectors.invitation_by_token(token)
    try:
        organisation = lock(found.organisation_id)
    except errors.WrongStateError as error:
        raise errors.InvitationError from error
    invitation = selectors.invitation_by_token(token)  # again: it may have ended while we waited
    if user is None:
        if password is None or account_of(invitation.email):
            raise errors.OtherPersonError
        user = accounts.create_account(email=invitation.email, name=name, password=password)
    elif user.email != invitation.email:
        raise errors.OtherPersonError
    elif staff_role(user):
        raise errors.NotAllowedError
    now = clock.now()
    Invitation.objects.filter(id=invitation.id).update(accepted_at=now)
    membership, is_new = Membership.objects.get_or_create(
        organisation=organisation,
        user=user,
        defaults={"role": invitation.role, "joined_at": now},
    )
    if is_new:
        _record("member_joined", membership, by=user.id)
    return membership


@transaction.atomic
def change_role(*, by: Membership, membership_id: uuid.UUID, role: Role) -> Membership:
    """Raises NotAllowedError, WrongStateError, LastOwnerError, Membership.DoesNotExist."""
    organisation = lock(by.organisation_id)
    owner = owner_now(by)
    membership = selectors.members(organisation).get(id=membership_id)
    membership.role = Role(role)
    membership.save(update_fields=["role"])
    _keep_an_owner(organisation)
    _record("member_changed", membership, by=owner.user_id)
    return membership


@transaction.atomic
def remove(*, by: Membership, membership_id: uuid.UUID) -> None:
    """Take somebody out, or leave. Their sessions end by commit.

    Raises NotAllowedError, WrongStateError, LastOwnerError, Membership.DoesNotExist.
    """
    organisation = lock(by.organisation_id)
    membership = selectors.members(organisation).get(id=membership_id)
    if membership.id != by.id:
        owner_now(by)
    membership.delete()
    _keep_an_owner(organisation)
    accounts.end_sessions(user_ids=[membership.user_id])
    membership.id = membership_id
    _record("member_removed", membership, by=by.user_id)


def _keep_an_owner(organisation: Organisation) -> None:
    if not selectors.members(organisation).filter(role=Role.OWNER).exists():
        raise errors.LastOwnerError


def _record(what: str, membership: Membership, *, by: uuid.UUID) -> None:
    record(
        event=f"organisation.{what}",
        by="organisation",
        by_ref=by,
        org_ref=membership.organisation_id,
        fields={"account_ref": membership.user_id, "member_role": membership.role},
    )
