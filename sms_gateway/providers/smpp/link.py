"""One bind to an SMSC, kept: bound again whenever it is lost, watched while it is idle, ended with
unbind. Requests go out as many at a time as the window allows."""

import asyncio
import logging
import random
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from sms_gateway.providers.smpp import pdus
from sms_gateway.providers.smpp.pdus import Pdu, Sequence

log = logging.getLogger(__name__)

RECONNECT_SECONDS = (0.5, 1, 2, 5, 10, 30)
JITTER = 0.3


@dataclass(frozen=True, slots=True)
class Taken:
    """How a deliver_sm is answered. `row`: what is confirmed once the SMSC surely knows that."""

    status: int
    row: int | None = None


Handler = Callable[[Pdu], Awaitable[Taken]]
Confirm = Callable[[list[int]], Awaitable[None]]


class NotBoundError(Exception):
    """There is no bind at this moment: nothing was sent."""


class NoAnswerError(Exception):
    """The request went out, and no answer came: it may have been taken."""


class BindRefusedError(Exception):
    """The SMSC does not let us in. `status`: its reason."""

    def __init__(self, status: int) -> None:
        super().__init__(f"0x{status:08x}")
        self.status = status


@dataclass(frozen=True, slots=True)
class Options:
    """Where to bind, and how. `kind`: transmitter, receiver or transceiver. `ca_file`: whom to
    believe who the other side is; empty: the system's authorities."""

    host: str
    port: int
    is_encrypted: bool
    user: str
    password: str
    kind: str
    ca_file: str = ""
    system_type: str = ""
    window: int = 10
    answer_seconds: float = 10
    idle_seconds: float = 30


async def not_here(pdu: Pdu) -> Taken:
    """What a transmitter says to a text that comes in: another bind takes it."""
    return Taken(pdus.TRY_LATER)


