"""Webhooks against a real TLS server on this machine, with certificates made here.

The one thing pretended is where names lead, and that this machine is on the internet.
"""

import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from travelcheck.stack.folders import ROOT
from verification import outgoing

BODY = b'{"type":"webhook.test","timestamp":"2026-11-23T09:00:00+00:00","data":{}}'
SECRET = b"s" * 32
Signer = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


def certificate(
    name: str, signer: Signer | None = None, *, is_authority: bool = False, valid_days: int = 9
) -> Signer:
    """For this name; signed by itself when there is no signer."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer[0].subject if signer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=30))
        .not_valid_after(now + timedelta(days=valid_days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    )
    return made.sign(signer[1] if signer else key, hashes.SHA256()), key


def written(folder: Path, which: Signer) -> Path:
    path = folder / f"{which[0].serial_number}.pem"
    key = which[1].private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(which[0].public_bytes(serialization.Encoding.PEM) + key)
    return path


class Receiver:
    """An organisation's server: what it was sent, and the answer it gives."""

    def __init__(self, folder: Path, shows: Signer) -> None:
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.answer: tuple[int, dict[str, str]] = (204, {})
        self.is_silent = False
        self.is_over = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((self.path, dict(self.headers.items()), body))
                if receiver.is_silent:
                    receiver.is_over.wait(30)
                    return
                status, headers = receiver.answer
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_: Any) -> None: ...

        class Quiet(HTTPServer):
            def handle_error(self, *_: Any) -> None: ...

        self.server = Quiet(("127.0.0.1", 0), Handler, bind_and_activate=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(written(folder, shows))
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def url(self, name: str, path: str = "/in") -> str:
        return f"https://{name}:{self.server.server_port}{path}"

    def close(self) -> None:
        self.is_over.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class World:
    """An authority that this service trusts, servers, and where names lead."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.monkeypatch = folder, monkeypatch
        self.authority = certificate("Authority", is_authority=True)
        self.open: list[Receiver] = []
        self.asked: list[str] = []
        monkeypatch.setenv("SSL_CERT_FILE", str(written(folder, self.authority)))
        self.lead("127.0.0.1")

    def lead(self, *addresses: str) -> None:
        """Every name leads to these."""

        real = socket.getaddrinfo

        def found(host: str, port: int, *more: Any, **named: Any) -> list[Any]:
            if host in addresses:
                return real(host, port, *more, **named)
            self.asked.append(host)
            return [(socket.AF_INET, 1, 6, "", (address, port)) for address in addresses]

        self.monkeypatch.setattr(socket, "getaddrinfo", found)

    def is_on_the_internet(self) -> None:
        real = outgoing.is_public
        self.monkeypatch.setattr(
            outgoing, "is_public", lambda address: address == "127.0.0.1" or real(address)
        )

    def receiver(self, shows: Signer) -> Receiver:
        self.open.append(Receiver(self.folder, shows))
        return self.open[-1]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    made = World(tmp_path, monkeypatch)
    yield made
    for receiver in made.open:
        receiver.close()


def call(url: str) -> int:
    sent = int(time.time())
    headers = {
        "Content-Type": "application/json",
        "webhook-id": "4711",
        "webhook-timestamp": str(sent),
        "webhook-signature": outgoing.signature(
            secret=SECRET, message_id="4711", sent_at=sent, body=BODY
        ),
    }
    return outgoing.post(url, headers=headers, body=BODY)


def as_documented() -> Any:
    """The receiver's check as docs/api.md has it."""
    examples = re.findall(
        r"^```python\n(.*?)^```$", (ROOT / "docs/api.md").read_text(), re.MULTILINE | re.DOTALL
    )
    said: dict[str, Any] = {}
    exec(examples[-1], said)  # noqa: S102  # as a reader would
    return said["is_genuine"]


def test_a_server_with_its_certificate_is_told_and_can_check_it(world: World) -> None:
    world.is_on_the_internet()
    receiver = world.receiver(certificate("hr.example", world.authority))
    assert call(receiver.url("hr.example", "/in?a=1")) == 204
    [(path, headers, body)] = receiver.got
    assert (path, body) == ("/in?a=1", BODY)
    assert headers["Host"] == f"hr.example:{receiver.server.server_port}"
    assert world.asked == ["hr.example"]  # once: what was judged is what was called
    is_genuine = as_documented()
    secret = "whsec_" + "c3Nz" * 10 + "c3M="
    assert is_genuine(secret, headers, body)
    assert not is_genuine(secret, headers, body + b" ")
    assert not is_genuine("whsec_" + "c3Nz" * 10 + "c3Q=", headers, body)
    assert not is_genuine(secret, headers | {"webhook-id": "4712"}, body)
    old = str(int(headers["webhook-timestamp"]) - 301)
    resigned = outgoing.signature(secret=SECRET, message_id="4711", sent_at=int(old), body=body)
    late = headers | {"webhook-timestamp": old, "webhook-signature": resigned}
    assert not is_genuine(secret, late, body)
    rotated = f"v1,AAAA {headers['webhook-signature']}"
    assert is_genuine(secret, headers | {"webhook-signature": rotated}, body)


@pytest.mark.parametrize("which", ["another name", "signed by itself", "expired", "no authority"])
def test_a_server_that_cannot_show_who_it_is_is_told_nothing(world: World, which: str) -> None:
    world.is_on_the_internet()
    shows = {
        "another name": lambda: certificate("evil.example", world.authority),
        "signed by itself": lambda: certificate("hr.example"),
        "expired": lambda: certificate("hr.example", world.authority, valid_days=-1),
        "no authority": lambda: certificate(
            "hr.example", certificate("Stranger", is_authority=True)
        ),
    }[which]()
    receiver = world.receiver(shows)
    with pytest.raises(outgoing.UnreachableError, match="connection"):
        call(receiver.url("hr.example"))
    assert receiver.got == []


def test_a_redirect_is_an_answer_and_leads_nowhere(world: World) -> None:
    world.is_on_the_internet()
    receiver = world.receiver(certificate("hr.example", world.authority))
    receiver.answer = (307, {"Location": receiver.url("hr.example", "/elsewhere")})
    assert call(receiver.url("hr.example")) == 307
    assert [path for path, _, _ in receiver.got] == ["/in"]


@pytest.mark.parametrize("also", [[], ["93.184.215.14"]])
def test_a_name_that_leads_inside_is_not_called(world: World, also: list[str]) -> None:
    """Also when another of its addresses is on the internet."""
    world.lead(*also, "127.0.0.1")
    receiver = world.receiver(certificate("hr.example", world.authority))
    with pytest.raises(outgoing.UnreachableError, match="forbidden"):
        call(receiver.url("hr.example"))
    assert receiver.got == []


def test_a_server_that_says_nothing_is_left(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.is_on_the_internet()
    receiver = world.receiver(certificate("hr.example", world.authority))
    receiver.is_silent = True
    monkeypatch.setattr(outgoing, "SECONDS", 1)
    with pytest.raises(outgoing.UnreachableError, match="reply"):
        call(receiver.url("hr.example"))
    assert len(receiver.got) == 1
