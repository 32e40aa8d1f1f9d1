"""Two auditors at the auditors' process: its role, its addresses, a real sequencer."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import psycopg
import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import StaffMember, StaffRole, User
from core import clock
from tests.factories import people
from tests.integration.audit.conftest import new_sequencer
from tests.integration.consent.world import World

AsRole = Callable[[str], AbstractContextManager[None]]


@pytest.fixture
def world(superuser: psycopg.Connection) -> World:
    return World(superuser, lambda: new_sequencer().run(once=True))


@pytest.fixture
def auditors(as_role: AsRole, world: World, settings: Settings) -> Iterator[tuple[User, User]]:
    """Ana and Ben; from here on the test runs as the auditors' process."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with as_role("owner"):
        both = [people.person(f"{name}@service.example") for name in ("ana", "ben")]
        for one in both:
            StaffMember.objects.create(user=one, role=StaffRole.AUDITOR, since=clock.now())
    settings.ROOT_URLCONF = "travelcheck.oversight_urls"
    with as_role("auditor"):
        yield both[0], both[1]


@pytest.fixture
def enter(as_role: AsRole) -> Callable[[User], Client]:
    """A browser in which somebody logged in, at the web process."""

    def entered(user: User) -> Client:
        with as_role("web"):
            return people.enter(user)

    return entered
