"""Sub-keys of the service's master keys, one per purpose (HKDF, RFC 5869)."""

from functools import lru_cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


@lru_cache(maxsize=64)
def _expand(master: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(master)


def derive(purpose: str) -> bytes:
    """The 32-byte key for one purpose, derived from DATA_KEY.

    Processes that handle no personal data are not given DATA_KEY and cannot derive anything.
    """
    return _expand(settings.DATA_KEY, purpose)


def derive_signaling(purpose: str) -> bytes:
    """The same from SIGNALING_KEY, which only the ingest process holds."""
    return _expand(settings.SIGNALING_KEY, purpose)
