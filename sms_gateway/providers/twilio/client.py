"""Twilio's client, able to talk to another host than Twilio's."""

import logging
import os
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit, urlunsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from django.conf import settings
from twilio.http import HttpClient as TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from sms_gateway.providers.twilio.account import Account

TIMEOUT_SECONDS = 10.0

CONNECT_SECONDS = 5.0

# What the libraries log of a request are numbers of people.
silent = logging.getLogger("sms_gateway.twilio_http")
silent.addHandler(logging.NullHandler())
silent.propagate = False
silent.setLevel(logging.CRITICAL)
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)


class HttpClient(TwilioHttpClient):  # type: ignore[misc]  # the library has no types
    """Sends every request to `base_url` instead of the host the library has built in, over
    connections that stay open, and without the layers between (a third of the cost of a text).

    Nothing is tried again here: who asked finds out what became of a request.
    """

    def __init__(self, base_url: str) -> None:
        super().__init__(logger=silent, is_async=False)
        self.scheme, self.host = urlsplit(base_url)[:2]
        self.pool = _pool(self.host)

    def request(
        self,
        method: str,
        url: str,
        params: dict[str, Any] | None = None,
        data: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        **_: object,
    ) -> Response:
        whole = urlsplit(url)._replace(scheme=self.scheme, netloc=self.host, query=_encoded(params))
        sent = {**(headers or {}), **urllib3.make_headers(basic_auth=":".join(auth or ()))}
        answer = self.pool.request(
            method.upper(),
            urlunsplit(whole),
            body=_encoded(data) or None,
            headers=sent,
        )
        return Response(answer.status, answer.data.decode("utf-8"), answer.headers)


def _encoded(values: dict[str, Any] | None) -> str:
    given = {name: value for name, value in (values or {}).items() if value is not None}
    return urlencode(given, doseq=True)


def _pool(host: str) -> urllib3.PoolManager:
    """With the proxy and the certificates that the environment names."""
    settled: dict[str, Any] = {
        "timeout": urllib3.Timeout(connect=CONNECT_SECONDS, read=TIMEOUT_SECONDS),
        "retries": False,
        "ca_certs": os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("SSL_CERT_FILE"),
    }
    proxy = None if proxy_bypass(host) else getproxies().get("https")
    if not proxy:
        return urllib3.PoolManager(**settled)
    whole = urllib3.util.parse_url(proxy if "://" in proxy else f"http://{proxy}")
    headers = urllib3.make_headers(proxy_basic_auth=unquote(whole.auth)) if whole.auth else None
    return urllib3.ProxyManager(whole._replace(auth=None).url, proxy_headers=headers, **settled)


def client(account: Account) -> Client:
    """A client of its own for this process; its session keeps connections open."""
    return Client(
        account.sid,
        account.tokens[0] if account.tokens else "",
        http_client=HttpClient(settings.TWILIO_API_BASE_URL),
    )
