"""Tokens in links: 256 random bits, of which the database keeps a hash.

A fast hash is enough: nobody guesses 256 bits. The hash needs no key, because the command that
makes the first link has none.
"""

import hashlib
import secrets


def make() -> str:
    """A new token, for a link."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> bytes:
    """What is stored and looked up, for any text that claims to be a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