class Link:
    """`run` keeps the bind until `stop`; `request` sends one PDU and waits for its answer."""

    def __init__(
        self,
        options: Options,
        *,
        on_deliver: Handler = not_here,
        on_confirmed: Confirm | None = None,
    ) -> None:
        self.options = options
        self.on_deliver = on_deliver
        self.on_confirmed = on_confirmed
        self.window = asyncio.Semaphore(options.window)
        self.stopping = asyncio.Event()
        self.is_bound = asyncio.Event()
        self.waiting: dict[int, asyncio.Future[Pdu]] = {}
        self.sequence = Sequence()
        self.writer: asyncio.StreamWriter | None = None
        self.unconfirmed: list[int] = []  # answered on this connection
        self.has_answered = asyncio.Event()

    # -------------------------------------------------------------- keeping the bind
    async def run(self) -> None:
        """Until `stop`. A refused bind is tried again too: it may be mended at the other end."""
        failures = 0
        while not self.stopping.is_set():
            try:
                await self._one_session()
                failures = 0
            except (OSError, asyncio.IncompleteReadError, pdus.BrokenStreamError) as error:
                failures = 0 if self.is_bound.is_set() else failures + 1
                log.warning("the link to the SMSC is lost", extra={"error": type(error).__name__})
            except (BindRefusedError, NoAnswerError) as error:
                failures += 1
                log.error("the SMSC refuses the bind", extra={"error": repr(error)})
            finally:
                await self._close()
            if not self.stopping.is_set():
                await self._pause(failures)

    def stop(self) -> None:
        self.stopping.set()

    async def _pause(self, failures: int) -> None:
        seconds = RECONNECT_SECONDS[min(failures, len(RECONNECT_SECONDS) - 1)]
        seconds *= random.uniform(1, 1 + JITTER)  # noqa: S311 (no secret)
        with suppress(TimeoutError):
            await asyncio.wait_for(self.stopping.wait(), seconds)

    async def _one_session(self) -> None:
        """Bind, then read until the other side ends it or we are told to stop."""
        options = self.options
        self.sequence, self.unconfirmed = Sequence(), []
        async with asyncio.timeout(options.answer_seconds):
            reader, self.writer = await asyncio.open_connection(
                options.host, options.port, ssl=_encryption(options)
            )
        reading = asyncio.create_task(self._read(reader))
        stop = asyncio.create_task(self.stopping.wait())
        try:
            await self._bind()
            watching = asyncio.create_task(self._watch())
            try:
                await asyncio.wait({reading, watching, stop}, return_when=asyncio.FIRST_COMPLETED)
                if self.stopping.is_set():
                    await self._unbind()
                for task in (reading, watching):
                    if task.done() and not task.cancelled():
                        task.result()
            finally:
                await _end(watching)
        finally:
            await _end(reading)
            await _end(stop)

    async def _bind(self) -> None:
        options = self.options
        request = pdus.bind(
            options.kind,
            self.sequence,
            user=options.user,
            password=options.password,
            system_type=options.system_type,
        )
        answer = await self._ask(request)
        if answer.status != pdus.OK:
            raise BindRefusedError(answer.status)
        self.is_bound.set()
        log.info("bound to the SMSC", extra={"kind": options.kind})

    async def _unbind(self) -> None:
        """Nothing new; what is out is waited for; then goodbye."""
        self.is_bound.clear()
        if self.waiting:
            await asyncio.wait(set(self.waiting.values()), timeout=self.options.answer_seconds)
        with suppress(NoAnswerError, OSError):
            await self._ask(pdus.simple("unbind", self.sequence))
        log.info("unbound from the SMSC")

    async def _close(self) -> None:
        self.is_bound.clear()
        self._give_up_waiting()
        if self.writer is not None:
            self.writer.close()
            with suppress(OSError, TimeoutError):
                await asyncio.wait_for(self.writer.wait_closed(), 1)
            self.writer = None

    async def _watch(self) -> None:
        """Ask whether the other side is there; its silence ends the session. Its answer also
        proves that it has read everything we wrote before: what it was told, it knows."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.has_answered.wait(), self.options.idle_seconds)
            self.has_answered.clear()
            await self._enquire()

    async def _enquire(self) -> None:
        rows, self.unconfirmed = self.unconfirmed, []
        try:
            await self._ask(pdus.simple("enquire_link", self.sequence))
        except NoAnswerError as silence:
            raise ConnectionResetError from silence
        if self.on_confirmed is not None and rows:
            await self.on_confirmed(rows)

    # -------------------------------------------------------------- asking and answering
    async def request(self, make: Callable[[Sequence], Pdu]) -> Pdu:
        """Send a request when the window has room, and return the answer, whatever its status.

        Raises NotBoundError when nothing was sent, NoAnswerError when nobody knows.
        """
        async with self.window:
            if not self.is_bound.is_set():
                raise NotBoundError
            return await self._ask(make(self.sequence))

    async def _ask(self, pdu: Pdu) -> Pdu:
        future: asyncio.Future[Pdu] = asyncio.get_running_loop().create_future()
        number = pdu.sequence
        self.waiting[number] = future
        try:
            await self._write(pdu.generate())
            return await asyncio.wait_for(future, self.options.answer_seconds)
        except (TimeoutError, OSError) as error:
            raise NoAnswerError from error
        finally:
            self.waiting.pop(number, None)

    async def _write(self, data: bytes) -> None:
        if self.writer is None:
            raise ConnectionResetError
        self.writer.write(data)
        await self.writer.drain()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        """Until the other side unbinds or the connection ends: then nobody is answered."""
        try:
            while True:
                try:
                    pdu = await pdus.read(reader)
                except pdus.UnknownCommandError as error:
                    await self._write(pdus.nack(error.sequence))
                    continue
                if pdu.is_response():
                    self._answer(pdu)
                elif not await self._serve(pdu):
                    return
        finally:
            self._give_up_waiting()

    def _answer(self, pdu: Pdu) -> None:
        future = self.waiting.get(pdu.sequence)
        if future is not None and not future.done():
            future.set_result(pdu)

    async def _serve(self, pdu: Pdu) -> bool:
        """Answer a request of the SMSC. False when it ends the session."""
        if pdu.command == "deliver_sm":
            taken = await self.on_deliver(pdu)
            await self._write(pdus.reply(pdu, taken.status))
            if taken.row is not None:
                self.unconfirmed.append(taken.row)
                self.has_answered.set()
        elif pdu.command in ("enquire_link", "unbind"):
            await self._write(pdus.reply(pdu))
        else:
            await self._write(pdus.nack(pdu.sequence))
        return bool(pdu.command != "unbind")

    def _give_up_waiting(self) -> None:
        for future in self.waiting.values():
            if not future.done():
                future.set_exception(NoAnswerError())


def _encryption(options: Options) -> ssl.SSLContext | None:
    """TLS with a certificate that is checked, against the host's name too."""
    if not options.is_encrypted:
        return None
    return ssl.create_default_context(cafile=options.ca_file or None)


async def _end(task: "asyncio.Task[None] | asyncio.Task[Literal[True]]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
