"""The process that sends: it takes one text at a time from each worker, submits its parts, and
remembers for an hour what became of it, so that a worker that died can ask."""

import asyncio
import json
import logging
import os
import uuid
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from sms_gateway.providers.smpp import alphabet, pdus
from sms_gateway.providers.smpp.alphabet import Piece
from sms_gateway.providers.smpp.handover import LONGEST_LINE, Line
from sms_gateway.providers.smpp.link import Link, NoAnswerError, NotBoundError

log = logging.getLogger(__name__)

REMEMBERED_SECONDS = 3600.0
MOST_REMEMBERED = 100_000
# What the SMSC says when it has enough: everybody waits, twice as long each time.
THROTTLING = (pdus.THROTTLED, pdus.QUEUE_FULL)
FIRST_PAUSE, LONGEST_PAUSE, PATIENCE = 0.5, 8.0, 4.0


@dataclass(slots=True)
class Known:
    """What became of a text. Parts that were taken are not submitted again."""

    since: float
    ids: list[str] = field(default_factory=list)
    is_at_it: bool = True
    is_complete: bool = False
    is_in_doubt: bool = False

    def as_line(self) -> Line:
        if self.is_complete:
            return {"ids": self.ids}
        if self.is_at_it:
            return {"error": "not_told"}
        return {"error": "unknown", "in_doubt": self.is_in_doubt or bool(self.ids)}


class Sender:
    """Hands over what comes in at the socket `path`. `long_texts`: udh, or payload."""

    def __init__(self, link: Link, *, path: Path, number: str, long_texts: str) -> None:
        self.link, self.path = link, path
        self.number, self.long_texts = number, long_texts
        self.known: OrderedDict[uuid.UUID, Known] = OrderedDict()
        self.begun = monotonic()
        self.pause = 0.0
        self.paused_until = 0.0

    async def serve(self) -> asyncio.Server:
        """Listen for workers of our own user."""
        self.path.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            return await asyncio.start_unix_server(self._talk, self.path, limit=LONGEST_LINE)
        finally:
            os.umask(before)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = json.loads(await reader.readline())
            writer.write(json.dumps(await self._answer(line)).encode() + b"\n")
            await writer.drain()
        except (OSError, ValueError, KeyError) as error:
            log.warning("a worker went away", extra={"error": type(error).__name__})
        finally:
            writer.close()

    async def _answer(self, line: Line) -> Line:
        if "find" in line:
            found = self.known.get(uuid.UUID(line["find"]))
            if found is not None:
                return found.as_line()
            return {"error": "unknown", "in_doubt": line["age"] > monotonic() - self.begun}
        ref = uuid.UUID(line["ref"])
        known = self.known.get(ref)
        if known is not None and (known.is_at_it or known.is_complete):
            return known.as_line()
        known = known or Known(monotonic())
        known.is_at_it, known.is_in_doubt = True, False
        self._remember(ref, known)
        try:
            return await self._submit(ref, known, to=line["to"], body=line["body"])
        finally:
            known.is_at_it = False

    def _remember(self, ref: uuid.UUID, known: Known) -> None:
        self.known[ref] = known
        self.known.move_to_end(ref)
        known.since = monotonic()
        while self.known:
            oldest, first = next(iter(self.known.items()))
            is_old = first.since < monotonic() - REMEMBERED_SECONDS
            if not is_old and len(self.known) <= MOST_REMEMBERED:
                return
            del self.known[oldest]

    async def _submit(self, ref: uuid.UUID, known: Known, *, to: str, body: str) -> Line:
        as_payload = self.long_texts == "payload"
        pieces = alphabet.pieces(body, ref)
        if as_payload and len(pieces) > 1:
            pieces = [Piece(*alphabet.encode(body))]
        as_payload = as_payload and len(pieces[0].data) > 140
        for piece in pieces[len(known.ids) :]:
            try:
                status, message_id = await self._submit_piece(piece, to=to, as_payload=as_payload)
            except NotBoundError:
                return {"error": "unbound"}
            except NoAnswerError:
                known.is_in_doubt = True
                return {"error": "not_told"}
            if status != pdus.OK:
                return {"status": status, "submitted": len(known.ids)}
            known.ids.append(message_id)
        known.is_complete = True
        return known.as_line()

    async def _submit_piece(self, piece: Piece, *, to: str, as_payload: bool) -> tuple[int, str]:
        """Status and id. While the SMSC throttles, nothing else is sent either."""
        patience = monotonic() + PATIENCE
        while True:
            await asyncio.sleep(max(0.0, self.paused_until - monotonic()))
            answer = await self.link.request(
                lambda sequence: pdus.submit(
                    sequence, sender=self.number, to=to, piece=piece, as_payload=as_payload
                )
            )
            if answer.status not in THROTTLING:
                self.pause = 0.0
                return answer.status, pdus.message_id(answer)
            self.pause = min(max(self.pause * 2, FIRST_PAUSE), LONGEST_PAUSE)
            self.paused_until = monotonic() + self.pause
            if self.paused_until > patience:
                return answer.status, ""
