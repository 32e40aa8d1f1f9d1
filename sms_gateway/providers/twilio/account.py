"""The accounts at Twilio: the first, and a second one whose settings have a B in their names."""

from dataclasses import dataclass, field
from typing import cast

from django.conf import settings

from sms_gateway.providers import family, routes


@dataclass(frozen=True, slots=True)
class Account:
    """`tokens`: the one to call with, then the one before it, which may still sign webhooks."""

    name: str
    sid: str
    tokens: tuple[str, ...] = field(repr=False)
    service_sid: str
    number: str


def account(name: str) -> Account:
    def setting(what: str) -> str:
        infix = "_B" if name.endswith("_b") else ""
        return cast(str, getattr(settings, f"TWILIO{infix}_{what}"))

    tokens = (setting("AUTH_TOKEN"), setting("AUTH_TOKEN_OLD"))
    return Account(
        name=name,
        sid=setting("ACCOUNT_SID"),
        tokens=tuple(token for token in tokens if token),
        service_sid=setting("MESSAGING_SERVICE_SID"),
        number=routes.number_of(name),
    )


def in_use() -> list[Account]:
    """Those that texts go out through."""
    return [account(name) for name in family("twilio") if name in routes.names()]
