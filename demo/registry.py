"""Registers the demo's employers, an operator and an auditor, with the services that pages use.

`python -m demo.registry staff` runs as the owner of the database, as the commands that make staff
do; it prints a set-up link's token for each. `python -m demo.registry employers` runs as the web
process, reads those from standard input and does the rest. Both may run again.
"""

import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import django
from django.conf import settings

from demo.employers import (
    AUDITOR,
    EMPLOYERS,
    OPERATOR,
    PASSWORD,
    TOTP_SECRET,
    Access,
    Employer,
    keep,
)

if TYPE_CHECKING:  # models cannot be imported before django.setup()
    from accounts.models import User
    from organisations.models import Membership, Organisation

KEY_LIFE = timedelta(days=366)
PLENTY = 1000  # requests a day, and open ones


def make_staff() -> None:
    """Accounts of staff that are missing or half made, each with its link."""
    from accounts import services
    from accounts.models import StaffRole, User

    for email, role in ((OPERATOR, StaffRole.OPERATOR), (AUDITOR, StaffRole.AUDITOR)):
        account = User.objects.filter(email=email).first()
        if account is None:
            print(email, services.add_staff(email=email, role=role))
        elif not account.has_usable_password():
            print(email, services.reset_account(email=email))


def register(links: list[str]) -> None:
    """Staff set up their accounts; the operator approves employers; each makes itself a key."""
    from accounts.models import User
    from accounts.services import use_setup_link

    for line in links:
        email, token = line.split()
        use_setup_link(token=token, password=PASSWORD, name=email.partition("@")[0].title())
    for email in (OPERATOR, AUDITOR):
        add_factor(User.objects.get(email=email))
    operator = User.objects.get(email=OPERATOR)
    keep({employer.name: register_employer(employer, operator) for employer in EMPLOYERS})


def register_employer(employer: Employer, operator: "User") -> Access:
    """Apply, be approved, come in as the owner, and make a key."""
    from organisations.catalogue import Scope, Status
    from organisations.models import Organisation
    from organisations.services import keys, registration

    found = Organisation.objects.filter(legal_id=employer.legal_id).exclude(status=Status.CLOSED)
    organisation = found.first() or registration.apply(
        name=employer.name,
        legal_id=employer.legal_id,
        contact_name="Demo",
        contact_email=employer.owner,
        purposes=[employer.purpose],
    )
    if organisation.status == Status.APPLIED:
        organisation = registration.approve(organisation_id=organisation.id, by=operator)
    registration.set_terms(
        organisation_id=organisation.id,
        by=operator,
        purposes=[employer.purpose],
        itinerary_purposes=[],
        may_ask_by_number=employer.may_ask_by_number,
        requests_per_day=PLENTY,
        open_requests=PLENTY,
    )
    owner = come_in(organisation, employer.owner)
    _, text = keys.make(by=owner, name="Demo", scopes=list(Scope), is_test=False, life=KEY_LIFE)
    return Access(str(organisation.id), text)


def come_in(organisation: "Organisation", email: str) -> "Membership":
    """The owner accepts an invitation. The one that the approval sent goes by mail, and its link is
    in no table: this one has a link that we know."""
    from accounts import tokens
    from core import clock
    from organisations import selectors
    from organisations.catalogue import Role
    from organisations.models import Invitation, Membership
    from organisations.services import members

    membership = Membership.objects.filter(organisation=organisation, user__email=email).first()
    if membership is None:
        token, now = tokens.make(), clock.now()
        selectors.open_invitations(organisation).update(revoked_at=now)
        Invitation.objects.create(
            organisation=organisation,
            email=email,
            role=Role.OWNER,
            token_hash=tokens.digest(token),
            created_at=now,
            expires_at=now + members.INVITATION_LIFE,
        )
        membership = members.accept(token=token, user=None, name="Demo", password=PASSWORD)
    add_factor(membership.user)
    return membership


def add_factor(user: "User") -> None:
    """The second factor that the demo prints, unless there is one."""
    from allauth.mfa.models import Authenticator
    from allauth.mfa.totp.internal.auth import TOTP

    if not Authenticator.objects.filter(user=user).exists():
        TOTP.activate(user, TOTP_SECRET)


def main(part: str) -> None:
    django.setup()
    if not settings.DEMO:
        sys.exit("log-ins that everybody knows are for the demo alone")
    if part == "staff":
        make_staff()
    else:
        register(sys.stdin.read().splitlines())


if __name__ == "__main__":
    main(sys.argv[1])
