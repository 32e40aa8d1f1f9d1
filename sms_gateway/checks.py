"""What only the gateway can tell of its settings."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, register

from sms_gateway.providers.routes import RouteError, routes


@register()
def routes_are_known(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """sms_gateway.E001: a route names no provider, or is not written as one."""
    try:
        routes()
    except RouteError as error:
        message = f"SMS_ROUTES must be provider:weight or provider:weight:prefixes, not {error}"
        return [Error(message, id="sms_gateway.E001")]
    return []
