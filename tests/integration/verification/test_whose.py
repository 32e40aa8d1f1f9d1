"""Every address with an id, on the pages and in the API, generated from the patterns of URLs:
another organisation's id gets exactly what an unknown one gets, a 404."""

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLResolver, get_resolver
from django.urls.converters import UUIDConverter

from organisations.catalogue import Role, Scope
from organisations.services import keys, members
from tests.factories import people, portal
from tests.integration.verification.conftest import Employer, new_employer
from tests.integration.verification.test_portal import answered
from tests.integration.verification.test_uploads import upload
from verification.models import Webhook
from verification.services import webhooks

PARTS = ("employers/", "api/v1/")
METHODS = ("get", "post", "delete")
#: Enough for every form that ids are sent with.
FORM = {"role": "viewer", "hours": "24"}
OTHERS = {"kind": "txt"}
#: No address of an organisation: the token is the right to see it.
WITHOUT_ID = {"token"}


@dataclass(frozen=True)
class Address:
    name: str
    part: str
    route: str
    kinds: frozenset[str]

    def of(self, ids: dict[str, Any]) -> str:
        return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str((OTHERS | ids)[found[1]]), self.route)


def addresses() -> Iterator[Address]:
    def walk(resolver: URLResolver, before: str) -> Iterator[Address]:
        for entry in resolver.url_patterns:
            route = before + str(entry.pattern)
            if isinstance(entry, URLResolver):
                yield from walk(entry, route)
            elif part := next((part for part in PARTS if route.startswith(part)), ""):
                converters = entry.pattern.converters
                kinds = {k for k, made in converters.items() if isinstance(made, UUIDConverter)}
                assert converters.keys() - kinds <= OTHERS.keys() | WITHOUT_ID, route
                if kinds:
                    yield Address(entry.name or "", part, "/" + route, frozenset(kinds))

    yield from walk(get_resolver(), "")


ADDRESSES = list(addresses())


class House:
    """An organisation with one of everything that has an id."""

    def __init__(self, employer: Employer, superuser: psycopg.Connection, as_role: Any) -> None:
        owner, self.employer = employer.owner, employer
        domain = owner.user.email.partition("@")[2]
        asker = people.member(owner.organisation, f"asker@{domain}", Role.ASKER)
        invited = members.invite(by=owner, email=f"new@{domain}", role=Role.VIEWER)
        key, text = keys.make(
            by=owner, name="ci", scopes=Scope.values, is_test=False, life=timedelta(days=9)
        )
        self.software = Client(headers={"authorization": f"Bearer {text}"})
        request, _ = answered(employer, superuser, as_role)
        hook, _ = webhooks.register(by=webhooks.as_owner(owner), url=f"https://{domain}/")
        self.ids = {
            "organisation_id": owner.organisation_id,
            "membership_id": asker.id,
            "invitation_id": invited.id,
            "key_id": key.id,
            "request_id": request.id,
            "webhook_id": hook.id,
            "upload_id": upload(employer, 2).id,
        }

    def call(self, where: Address, method: str, ids: dict[str, Any]) -> Any:
        """What comes of it, and nothing of it stays."""
        browser = self.software if where.part == "api/v1/" else self.employer.browser
        with transaction.atomic():
            answer = getattr(browser, method)(where.of(ids), FORM if method == "post" else None)
            transaction.set_rollback(True)
        return answer


@pytest.fixture
def houses(superuser: psycopg.Connection, web: None, as_role: Any) -> tuple[House, House]:
    portal.places(superuser)
    ours, theirs = (new_employer(superuser, name) for name in ("Harbour Works", "Hill Works"))
    return House(ours, superuser, as_role), House(theirs, superuser, as_role)


def said(answer: Any, ids: dict[str, Any]) -> tuple[int, str]:
    """What came back, without the ids and tokens that are its own."""
    text = answer.content.decode()
    for value in ids.values():
        text = text.replace(str(value), "…")
    return answer.status_code, re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", text)


def test_another_organisations_id_is_an_unknown_id(houses: tuple[House, House]) -> None:
    ours, theirs = houses
    mine = ours.ids["organisation_id"]
    looked: set[str] = set()
    for where in ADDRESSES:
        kinds = set(where.kinds)
        pairs: list[tuple[dict[str, Any], dict[str, Any]]] = [
            (theirs.ids, {kind: uuid.uuid4() for kind in theirs.ids})
        ]
        if "organisation_id" in kinds and len(kinds) > 1:
            used, unknown = pairs[0]
            here = {"organisation_id": mine}
            pairs.append((used | here, unknown | here))
        found = set()
        for method in METHODS:
            own = ours.call(where, method, ours.ids).status_code
            for used, unknown in pairs:
                answers = [said(ours.call(where, method, ids), ids) for ids in (used, unknown)]
                assert answers[0] == answers[1], (where, method)
                assert answers[0][0] in (404, 405), (where, method)
                assert answers[0][0] == 405 or own != 405, (where, method)
            found.add(own)
        # With an id of its own the same call does reach something.
        assert found - {404, 405}, (where, found)
        looked |= kinds
    assert looked == ours.ids.keys()
    assert Webhook.objects.count() == 2
