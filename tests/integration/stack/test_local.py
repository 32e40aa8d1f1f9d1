"""What ends up in a process's environment."""

from pathlib import Path

import pytest

from core.roles import LOGIN_ROLES, NONE, SECRETS_OF_ROLE, database_variable
from travelcheck.stack.folders import StackError
from travelcheck.stack.local import (
    KEYS,
    complete,
    environment_for,
    keep_secret,
    make_keys,
    stored,
    value_of,
)

EVERYTHING = {
    **{name: f"value of {name}" for names in SECRETS_OF_ROLE.values() for name in names},
    **{database_variable(role): f"address of {role}" for role in LOGIN_ROLES},
    "AWS_SECRET_ACCESS_KEY": "of somebody's shell",
    "PYTHONUNBUFFERED": "1",
    "SMS_PROVIDER": "sandbox",
    "PATH": "/usr/bin",
}


@pytest.mark.parametrize("role", [*LOGIN_ROLES, NONE])
def test_a_role_gets_its_own_secrets_only(role: str) -> None:
    given = environment_for(role, EVERYTHING)
    secrets = set(given) - {
        "PATH", "PYTHONUNBUFFERED", "SMS_PROVIDER", "SERVICE_ROLE", "DJANGO_SETTINGS_MODULE",
    }  # fmt: skip
    own = {database_variable(role)} if role != NONE else set()
    assert secrets == own | set(SECRETS_OF_ROLE[role])
    assert given["SERVICE_ROLE"] == role


def test_a_secret_in_a_file_is_passed_on_as_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("secret\n")
    given = environment_for("ingest", {"DATA_KEY_FILE": str(file), "AUDIT_SIGNING_KEY_FILE": "no"})
    assert given["DATA_KEY_FILE"] == str(file)
    assert "AUDIT_SIGNING_KEY_FILE" not in given
    assert value_of("DATA_KEY", given) == "secret"
    with pytest.raises(StackError, match="DATA_KEY_FILE must be a readable file"):
        value_of("DATA_KEY", {"DATA_KEY_FILE": str(tmp_path / "absent")})


def test_secrets_are_made_once_and_kept_private(tmp_path: Path) -> None:
    make_keys(tmp_path)
    first = stored(tmp_path)
    make_keys(tmp_path)
    assert stored(tmp_path) == first
    assert len(set(first.values())) == len(KEYS)
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    for path in (tmp_path / "secrets").iterdir():
        assert path.stat().st_mode & 0o777 == 0o600


def test_one_address_in_the_environment_switches_the_embedded_ones_off(tmp_path: Path) -> None:
    for role in LOGIN_ROLES:
        keep_secret(tmp_path, database_variable(role), f"embedded {role}")
    keep_secret(tmp_path, "DATA_KEY", "embedded key")
    whole = complete({"DATABASE_URL_FILE": "/run/secrets/web"}, tmp_path)
    assert whole == {"DATABASE_URL_FILE": "/run/secrets/web", "DATA_KEY": "embedded key"}
    assert complete({"DATA_KEY": "mine"}, tmp_path)["DATABASE_URL"] == "embedded web"
