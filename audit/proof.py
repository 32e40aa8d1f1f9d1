"""Proofs that an entry stands in the log: all of it in one text, checked without a network.

Format: C2SP tlog-proof (https://c2sp.org/tlog-proof), kept in files named `….tlog-proof`.

Needs the standard library and `cryptography` alone.
"""

import base64
import re
from collections.abc import Iterable
from typing import NamedTuple, Self

from audit.note import Checkpoint, NoteError, Verifier, decode_base64, parse
from audit.policy import Policy
from audit.tree import verify_inclusion

HEADER = "c2sp.org/tlog-proof@v1"
MAX_BYTES = 1 << 18
MAX_PATH = 63

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Of receipt codes: no I, L, O or U, which are misread."""
CODE_LENGTH = 10


class Proof(NamedTuple):
    """The place of an entry, its path to the root (from the leaf upwards), the checkpoint."""

    place: int
    path: tuple[bytes, ...]
    checkpoint: str
    extra: bytes = b""

    def text(self) -> str:
        """The proof as it is handed out."""
        extra = [f"extra {base64.b64encode(self.extra).decode()}"] if self.extra else []
        path = [base64.b64encode(hash_).decode() for hash_ in self.path]
        return "\n".join([HEADER, *extra, f"index {self.place}", *path, "", self.checkpoint])

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a proof without believing it. Raises NoteError."""
        if len(text) > MAX_BYTES:
            raise NoteError(f"a proof over {MAX_BYTES} bytes")
        head, blank, checkpoint = text.partition("\n\n")
        lines = head.split("\n")
        if not blank or lines.pop(0) != HEADER:
            raise NoteError(f"a proof begins with {HEADER} and ends with a checkpoint")
        extra = b""
        if lines and lines[0].startswith("extra "):
            extra = decode_base64(lines.pop(0).removeprefix("extra "))
        place = re.fullmatch(r"index (0|[1-9][0-9]{0,18})", lines.pop(0) if lines else "", re.ASCII)
        if not place:
            raise NoteError("a proof says the index of its entry")
        path = tuple(decode_base64(line) for line in lines)
        if len(path) > MAX_PATH or any(len(hash_) != 32 for hash_ in path):
            raise NoteError("the path of a proof has up to 63 hashes of 32 bytes")
        parse(checkpoint)
        return cls(int(place[1]), path, checkpoint, extra)

    def verify(
        self, leaf_hash: bytes, origin: str, policy: Policy, logs: Iterable[Verifier] = ()
    ) -> Checkpoint:
        """Check that the leaf stands in the log `origin` under a checkpoint that `policy` accepts.

        `logs`: the log's keys, when they are not in the policy. Raises NoteError or
        audit.tree.ProofError.
        """
        checkpoint = policy.accept(self.checkpoint, origin, logs)
        verify_inclusion(leaf_hash, self.place, checkpoint.size, self.path, checkpoint.root)
        return checkpoint


def receipt_code(leaf_hash: bytes) -> str:
    """What stands for an entry in a text message: 10 characters, the leaf hash's first 50 bits.

    It ties the message to one entry of the log; the proof is for the page. Made to be read out:
    compare with `same_code`.
    """
    bits = int.from_bytes(leaf_hash[:7]) >> 6
    return "".join(ALPHABET[bits >> shift & 31] for shift in range(45, -1, -5))


def same_code(written: str, code: str) -> bool:
    """Whether what somebody wrote down is this code, whatever the case and misread letters."""
    said = written.upper().translate(str.maketrans("ILO", "110", " -"))
    return said == code
