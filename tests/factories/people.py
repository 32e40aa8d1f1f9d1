"""People with a log-in, for tests. Made with the services, logged in with the real pages where the
log-in is what is tested, and with a prepared session where it is not."""

from __future__ import annotations

import json
import re
import time

import psycopg
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.conf import settings
from django.test import Client

from accounts import services
from accounts.models import StaffMember, StaffRole, User
from accounts.sessions import SET_UP_HERE
from core import clock
from core.keys import derive
from core.sealing import unseal
from organisations.catalogue import Purpose, Role, Status
from organisations.models import Membership, Organisation
from organisations.names import name_key

PASSWORD = "correct horse battery staple"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def totp(secret: str = SECRET, step: int = 0) -> str:
    """The code an authenticator app shows, or showed some steps of 30 seconds before or after."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 + step)))


def person(email: str, *, factor: bool = True) -> User:
    user = services.create_account(email=email, name=email.split("@")[0], password=PASSWORD)
    if factor:
        add_factor(user)
    return user


def add_factor(user: User) -> None:
    TOTP.activate(user, SECRET)


def operator(email: str = "operator@service.example") -> User:
    """As the owner or a superuser: the web process could not."""
    user = person(email)
    StaffMember.objects.create(user=user, role=StaffRole.OPERATOR, since=clock.now())
    return user


def organisation(name: str = "Harbour Works", *, status: Status = Status.APPROVED) -> Organisation:
    now = clock.now()
    return Organisation.objects.create(
        name=name,
        name_key=name_key(name),
        legal_id="ID-" + name_key(name)[:20].upper(),
        contact_name="Contact",
        contact_email="contact@employer.example",
        status=status,
        purposes=[Purpose.RETURN_TO_WORK],
        applied_at=now,
        approved_at=now if status != Status.APPLIED else None,
        suspended_at=now if status == Status.SUSPENDED else None,
    )


def member(where: Organisation, email: str, role: Role = Role.OWNER) -> Membership:
    return Membership.objects.create(
        organisation=where, user=person(email), role=role, joined_at=clock.now()
    )


def enter(user: User) -> Client:
    """A browser in which this person logged in with both factors a moment ago."""
    client = Client()
    client.force_login(user)
    session = client.session
    session[SET_UP_HERE] = str(user.pk)
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "password", "at": time.time()}]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
    return client


def log_in(client: Client, email: str, *, step: int = 0) -> None:
    """The two pages of a log-in."""
    client.post("/account/login/", {"login": email, "password": PASSWORD})
    client.post("/account/second-factor/authenticate/", {"code": totp(step=step)})


def is_in(client: Client) -> bool:
    """Whether the browser reaches a page that needs a log-in."""
    return client.get("/account/second-factor/").status_code == 200


def mails(superuser: psycopg.Connection) -> list[dict[str, str]]:
    """What waits for the worker; the web process cannot read what it stored."""
    rows = superuser.execute("SELECT id, sealed FROM accounts_outgoingmail ORDER BY created_at")
    return [json.loads(unseal(derive("mail"), row[1], row[0].bytes)) for row in rows]


def link_in(text: str) -> str:
    """The path of the first link of ours in a text."""
    found = re.search(re.escape(settings.PUBLIC_BASE_URL) + r"(/\S+)", text)
    assert found, text
    return found[1]
