from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

import psycopg
import pytest
from django.test import Client
from pytest_django import Settings

from organisations.catalogue import Role
from organisations.models import Membership
from tests.factories import people, portal


@dataclass
class Employer:
    """An organisation that may ask anything, with an owner and a viewer at their browsers."""

    owner: Membership
    browser: Client
    viewer: Client
    home: str


@pytest.fixture
def _fast_passwords(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def web(
    as_role: Callable[[str], AbstractContextManager[None]], _fast_passwords: None
) -> Iterator[None]:
    """The test runs as the web process."""
    with as_role("web"):
        yield


@pytest.fixture
def employer(superuser: psycopg.Connection, web: None) -> Employer:
    portal.places(superuser)
    return new_employer(superuser, "Harbour Works")


@pytest.fixture
def other(superuser: psycopg.Connection, web: None) -> Employer:
    return new_employer(superuser, "Hill Works")


def new_employer(superuser: psycopg.Connection, name: str) -> Employer:
    where = people.organisation(name)
    domain = name.split()[0].lower()
    owner = people.member(where, f"owner@{domain}.example")
    viewer = people.member(where, f"viewer@{domain}.example", Role.VIEWER)
    portal.may_ask_by_number(superuser, where)
    owner.refresh_from_db()
    return Employer(
        owner, people.enter(owner.user), people.enter(viewer.user), f"/employers/{where.id}/"
    )
