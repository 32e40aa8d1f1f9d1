"""Twilio's client, able to talk to another host than Twilio's."""

import logging
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from sms_gateway.providers.twilio.account import Account

TIMEOUT_SECONDS = 10.0

# The library logs addresses and parameters of requests at INFO: numbers of people among them.
silent = logging.getLogger("sms_gateway.twilio_http")
silent.addHandler(logging.NullHandler())
silent.propagate = False
silent.setLevel(logging.CRITICAL)
# The layer below does so at DEBUG.
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)


class HttpClient(TwilioHttpClient):  # type: ignore[misc]  # the library has no types
    """Sends every request to `base_url` instead of the host the library has built in."""

    def __init__(self, base_url: str) -> None:
        super().__init__(timeout=TIMEOUT_SECONDS, logger=silent)
        self.scheme, self.host = urlsplit(base_url)[:2]

    def request(self, method: str, url: str, *args: object, **kwargs: object) -> Response:
        rewritten = urlsplit(url)._replace(scheme=self.scheme, netloc=self.host)
        return super().request(method, urlunsplit(rewritten), *args, **kwargs)


def client(account: Account) -> Client:
    """A client of its own for this process; its session keeps connections open."""
    return Client(
        account.sid,
        account.tokens[0] if account.tokens else "",
        http_client=HttpClient(settings.TWILIO_API_BASE_URL),
    )
