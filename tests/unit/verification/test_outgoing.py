"""Which addresses an organisation's webhook may have, and how it is signed."""

import base64
import socket

import pytest

from verification import outgoing

INSIDE = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.0.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1%eth0",
    "fd00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
]


@pytest.mark.parametrize("address", INSIDE)
def test_nothing_inside_is_called(address: str) -> None:
    assert not outgoing.is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1"])
def test_the_internet_is_called(address: str) -> None:
    assert outgoing.is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://a.example/",
        "https://me:x@a.example/",
        "https://",
        "https://a.example:99999/",
        "https://a.example/\r\nX: y",
        "https://a.example/\u00fc",
        "file:///etc/passwd",
    ],
)
def test_only_plain_https_addresses(url: str) -> None:
    with pytest.raises(outgoing.UnreachableError, match="address"):
        outgoing.target(url)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1"])
def test_names_of_this_machine_are_refused_before_a_connection(host: str) -> None:
    with pytest.raises(outgoing.UnreachableError, match="forbidden"):
        outgoing.post(f"https://{host}/", headers={}, body=b"{}")


def test_a_signature_is_that_of_standard_webhooks() -> None:
    signed = outgoing.signature(
        secret=base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        sent_at=1614265330,
        body=b'{"test": 2432232314}',
    )
    # The reference vector of the specification.
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_only_the_first_line_of_a_reply_counts() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\n\r\n")
        assert outgoing.status(ours) == 302
