"""System checks: a wrong configuration stops the start with one line that says what to change."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connection


@register(Tags.security)
def environment(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """core.E001: a variable is missing or wrong."""
    return [
        Error(f"{problem.variable} must be {problem.should_be}", id="core.E001")
        for problem in settings.CONFIGURATION_PROBLEMS
    ]


def stop_on_problems() -> None:
    """End a server process that was started without the checks; one line for each mistake."""
    if settings.CONFIGURATION_PROBLEMS:
        raise SystemExit("\n".join(str(error) for error in environment(None)))


@register(Tags.database)
def time_zone_is_fixed(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """core.E002: days were counted in another zone when the service was initialised."""
    if not databases or connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('public.core_installation') IS NOT NULL")
        row = cursor.fetchone()
        if not row or not row[0]:
            return []
        cursor.execute("SELECT time_zone FROM public.core_installation")
        row = cursor.fetchone()
    if row is None or row[0] == settings.SERVICE_TIME_ZONE:
        return []
    message = f"SERVICE_TIME_ZONE must be {row[0]}, as when this service was initialised"
    return [Error(message, id="core.E002")]
