from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Protocol

import pytest
from pytest_django import Settings


class Role(Protocol):
    def __call__(self, role: str) -> AbstractContextManager[None]: ...


@pytest.fixture(autouse=True)
def _fast_passwords(settings: Settings) -> None:
    """Argon2 is slow on purpose; one test looks at it."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def web(as_role: Role, settings: Settings) -> Iterator[None]:
    """The test runs as the web process; `as_role("owner")` inside it for what commands do."""
    settings.EMAIL_BACKEND = "accounts.mail.OutboxBackend"  # pytest-django puts its own there
    with as_role("web"):
        yield
