"""Signed notes and checkpoints of the log, to the byte.

Formats: C2SP signed-note v1.0.0 (https://c2sp.org/signed-note@v1.0.0) with Ed25519 signatures
(type 0x01), and C2SP tlog-checkpoint v1.0.0 (https://c2sp.org/tlog-checkpoint@v1.0.0).
Witnesses' signatures are of another type: `audit.cosignature`.

Needs the standard library and `cryptography` alone.
"""

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import ClassVar, NamedTuple, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\x01"
MAX_BYTES = 1 << 20
MAX_SIGNATURES = 100

_DASH = "\u2014 "


class NoteError(ValueError):
    """A note, key or checkpoint that is malformed or not signed by a known key."""


class Signature(NamedTuple):
    """One signature line: who says to have signed, and the bytes after the key id."""

    name: str
    key_id: bytes
    value: bytes

    def line(self) -> str:
        """As it stands in the note, without the newline."""
        return f"{_DASH}{self.name} {_encode(self.key_id + self.value)}"


class Note(NamedTuple):
    """A parsed note. Nothing in it may be believed before `verify` has said so."""

    text: str
    signatures: tuple[Signature, ...]


@dataclass(frozen=True)
class Verifier:
    """A public key with its name. Subclasses have another `kind` of signature."""

    name: str
    public_key: bytes
    kind: ClassVar[bytes] = ED25519

    def __post_init__(self) -> None:
        _check_name(self.name)
        if len(self.public_key) != 32:
            raise NoteError("an Ed25519 public key has 32 bytes")

    @property
    def key_id(self) -> bytes:
        """First 4 bytes of SHA-256(name, newline, signature type, public key)."""
        name = self.name.encode()
        return sha256(name + b"\n" + self.kind + self.public_key).digest()[:4]

    @property
    def vkey(self) -> str:
        """The key as it is published: name+key id+key."""
        return f"{self.name}+{self.key_id.hex()}+{_encode(self.kind + self.public_key)}"

    @classmethod
    def parse(cls, vkey: str) -> Self:
        """Read a published key. Raises NoteError."""
        # Base64 may hold a plus; names and key ids may not.
        parts = vkey.strip().split("+", 2)
        if len(parts) != 3:
            raise NoteError("a verifier key has the form name+key id+key")
        name, key_id, encoded = parts
        key = decode_base64(encoded)
        if key[:1] != cls.kind:
            raise NoteError("a verifier key for another kind of signature")
        verifier = cls(name, key[1:])
        if verifier.key_id.hex() != key_id:
            raise NoteError("the key id of the verifier key does not fit its key")
        return verifier

    def signed(self, text: str, signature: Signature) -> bool:
        """Whether `signature` is this key's over `text`."""
        try:
            key = Ed25519PublicKey.from_public_bytes(self.public_key)
            key.verify(signature.value, text.encode())
        except (InvalidSignature, ValueError):
            return False
        return True


class Signer:
    """A private key with its name."""

    def __init__(self, name: str, seed: bytes) -> None:
        if len(seed) != 32:
            raise NoteError("an Ed25519 seed has 32 bytes")
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = Verifier(name, self._key.public_key().public_bytes_raw())

    def sign(self, text: str) -> str:
        """The note: `text`, a blank line, this key's signature line."""
        _check_text(text)
        signature = Signature(
            self.verifier.name, self.verifier.key_id, self._key.sign(text.encode())
        )
        return f"{text}\n{signature.line()}\n"


class Checkpoint(NamedTuple):
    """What the log says of itself at one size."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The note text: origin, size and root hash, one to a line."""
        _check_name(self.origin)
        if self.size < 0 or len(self.root) != 32:
            raise NoteError("a checkpoint has a size and a root hash of 32 bytes")
        return f"{self.origin}\n{self.size}\n{_encode(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a note text; extension lines are passed over. Raises NoteError."""
        lines = text.split("\n")
        if len(lines) < 4 or lines.pop() or not all(lines):
            raise NoteError("a checkpoint has three or more lines, none of them empty")
        origin, size, root = lines[:3]
        if not re.fullmatch(r"0|[1-9][0-9]{0,18}", size):
            raise NoteError("the size of a checkpoint is a decimal number")
        hash_ = decode_base64(root)
        if len(hash_) != 32:
            raise NoteError("the root hash of a checkpoint has 32 bytes")
        return cls(origin, int(size), hash_)


def parse(note: bytes | str) -> Note:
    """Take a note apart without believing it. Raises NoteError."""
    raw = note.encode() if isinstance(note, str) else note
    if len(raw) > MAX_BYTES:
        raise NoteError(f"a note over {MAX_BYTES} bytes")
    try:
        content = raw.decode()
    except UnicodeDecodeError as error:
        raise NoteError("a note is not UTF-8") from error
    body, blank, tail = content.rpartition("\n\n")
    if not blank or not tail.endswith("\n"):
        raise NoteError("a note ends with a blank line and signature lines")
    text = body + "\n"
    _check_text(text)
    lines = tail[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise NoteError(f"a note with over {MAX_SIGNATURES} signatures")
    return Note(text, tuple(parse_signature(line) for line in lines))


def verify(note: bytes | str, verifiers: Iterable[Verifier]) -> Note:
    """Read a note that one of `verifiers` has signed.

    Signatures of unknown keys are passed over. One that names a known key and is not its own
    spoils the note. Raises NoteError.
    """
    parsed = parse(note)
    known = {(verifier.name, verifier.key_id): verifier for verifier in verifiers}
    good = 0
    for signature in parsed.signatures:
        verifier = known.get((signature.name, signature.key_id))
        if verifier is None:
            continue
        if not verifier.signed(parsed.text, signature):
            raise NoteError(f"a signature of {verifier.name} is not its own")
        good += 1
    if not good:
        raise NoteError("a note without a signature of a known key")
    return parsed


def verify_checkpoint(note: bytes | str, origin: str, verifiers: Iterable[Verifier]) -> Checkpoint:
    """Read a checkpoint of the log `origin`, signed by one of `verifiers`. Raises NoteError."""
    checkpoint = Checkpoint.parse(verify(note, verifiers).text)
    if checkpoint.origin != origin:
        raise NoteError("a checkpoint of another log")
    return checkpoint


def parse_signature(line: str) -> Signature:
    """Read a signature line without its newline. Raises NoteError."""
    if not line.startswith(_DASH):
        raise NoteError("a signature line begins with a dash and a space")
    name, _, encoded = line[len(_DASH) :].partition(" ")
    _check_name(name)
    value = decode_base64(encoded)
    if len(value) < 5:
        raise NoteError("a signature has a key id and at least one byte")
    return Signature(name, value[:4], value[4:])


def _check_name(name: str) -> None:
    if not name or "+" in name or any(char.isspace() or char < " " for char in name):
        raise NoteError("a key name is not empty and has neither spaces nor a plus")


def _check_text(text: str) -> None:
    if not text.endswith("\n"):
        raise NoteError("a note text ends with a newline")
    if any(char < " " and char != "\n" for char in text):
        raise NoteError("a note text has no control characters")


def _encode(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def decode_base64(encoded: str) -> bytes:
    """Standard base64, one spelling only: padding in place, no stray bits. Raises NoteError."""
    try:
        raw = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteError("not base64") from error
    if _encode(raw) != encoded:
        raise NoteError("not base64 in its one spelling")
    return raw
