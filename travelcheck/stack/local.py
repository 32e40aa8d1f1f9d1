"""The secrets of the embedded default, and the environment each process gets.

`.local/secrets/` (0700) holds one file (0600) per environment variable, made once. A process of
the service is started with `environment_for(role)`: an allow-list, never a copy of our own
environment.
"""

from __future__ import annotations

import base64
import os
import secrets
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from core.roles import (
    LOGIN_ROLES,
    NONE,
    SECRETS_OF_ROLE,
    SERVICE_SETTINGS,
    database_variable,
)
from travelcheck.stack.folders import StackError, local_folder, make_private

#: What any program may need to run at all.
SYSTEM_VARIABLES = ("HOME", "LANG", "LC_ALL", "PATH", "STACK_FOLDER", "TMPDIR", "TZ", "USER")
SYSTEM_PREFIXES = ("PYTHON",)

#: For the process that calls the SMS provider over HTTPS.
NETWORK_VARIABLES = ("HTTPS_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")

KEYS = ("SECRET_KEY", "DATA_KEY", "SIGNALING_KEY", "AUDIT_SIGNING_KEY", "ANSWER_SIGNING_KEY")
DATABASE_VARIABLES = tuple(database_variable(role) for role in LOGIN_ROLES)


def keep_secret(folder: Path, name: str, value: str) -> str:
    """Store a value under its variable's name unless there is one; return the stored one."""
    path = make_private(folder / "secrets") / name
    if not path.exists():
        write_secret(folder, name, value)
    return path.read_text(encoding="utf-8")


def write_secret(folder: Path, name: str, value: str) -> None:
    """Store a value under its variable's name, whole or not at all."""
    path = make_private(folder / "secrets") / name
    unfinished = path.with_name(f".{name}.{os.getpid()}")
    unfinished.touch(mode=0o600)
    unfinished.write_text(value, encoding="utf-8")
    unfinished.replace(path)


def stored(folder: Path) -> dict[str, str]:
    """Every stored variable with its value; nothing where no stack was ever started."""
    try:
        return {
            path.name: path.read_text(encoding="utf-8")
            for path in sorted((folder / "secrets").iterdir())
            if not path.name.startswith(".")
        }
    except FileNotFoundError:
        return {}
    except PermissionError as error:
        raise StackError(f"{error.filename}: belongs to another user, who started this") from error


def make_keys(folder: Path) -> None:
    """Generate the service's keys where they are missing: 32 random bytes each, base64."""
    for name in KEYS:
        keep_secret(folder, name, base64.b64encode(secrets.token_bytes(32)).decode())


def is_set(name: str, environment: Mapping[str, str]) -> bool:
    """Whether the variable, or the file that holds its value, is named in the environment."""
    return bool(environment.get(name) or environment.get(f"{name}_FILE"))


def value_of(name: str, environment: Mapping[str, str]) -> str:
    """The variable, or the content of the file that `NAME_FILE` names; empty when neither is set.

    Raises StackError when the file cannot be read.
    """
    if environment.get(name) or not environment.get(f"{name}_FILE"):
        return environment.get(name, "")
    try:
        return Path(environment[f"{name}_FILE"]).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise StackError(f"{name}_FILE must be a readable file ({error.strerror})") from error


def complete(environment: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The environment, and for what it does not set the values of the embedded default.

    One database address in the environment switches the embedded PostgreSQL off for all roles.
    """
    external = any(is_set(name, environment) for name in DATABASE_VARIABLES)
    ours = {
        name: value
        for name, value in stored(folder).items()
        if not is_set(name, environment) and not (external and name in DATABASE_VARIABLES)
    }
    return {**ours, **environment}


def environment_for(
    role: str, environment: Mapping[str, str] | None = None, *, also: Iterable[str] = ()
) -> dict[str, str]:
    """What a process of this role gets: its own database address and secrets, and no others.

    `environment` defaults to ours, completed from `.local/secrets/` for a role that has a database.
    `also` names further variables. A secret given as a file is passed on as `NAME_FILE`.
    """
    whole = environment
    if whole is None:
        whole = os.environ if role == NONE else complete(os.environ, local_folder())
    names = [*SECRETS_OF_ROLE[role], *SERVICE_SETTINGS, *also]
    if role != NONE:
        names.append(database_variable(role))
    if "TWILIO_ACCOUNT_SID" in names:
        names.extend(NETWORK_VARIABLES)
    allowed = {name for base in names for name in (base, f"{base}_FILE")} | set(SYSTEM_VARIABLES)
    ours = {
        name: value
        for name, value in whole.items()
        if name in allowed or name.startswith(SYSTEM_PREFIXES)
    }
    return {
        **ours,
        "DJANGO_SETTINGS_MODULE": "travelcheck.settings",
        "SERVICE_ROLE": role,
        "PATH": f"{Path(sys.executable).parent}:{ours.get('PATH', os.defpath)}",
    }
