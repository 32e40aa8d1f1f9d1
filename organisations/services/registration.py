"""Organisations: applied, approved, suspended, closed. All but the first by an operator."""

import uuid
from collections.abc import Sequence

from django.db import IntegrityError, transaction

from accounts import services as accounts
from accounts.models import StaffRole, User
from accounts.selectors import staff_role
from audit.services import record
from core import clock
from organisations import names
from organisations.catalogue import Purpose, Status
from organisations.errors import NotAllowedError, TakenError, WrongStateError
from organisations.models import ApiKey, Invitation, Membership, Organisation
from organisations.services import members


@transaction.atomic
def apply(
    *, name: str, legal_id: str, contact_name: str, contact_email: str, purposes: Sequence[str]
) -> Organisation:
    """Ask to be registered. Nothing comes of it before an operator approves.

    Raises names.BadNameError, and ValidationError for a bad address.
    """
    registered = names.registered(name)
    organisation = Organisation.objects.create(
        name=registered,
        name_key=names.name_key(registered),
        legal_id=legal_id.strip().upper(),
        contact_name=contact_name.strip(),
        contact_email=accounts.normal_address(contact_email),
        purposes=[Purpose(purpose) for purpose in purposes],
        applied_at=clock.now(),
    )
    record(event="organisation.applied", by="organisation", org_ref=organisation.id)
    return organisation


@transaction.atomic
def approve(*, organisation_id: uuid.UUID, by: User) -> Organisation:
    """Let it in, and invite its contact as the first owner.

    Raises NotAllowedError, WrongStateError, and TakenError when another active organisation has
    the name, the legal id, or a name that people would take for this one.
    """
    organisation = _locked(organisation_id, by, Status.APPLIED)
    organisation.status = Status.APPROVED
    organisation.approved_at = clock.now()
    try:
        with transaction.atomic():
            organisation.save(update_fields=["status", "approved_at"])
    except IntegrityError as error:
        raise TakenError from error
    _record("approved", organisation, by, **_terms(organisation))
    members.invite_first_owner(organisation=organisation, by_ref=by.id)
    return organisation


@transaction.atomic
def set_terms(
    *,
    organisation_id: uuid.UUID,
    by: User,
    purposes: Sequence[str],
    itinerary_purposes: Sequence[str],
    may_ask_by_number: bool,
    requests_per_day: int,
    open_requests: int,
) -> Organisation:
    """What it may ask, and how much. Effective by commit. Raises NotAllowedError, WrongStateError,
    and ValueError for an unknown purpose or one for the list of cities that is not among them."""
    organisation = _locked(organisation_id, by, Status.APPLIED, Status.APPROVED, Status.SUSPENDED)
    organisation.purposes = [Purpose(purpose) for purpose in purposes]
    organisation.itinerary_purposes = [Purpose(purpose) for purpose in itinerary_purposes]
    if not organisation.purposes or not set(itinerary_purposes) <= set(purposes):
        raise ValueError("purposes")
    if requests_per_day < 1 or open_requests < 1:
        raise ValueError("caps")
    organisation.may_ask_by_number = may_ask_by_number
    organisation.requests_per_day = requests_per_day
    organisation.open_requests = open_requests
    organisation.save(
        update_fields=[
            "purposes",
            "itinerary_purposes",
            "may_ask_by_number",
            "requests_per_day",
            "open_requests",
        ]
    )
    _record("changed", organisation, by, **_terms(organisation))
    return organisation


@transaction.atomic
def suspend(*, organisation_id: uuid.UUID, by: User) -> Organisation:
    """End everything at once: by commit no session, key, invitation or question of it is good.

    Keys do not come back with it, for they may be why. Raises NotAllowedError, WrongStateError.
    """
    organisation = _locked(organisation_id, by, Status.APPROVED)
    organisation.status = Status.SUSPENDED
    organisation.suspended_at = clock.now()
    organisation.save(update_fields=["status", "suspended_at"])
    _end_access(organisation)
    _record("suspended", organisation, by)
    return organisation


@transaction.atomic
def resume(*, organisation_id: uuid.UUID, by: User) -> Organisation:
    """Let a suspended one ask again. Raises NotAllowedError, WrongStateError."""
    organisation = _locked(organisation_id, by, Status.SUSPENDED)
    organisation.status = Status.APPROVED
    organisation.save(update_fields=["status"])
    _record("resumed", organisation, by)
    return organisation


@transaction.atomic
def invite_owner(*, organisation_id: uuid.UUID, by: User) -> None:
    """Invite the contact again, when nobody came or no owner can get in any more. Raises
    NotAllowedError, WrongStateError."""
    organisation = _locked(organisation_id, by, Status.APPROVED)
    members.invite_first_owner(organisation=organisation, by_ref=by.id)


@transaction.atomic
def close(*, organisation_id: uuid.UUID, by: User) -> Organisation:
    """For good; also how an application is declined. Raises NotAllowedError, WrongStateError."""
    organisation = _locked(organisation_id, by, Status.APPLIED, Status.APPROVED, Status.SUSPENDED)
    organisation.status = Status.CLOSED
    organisation.closed_at = clock.now()
    organisation.save(update_fields=["status", "closed_at"])
    _end_access(organisation)
    _record("closed", organisation, by)
    return organisation


def _locked(organisation_id: uuid.UUID, by: User, *states: Status) -> Organisation:
    if staff_role(by) != StaffRole.OPERATOR:
        raise NotAllowedError
    organisation = Organisation.objects.select_for_update().get(id=organisation_id)
    if organisation.status not in states:
        raise WrongStateError
    return organisation


def _end_access(organisation: Organisation) -> None:
    now = clock.now()
    ApiKey.objects.filter(organisation=organisation, revoked_at=None).update(revoked_at=now)
    Invitation.objects.filter(organisation=organisation, accepted_at=None, revoked_at=None).update(
        revoked_at=now
    )
    people = Membership.objects.filter(organisation=organisation).values_list("user_id", flat=True)
    accounts.end_sessions(user_ids=people)


def _terms(organisation: Organisation) -> dict[str, object]:
    return {
        "purposes": sorted(organisation.purposes),
        "itinerary_purposes": sorted(organisation.itinerary_purposes),
        "by_number": "yes" if organisation.may_ask_by_number else "no",
        "requests_per_day": organisation.requests_per_day,
        "open_requests": organisation.open_requests,
    }


def _record(what: str, organisation: Organisation, by: User, **fields: object) -> None:
    record(
        event=f"organisation.{what}",
        by="staff",
        by_ref=by.id,
        org_ref=organisation.id,
        fields=fields,
    )
