"""Reading the environment: typed, each secret also from a file, every mistake named.

A mistake does not raise here. It is kept in `problems`, so that the start can stop with one line
that names the variable and what it should be (`core.checks`).
"""

import base64
import binascii
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import psycopg
from psycopg.conninfo import conninfo_to_dict

from audit.policy import Policy, PolicyError


@dataclass(frozen=True, slots=True)
class Problem:
    """One wrong variable: which, and what it should be."""

    variable: str
    should_be: str


@dataclass
class Environment:
    """What this process was given. `role` says which process it is."""

    role: str
    problems: list[Problem] = field(default_factory=list)

    def text(self, name: str, default: str = "", *, required: bool = False, what: str = "") -> str:
        """`NAME`, or the content of the file named by `NAME_FILE`."""
        value = os.environ.get(name, "")
        path = os.environ.get(f"{name}_FILE", "")
        if path and not value:
            try:
                value = Path(path).read_text().strip()
            except OSError as error:
                self.problems.append(Problem(f"{name}_FILE", f"a readable file ({error.strerror})"))
        if not value and required:
            self.problems.append(Problem(name, f"set: {what}"))
        return value or default

    def flag(self, name: str) -> bool:
        value = os.environ.get(name, "").lower()
        if value not in ("", "0", "1", "true", "false"):
            self.problems.append(Problem(name, "0 or 1"))
        return value in ("1", "true")

    def number(self, name: str, default: int, *, least: int) -> int:
        value = os.environ.get(name) or str(default)
        if not value.isdecimal() or int(value) < least:
            self.problems.append(Problem(name, f"a whole number, {least} or more"))
            return default
        return int(value)

    def hours(self, name: str, default: str) -> tuple[int, int] | None:
        """Whole hours of the day, `22-8`: from the first to before the second. `none`: None."""
        value = os.environ.get(name) or default
        first, _, end = value.partition("-")
        if value == "none":
            return None
        if not (first.isdecimal() and end.isdecimal() and int(first) < 24 and int(end) < 24):
            self.problems.append(Problem(name, "two hours of the day such as 22-8, or none"))
            return None
        return int(first), int(end)

    def choice(self, name: str, options: tuple[str, ...], default: str, *, required: bool) -> str:
        value = os.environ.get(name, "" if required else default)
        if value not in options:
            self.problems.append(Problem(name, " or ".join(options)))
            return default
        return value

    def key(self, name: str, *, needed: bool) -> bytes:
        """32 random bytes in base64. A process that does not need the key gets none."""
        if not needed:
            return b""
        value = self.text(name, required=True, what="32 random bytes in base64")
        try:
            raw = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            raw = b""
        if len(raw) != 32:
            if value:
                self.problems.append(Problem(name, "32 random bytes in base64"))
            # Nothing serves with a problem on the list (`core.checks.stop_on_problems`); the
            # checks that name it still have to run.
            return secrets.token_bytes(32)
        return raw

    def database(self, name: str) -> dict[str, Any]:
        """Django's settings for the PostgreSQL that `name` points to."""
        what = "postgresql://role:password@host/database"
        url = self.text(name, required=True, what=what)
        if not url:
            return {"ENGINE": "django.db.backends.dummy"}
        try:
            given = conninfo_to_dict(url)
        except psycopg.ProgrammingError:
            given = {}
        if not given.get("dbname") or not given.get("user"):
            self.problems.append(Problem(name, what))
            return {"ENGINE": "django.db.backends.dummy"}
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": given.pop("dbname"),
            "USER": given.pop("user"),
            "PASSWORD": given.pop("password", ""),
            "HOST": given.pop("host", ""),
            "PORT": given.pop("port", ""),
            "OPTIONS": given,
            "CONN_MAX_AGE": None,
            "CONN_HEALTH_CHECKS": True,
        }

    def mail_server(self, name: str, default: str, *, needed: bool) -> dict[str, Any]:
        """Where e-mails go, as arguments of Django's `get_connection`: `smtp://` with STARTTLS,
        `smtps://` with TLS from the start, or `file:///folder`."""
        what = "smtps://user:password@host, smtp://user:password@host, or file:///folder"
        if not needed:
            return {"backend": "django.core.mail.backends.dummy.EmailBackend"}
        parts = urlsplit(self.text(name, default, required=not default, what=what))
        if parts.scheme == "file" and parts.path:
            backend = "django.core.mail.backends.filebased.EmailBackend"
            return {"backend": backend, "file_path": unquote(parts.path)}
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            if parts.geturl():
                self.problems.append(Problem(name, what))
            return {"backend": "django.core.mail.backends.dummy.EmailBackend"}
        is_implicit = parts.scheme == "smtps"
        return {
            "backend": "django.core.mail.backends.smtp.EmailBackend",
            "host": parts.hostname,
            "port": parts.port or (465 if is_implicit else 587),
            "username": unquote(parts.username or ""),
            "password": unquote(parts.password or ""),
            "use_ssl": is_implicit,
            "use_tls": not is_implicit,
            "timeout": 20,
        }

    def base_url(self, name: str, default: str, *, secure: bool) -> str:
        value = self.text(name, default).rstrip("/")
        parts = urlsplit(value)
        if not parts.hostname or parts.scheme not in ("http", "https"):
            self.problems.append(Problem(name, "https://the.public.host"))
        elif secure and parts.scheme != "https":
            self.problems.append(Problem(name, "an https:// address outside the demo"))
        return value

    def policy(self, name: str, *, needed: bool) -> Policy:
        """The witnesses of the log (C2SP tlog-policy); without a value, none."""
        text = self.text(name) if needed else ""
        try:
            return Policy.parse(text) if text else Policy()
        except PolicyError as error:
            self.problems.append(Problem(name, f"a policy of witnesses ({error})"))
            return Policy()

    def time_zone(self, name: str, default: str) -> str:
        value = self.text(name, default)
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError):
            self.problems.append(Problem(name, "an IANA time zone such as Asia/Shanghai"))
            return default
        return value
