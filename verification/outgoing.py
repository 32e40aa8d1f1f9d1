"""Calling an organisation's own server: signed, and never anything inside this service's network.

The signature is that of Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature`.
"""

import base64
import hashlib
import hmac
import socket
import ssl
import time
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

SECONDS = 10
MOST_OF_A_REPLY = 1024
#: IPv6 addresses that lead to an IPv4 address which they only contain.
TRANSLATED = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"), IPv6Network("2002::/16"))


class UnreachableError(Exception):
    """The server was not called or said nothing usable. The text is one of a closed list of words:
    'address', 'name', 'forbidden', 'connection', 'reply'."""


def signature(*, secret: bytes, message_id: str, sent_at: int, body: bytes) -> str:
    """`v1,` and base64 of HMAC-SHA256 over id, time (seconds since 1970) and body."""
    signed = f"{message_id}.{sent_at}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode()


def target(url: str) -> tuple[str, int, str]:
    """Host, port and path of an https address without a log-in. Raises UnreachableError."""
    try:
        parts = urlsplit(url)
        port = parts.port or 443
    except ValueError:
        raise UnreachableError("address") from None
    odd = any(not "!" <= sign <= "~" for sign in url)
    if odd or parts.scheme != "https" or not parts.hostname or "@" in parts.netloc:
        raise UnreachableError("address")
    path = parts.path or "/"
    return parts.hostname, port, f"{path}?{parts.query}" if parts.query else path


def is_public(address: str) -> bool:
    """Whether an IP address is one that anybody on the internet can be reached at."""
    ip: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped is not None:
            return is_public(str(ip.ipv4_mapped))
        if any(ip in network for network in TRANSLATED):
            return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def post(url: str, *, headers: dict[str, str], body: bytes) -> int:
    """Send `body` and return the HTTP status; the rest of the reply is not read, and redirects are
    not followed. The address that was judged is the one that is called. Raises UnreachableError."""
    host, port, path = target(url)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise UnreachableError("name") from None
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses or not all(is_public(address) for address in addresses):
        raise UnreachableError("forbidden")
    name = f"[{host}]" if ":" in host else host
    lines = [f"POST {path} HTTP/1.1", f"Host: {name}:{port}", "Connection: close"]
    lines += [f"Content-Length: {len(body)}", *(f"{key}: {text}" for key, text in headers.items())]
    request = "\r\n".join([*lines, "", ""]).encode("ascii") + body
    try:
        with socket.create_connection((addresses[0], port), timeout=SECONDS) as plain:
            context = ssl.create_default_context()
            with context.wrap_socket(plain, server_hostname=host) as connection:
                connection.sendall(request)
                return status(connection)
    except OSError:
        raise UnreachableError("connection") from None


def status(connection: socket.socket) -> int:
    """The status in the first line of a reply, within SECONDS however slowly it comes."""
    ends = time.monotonic() + SECONDS
    reply = b""
    while b"\r\n" not in reply and len(reply) < MOST_OF_A_REPLY:
        left = ends - time.monotonic()
        if left <= 0:
            raise UnreachableError("reply")
        connection.settimeout(left)
        try:
            part = connection.recv(MOST_OF_A_REPLY)
        except TimeoutError:
            raise UnreachableError("reply") from None
        if not part:
            break
        reply += part
    words = reply.split(b"\r\n")[0].split(b" ")
    if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not words[1].isdigit():
        raise UnreachableError("reply")
    return int(words[1])
