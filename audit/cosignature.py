"""Cosignatures: a witness's word that a checkpoint agrees with all it has seen of that log.

Format: C2SP tlog-cosignature v1.0.1 (https://c2sp.org/tlog-cosignature), Ed25519 cosignature/v1
(type 0x04). The signature carries the time at which it was made.

Needs the standard library and `cryptography` alone.
"""

from dataclasses import dataclass
from typing import ClassVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from audit.note import NoteError, Signature, Verifier, parse_signature

COSIGNATURE_V1 = b"\x04"
LENGTH = 8 + 64
"""Bytes of a cosignature: the time, the Ed25519 signature."""


@dataclass(frozen=True)
class Witness(Verifier):
    """A witness's public key with its name."""

    kind: ClassVar[bytes] = COSIGNATURE_V1

    def signed(self, text: str, signature: Signature) -> bool:
        """Whether `signature` is this witness's over the checkpoint `text`."""
        value = signature.value
        if len(value) != LENGTH or value[0] > 0x7F:
            return False
        try:
            key = Ed25519PublicKey.from_public_bytes(self.public_key)
            key.verify(value[8:], _message(text, cosigned_at(value)))
        except (InvalidSignature, ValueError):
            return False
        return True

    def line(self, value: bytes) -> str:
        """The signature line of a cosignature of this witness, without the newline."""
        return Signature(self.name, self.key_id, value).line()

    def find(self, text: str, lines: str) -> bytes:
        """This witness's cosignature over `text` among signature lines. Raises NoteError."""
        if not lines.endswith("\n"):
            raise NoteError("signature lines end with a newline")
        for line in lines[:-1].split("\n"):
            signature = parse_signature(line)
            if (signature.name, signature.key_id) == (self.name, self.key_id):
                if self.signed(text, signature):
                    return signature.value
                raise NoteError(f"a cosignature of {self.name} is not its own")
        raise NoteError(f"no cosignature of {self.name}")


class Cosigner:
    """A witness's private key with its name."""

    def __init__(self, name: str, seed: bytes) -> None:
        if len(seed) != 32:
            raise NoteError("an Ed25519 seed has 32 bytes")
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.witness = Witness(name, self._key.public_key().public_bytes_raw())

    def cosign(self, text: str, at: int) -> Signature:
        """Sign the checkpoint `text`; `at` is the time, in seconds since the Epoch."""
        value = at.to_bytes(8) + self._key.sign(_message(text, at))
        return Signature(self.witness.name, self.witness.key_id, value)


def cosigned_at(value: bytes) -> int:
    """When a cosignature says it was made, in seconds since the Epoch."""
    return int.from_bytes(value[:8])


def _message(text: str, at: int) -> bytes:
    return f"cosignature/v1\ntime {at}\n{text}".encode()
