"""Reads. Everything is reached through an organisation, so that an id of another organisation is
the same as one that nobody has: Django's DoesNotExist, a 404 on every page."""

import uuid
from collections.abc import Iterable

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from accounts import tokens
from accounts.models import User
from core import clock
from organisations.catalogue import Role, Status
from organisations.errors import InvitationError
from organisations.models import ApiKey, Invitation, Membership, Organisation


def memberships_of(user: User) -> QuerySet[Membership]:
    """Where somebody belongs, with the organisation; closed ones are gone."""
    return (
        Membership.objects.filter(user=user)
        .exclude(organisation__status=Status.CLOSED)
        .select_related("organisation", "user")
        .order_by("organisation__name", "id")
    )


def membership(*, user: User, organisation_id: uuid.UUID) -> Membership:
    """The person's place in this organisation. Raises Membership.DoesNotExist, also when there is
    no such organisation."""
    return memberships_of(user).get(organisation_id=organisation_id)


def members(organisation: Organisation) -> QuerySet[Membership]:
    owners_first = Case(
        When(role=Role.OWNER, then=Value(0)), default=Value(1), output_field=IntegerField()
    )
    return (
        Membership.objects.filter(organisation=organisation)
        .select_related("user")
        .order_by(owners_first, "joined_at", "id")
    )


def addresses(*, organisation_id: uuid.UUID, role: Role) -> list[str]:
    """The e-mail addresses of members with this role. Reads nothing else of them."""
    found = Membership.objects.filter(organisation_id=organisation_id, role=role)
    return list(found.order_by("joined_at", "id").values_list("user__email", flat=True))


def open_invitations(organisation: Organisation) -> QuerySet[Invitation]:
    """Those that can still be accepted."""
    return Invitation.objects.filter(
        organisation=organisation,
        accepted_at=None,
        revoked_at=None,
        expires_at__gt=clock.now(),
    ).order_by("created_at", "id")


def invitation_by_token(token: str) -> Invitation:
    """The invitation that can be accepted with this link. Raises InvitationError."""
    invitation = (
        Invitation.objects.select_related("organisation")
        .filter(
            token_hash=tokens.digest(token),
            accepted_at=None,
            revoked_at=None,
            expires_at__gt=clock.now(),
            organisation__status=Status.APPROVED,
        )
        .first()
    )
    if invitation is None:
        raise InvitationError
    return invitation


def keys(organisation: Organisation) -> QuerySet[ApiKey]:
    """All keys, newest first; `working_keys` are those that open something."""
    return ApiKey.objects.filter(organisation=organisation).order_by("-created_at", "id")


def working_keys(organisation: Organisation) -> QuerySet[ApiKey]:
    return keys(organisation).filter(revoked_at=None, expires_at__gt=clock.now())


def organisation(organisation_id: uuid.UUID) -> Organisation:
    """For operators, who see all. Raises Organisation.DoesNotExist."""
    return Organisation.objects.get(id=organisation_id)


def names_of(refs: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """The names under which organisations are registered, by reference; closed ones included."""
    known = Organisation.objects.filter(id__in=set(refs))
    return dict(known.values_list("id", "name"))


def organisations(*, status: Status | None = None, text: str = "") -> QuerySet[Organisation]:
    """For operators: those that wait first, then by name."""
    waiting_first = Case(
        When(status=Status.APPLIED, then=Value(0)), default=Value(1), output_field=IntegerField()
    )
    found = Organisation.objects.order_by(waiting_first, "name", "id")
    if status:
        found = found.filter(status=status)
    if text:
        found = found.filter(Q(name__icontains=text) | Q(legal_id__iexact=text))
    return found
