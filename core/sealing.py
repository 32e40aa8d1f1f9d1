"""Authenticated encryption of small values: AES-256-GCM (NIST SP 800-38D)."""

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VERSION = b"\x01"
NONCE_BYTES = 12


class UnsealError(Exception):
    """The key is not the one the value was sealed with, or the value or its context was changed."""


def seal(key: bytes, plaintext: bytes, context: bytes) -> bytes:
    """Encrypt `plaintext` under a 32-byte `key`, bound to `context` (what and whose it is).

    Returns version (1 byte), nonce (12), ciphertext and tag.
    """
    nonce = secrets.token_bytes(NONCE_BYTES)
    return VERSION + nonce + AESGCM(key).encrypt(nonce, plaintext, context)


def unseal(key: bytes, sealed: bytes, context: bytes) -> bytes:
    """The plaintext of what `seal` made with the same key and context. Raises UnsealError."""
    if sealed[:1] != VERSION:
        raise UnsealError("unknown version of a sealed value")
    nonce, ciphertext = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, context)
    except InvalidTag as error:
        raise UnsealError("sealed under another key or for another context") from error
