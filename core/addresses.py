"""Addresses of our own processes, as a browser reaches them."""

from urllib.parse import urlsplit

from django.http import HttpRequest


def beside(base_url: str, request: HttpRequest) -> str:
    """`base_url` under the name by which the browser came, `localhost` or `127.0.0.1` in the demo:
    cookies are a name's, whatever the port."""
    parts = urlsplit(base_url)
    name = urlsplit(f"//{request.get_host()}").hostname or parts.hostname or ""
    return parts._replace(netloc=f"{name}:{parts.port}" if parts.port else name).geturl()
