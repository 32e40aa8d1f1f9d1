"""What a browser holds, and what can only be opened with it.

The cookie is an X25519 private key. The database has the public half, for which the worker seals
what the page shows (HPKE, RFC 9180): neither the database nor any key of the service opens it.
"""

import base64
import binascii
import gzip
import json
import secrets
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
INFO: Final = b"travelcheck subject access"
BYTES: Final = 32


class Browser:
    """One browser, by the secret in its cookie."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._key = X25519PrivateKey.from_private_bytes(secret)

    @classmethod
    def new(cls) -> "Browser":
        return cls(secrets.token_bytes(BYTES))

    @classmethod
    def of_cookie(cls, value: str) -> "Browser | None":
        """None when it is no cookie of ours."""
        try:
            secret = base64.urlsafe_b64decode(f"{value}=")
        except (ValueError, binascii.Error):
            return None
        return cls(secret) if len(secret) == BYTES else None

    @property
    def cookie(self) -> str:
        return base64.urlsafe_b64encode(self._secret).decode().rstrip("=")

    @property
    def public_key(self) -> bytes:
        return self._key.public_key().public_bytes_raw()

    def unseal(self, sealed: bytes) -> dict[str, Any] | None:
        """None when it was sealed for another browser."""
        try:
            packed = SUITE.decrypt(sealed, self._key, info=INFO)
        except InvalidTag:
            return None
        content: dict[str, Any] = json.loads(gzip.decompress(packed))
        return content


def seal_for(public_key: bytes, content: dict[str, Any]) -> bytes:
    """For the browser with this public key alone."""
    packed = gzip.compress(json.dumps(content, ensure_ascii=False).encode())
    return SUITE.encrypt(packed, X25519PublicKey.from_public_bytes(public_key), info=INFO)
