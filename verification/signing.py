"""Tokens we sign, and the keys we sign them with.

A private key is a seed of 32 random bytes from the environment; the database never sees it. Its id
is the beginning of its thumbprint (RFC 7638), so that the same key has the same id everywhere.
"""

import base64
import json
import zlib
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from joserfc import jws
from joserfc.jwa import EdDSAAlgorithm, JWSAlgModel
from joserfc.jwk import OKPKey

#: Entries of one status list; two bits each.
LIST_LENGTH = 1 << 20
KEY_ID_LENGTH = 8


EDDSA = EdDSAAlgorithm()


class _EdDSA(jws.JWSRegistry):
    """RFC 9864 renames the algorithm to Ed25519; most libraries that check know only EdDSA yet,
    and our keys leave no doubt about the curve. So: EdDSA, without the library's warning."""

    def get_alg(self, name: str) -> JWSAlgModel:
        return EDDSA


class Signer:
    """A private key with its id."""

    def __init__(self, seed: bytes) -> None:
        private = Ed25519PrivateKey.from_private_bytes(seed)
        self._key = OKPKey.import_key(private)
        self.public_key = private.public_key().public_bytes_raw()
        self.key_id = key_id(self.public_key)

    def sign(self, kind: str, claims: Mapping[str, Any]) -> str:
        """The claims as a JWS of type `kind`."""
        header = {"alg": EDDSA.name, "kid": self.key_id, "typ": kind}
        payload = json.dumps(claims, ensure_ascii=False, separators=(",", ":"))
        return jws.serialize_compact(header, payload.encode(), self._key, registry=_EdDSA())


def key_id(public_key: bytes) -> str:
    """The id of a public key of 32 bytes."""
    key = OKPKey.import_key(Ed25519PublicKey.from_public_bytes(public_key))
    return str(key.thumbprint())[:KEY_ID_LENGTH]


def jwk(public_key: bytes) -> dict[str, str]:
    """A public key as it stands in the published set."""
    about = {"kid": key_id(public_key), "use": "sig", "alg": EDDSA.name}
    return {"kty": "OKP", "crv": "Ed25519", "x": _encode(public_key), **about}


def packed(standings: Mapping[int, int]) -> dict[str, Any]:
    """A status list: who is not named stands. Four entries a byte, the first in the lowest bits."""
    bits = bytearray(LIST_LENGTH // 4)
    for index, standing in standings.items():
        bits[index // 4] |= standing << 2 * (index % 4)
    return {"bits": 2, "lst": _encode(zlib.compress(bytes(bits), 9))}


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
