"""A bind over TLS: made with whom we were told to believe, and with nobody else."""

import ipaddress
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pytest_django import Settings

from tests.contract.smpp.conftest import Sending
from tests.contract.smpp.smsc import Smsc, missing, running
from tests.contract.smpp.test_link import text
from tests.machine import wait_until


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """Files of a key and of a certificate for this machine, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / f"{name}.key", folder / f"{name}.pem"
    files[0].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    files[1].write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    return files


@pytest.fixture
def smsc(settings: Settings, tmp_path: Path) -> Iterator[Smsc]:
    if reason := missing():
        pytest.skip(reason)
    key, own = certificate(tmp_path, "carrier")
    with running(key, own) as server:
        settings.SMPP_URLS = {"smpp": f"smpps://travelcheck:secret@127.0.0.1:{server.port}"}
        settings.SMPP_CA_FILE = str(own)
        settings.SMPP_SOCKETS = tmp_path
        settings.SMS_NUMBER = "10086"
        yield server


def test_a_text_goes_over_tls(smsc: Smsc) -> None:
    sending = Sending()
    sending.wait_until_bound()
    accepted = sending.provider.send(text("行程"))
    assert smsc.wait("submit", id=accepted.provider_message_id)["text"] == "行程"
    sending.stop()
    smsc.wait("unbind")


@pytest.mark.parametrize("believed", ["another", ""])
def test_whom_nobody_vouches_for_gets_no_password(
    smsc: Smsc,
    settings: Settings,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    believed: str,
) -> None:
    settings.SMPP_CA_FILE = str(certificate(tmp_path, believed)[1]) if believed else ""
    sending = Sending()
    wait_until(lambda: "the link to the SMSC is lost" in caplog.text, what="a refused connection")
    sending.stop()
    assert not smsc.all("bind")
