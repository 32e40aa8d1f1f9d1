"""The one thing a witness does: answer `add-checkpoint`."""

import re
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import NamedTuple

from audit.cosignature import Cosigner
from audit.note import Checkpoint, Note, NoteError, Verifier, decode_base64, parse, verify
from audit.tree import ProofError, verify_consistency
from audit.witness.logs import Logs
from audit.witness.memory import Head, Memory, Turn

MAX_BODY = 64 * 1024
MAX_PROOF = 63
TEXT, SIZE = "text/plain; charset=utf-8", "text/x.tlog.size"


class Answer(NamedTuple):
    """What goes back over HTTP."""

    status: HTTPStatus
    body: str
    kind: str = TEXT


class Request(NamedTuple):
    """A body taken apart, not believed."""

    old: int
    proof: tuple[bytes, ...]
    note: str
    checkpoint: Checkpoint

    @classmethod
    def parse(cls, body: bytes) -> "Request":
        """Raises NoteError."""
        try:
            text = body.decode()
        except UnicodeDecodeError as error:
            raise NoteError("a request is UTF-8") from error
        head, blank, note = text.partition("\n\n")
        first, *lines = head.split("\n")
        old = re.fullmatch(r"old (0|[1-9][0-9]{0,18})", first, re.ASCII)
        if not blank or not old:
            raise NoteError("a request begins with the old size and ends with a checkpoint")
        proof = tuple(decode_base64(line) for line in lines)
        if len(proof) > MAX_PROOF or any(len(hash_) != 32 for hash_ in proof):
            raise NoteError("a consistency proof has up to 63 hashes of 32 bytes")
        return cls(int(old[1]), proof, note, Checkpoint.parse(parse(note).text))


class Service:
    """A witness with its key, the logs it knows and what it remembers of them."""

    def __init__(
        self,
        cosigner: Cosigner,
        logs: Logs,
        memory: Memory,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.cosigner, self.logs, self.memory, self.clock = cosigner, logs, memory, clock

    def add_checkpoint(self, body: bytes) -> Answer:
        """Cosign a checkpoint that continues the one cosigned last; else say why not."""
        try:
            request = Request.parse(body)
        except NoteError as error:
            return Answer(HTTPStatus.BAD_REQUEST, f"{error}\n")
        origin = request.checkpoint.origin
        keys = self.logs.keys(origin)
        if not keys:
            return Answer(HTTPStatus.NOT_FOUND, "a log that is not known here\n")
        try:
            signed = verify(request.note, keys)
        except NoteError as error:
            return Answer(HTTPStatus.FORBIDDEN, f"{error}\n")
        if request.old > request.checkpoint.size:
            return Answer(HTTPStatus.BAD_REQUEST, "the old size is over the new one\n")
        now = int(self.clock())
        with self.memory.head(origin) as turn:
            refused = _compare(request, _evidence(signed, keys), turn, now)
            if refused:
                return refused
            turn.move(request.checkpoint.size, request.checkpoint.root)
        # It is on disk: killed from here on, we cosign the same again when asked again.
        return Answer(HTTPStatus.OK, f"{self.cosigner.cosign(signed.text, now).line()}\n")


def _evidence(signed: Note, keys: Sequence[Verifier]) -> str:
    """A checkpoint with the log's own signatures alone: anybody can add lines of others."""
    ours = {(key.name, key.key_id) for key in keys}
    lines = {line.line() for line in signed.signatures if (line.name, line.key_id) in ours}
    return "\n".join([signed.text, *sorted(lines), ""])


def _compare(request: Request, evidence: str, turn: Turn, now: int) -> Answer | None:
    """Why the checkpoint is not cosigned, if it is not."""
    size, known = request.checkpoint.size, turn.known
    if request.old != known.size:
        return Answer(HTTPStatus.CONFLICT, f"{known.size}\n", SIZE)
    if size == known.size and size and request.checkpoint.root != known.root:
        turn.keep_split(evidence, now)
        return Answer(HTTPStatus.CONFLICT, f"{known.size}\n", SIZE)
    try:
        _continues(known, request)
    except ProofError as error:
        if known.size and size != known.size:
            turn.keep_conflict(evidence, now)
        return Answer(HTTPStatus.UNPROCESSABLE_ENTITY, f"{error}\n")
    return None


def _continues(known: Head, request: Request) -> None:
    """Raises ProofError."""
    checkpoint = request.checkpoint
    if known.size:
        verify_consistency(known.size, known.root, checkpoint.size, checkpoint.root, request.proof)
    elif request.proof or not checkpoint.size:
        raise ProofError("from an empty tree there is nothing to prove, and none is cosigned")
