"""A carrier as cheap as one can be: it texts the service by signed webhooks and takes what the
service sends, on one event loop, with Twilio's addresses and as little as Twilio's answers need.

`Carrier.faults` says how sending to a number goes wrong: each fault is used once, in order.
"""

import asyncio
import base64
import hashlib
import hmac
import itertools
import json
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

ACCOUNT: Final = "AC" + "0123456789abcdef" * 2
TOKEN: Final = "0123456789abcdef" * 2
NUMBER: Final = "10086"
MESSAGES: Final = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
#: Twilio's dates, of which the client library wants one that it can read.
DATE: Final = "Sat, 01 Jan 2022 00:00:00 +0000"
FAR: Final = "Fri, 01 Jan 2100 00:00:00 +0000"


class Fault(StrEnum):
    ERROR = "500"
    BUSY = "429"
    TIMEOUT = "time-out"  # it is taken and never answered
    CLOSED = "closed"  # it is taken, and the connection closed instead of an answer
    LOST = "lost"  # the connection is closed and nothing was taken


@dataclass(slots=True)
class Sent:
    """A text that the service handed over. `at`: seconds of this process's monotonic clock."""

    number: str
    body: str
    at: float
    sid: str
    callback: str


@dataclass
class Carrier:
    """Both directions. Each of `listeners` is called with each text that was taken."""

    web: tuple[str, int]
    base_url: str  # what the service calls itself
    lines: int = 16
    listeners: list[Callable[[Sent], None]] = field(default_factory=list)
    texts: list[Sent] = field(default_factory=list)
    faults: dict[str, deque[Fault | None]] = field(default_factory=dict)
    #: Set to refuse everything, as one whose queue is full.
    is_full: bool = False
    #: Calls of each number that were refused or broken off, by kind.
    broken: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    by_number: dict[str, list[Sent]] = field(default_factory=lambda: defaultdict(list))
    ids: "itertools.count[int]" = field(default_factory=itertools.count)
    port: int = 0

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self.server = await loop.create_server(lambda: _Called(self), "127.0.0.1", self.port)
        self.port = self.server.sockets[0].getsockname()[1]
        self.idle: asyncio.LifoQueue[_Line] = asyncio.LifoQueue()
        for _ in range(self.lines):
            self.idle.put_nowait(_Line(self.web))

    async def close(self) -> None:
        self.server.close()
        while not self.idle.empty():
            self.idle.get_nowait().close()

    # ------------------------------------------------------------------ texts to the service
    def webhook(self, path: str, form: dict[str, str]) -> bytes:
        """A signed request, whole."""
        signed = self.base_url + path + "".join(f"{k}{form[k]}" for k in sorted(form))
        digest = hmac.digest(TOKEN.encode(), signed.encode(), hashlib.sha1)
        body = urlencode(form)
        return (
            f"POST {path} HTTP/1.1\r\nHost: {urlsplit(self.base_url).netloc}\r\n"
            f"X-Twilio-Signature: {base64.b64encode(digest).decode()}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()

    def text_of(self, number: str, body: str) -> bytes:
        form = {
            "AccountSid": ACCOUNT, "MessageSid": f"SM{next(self.ids):032x}", "NumMedia": "0",
            "From": number, "To": NUMBER, "Body": body, "NumSegments": "1", "SmsStatus": "received",
        }  # fmt: skip
        return self.webhook("/sms/twilio/inbound", form)

    async def post(self, request: bytes) -> int:
        """The status of the answer. Raises OSError where the connection broke."""
        line = await self.idle.get()
        try:
            return await line.post(request)
        finally:
            self.idle.put_nowait(line)

    async def insist(self, number: str, request: bytes) -> None:
        """The same until it is taken, as a carrier repeats what was not."""
        while True:
            try:
                if await self.post(request) == 200:
                    return
            except OSError:
                pass
            self.broken[number]["webhook"] += 1
            await asyncio.sleep(0.1)

    async def report(self, sent: Sent, status: str) -> None:
        """A delivery report, to the address that came with the text."""
        called = urlsplit(sent.callback)
        form = {
            "AccountSid": ACCOUNT, "MessageSid": sent.sid, "MessageStatus": status,
            "To": sent.number, "From": NUMBER,
        }  # fmt: skip
        await self.insist(sent.number, self.webhook(f"{called.path}?{called.query}", form))

    # ------------------------------------------------------------------ texts of the service
    def take(self, form: bytes) -> tuple[int, bytes] | None:
        """Status and answer; None: the connection is closed instead; b"" is never answered."""
        given = dict(parse_qsl(form.decode()))
        if "To" not in given:  # a text that is to be forgotten
            return 200, _message(Sent("", "", 0.0, "", ""))
        number = given["To"]
        waiting = self.faults.get(number)
        fault = Fault.BUSY if self.is_full else waiting.popleft() if waiting else None
        if fault:
            self.broken[number][fault] += 1
        if fault is Fault.LOST:
            return None
        if fault in (Fault.ERROR, Fault.BUSY):
            code = 20500 if fault is Fault.ERROR else 21611
            return int(fault) if fault is Fault.ERROR else 429, _problem(code)
        sid = f"SM{next(self.ids):032x}"
        sent = Sent(number, given["Body"], time.monotonic(), sid, given.get("StatusCallback", ""))
        self.texts.append(sent)
        self.by_number[number].append(sent)
        for listener in self.listeners:
            listener(sent)
        if fault is Fault.TIMEOUT:
            return 0, b""
        return None if fault is Fault.CLOSED else (201, _message(sent))

    def find(self, query: str) -> bytes:
        """What was taken for a number, the newest first."""
        number = parse_qs(query)["To"][0]
        found = ",".join(_message(sent).decode() for sent in reversed(self.by_number[number]))
        uri = f'"first_page_uri":"{MESSAGES}","next_page_uri":null,"uri":"{MESSAGES}"'
        return f'{{"messages":[{found}],{uri},"page":0,"page_size":50}}'.encode()


_MESSAGE: Final = json.dumps({
    "account_sid": ACCOUNT, "api_version": "2010-04-01", "body": "%s", "date_created": "%s",
    "date_sent": None, "date_updated": DATE, "direction": "outbound-api", "error_code": None,
    "error_message": None, "from": NUMBER, "messaging_service_sid": None, "num_media": "0",
    "num_segments": "1", "price": None, "price_unit": "USD", "sid": "%s", "status": "queued",
    "subresource_uris": {}, "to": "%s", "uri": MESSAGES,
}).replace('"%s", "date_created"', '%s, "date_created"')  # fmt: skip


def _message(sent: Sent) -> bytes:
    """Created in the far future, so that a clock that steps does not hide it."""
    return (_MESSAGE % (json.dumps(sent.body), FAR, sent.sid, sent.number)).encode()


def _problem(code: int) -> bytes:
    return json.dumps({"code": code, "message": "no", "more_info": "", "status": 0}).encode()


class _Called(asyncio.Protocol):
    """One connection of the service's to us."""

    def __init__(self, carrier: Carrier) -> None:
        self.carrier, self.data = carrier, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.data += data
        while (head := self.data.find(b"\r\n\r\n")) >= 0:
            end = head + 4 + _length(self.data[:head])
            if len(self.data) < end:
                return
            request, body, self.data = self.data[:head], self.data[head + 4 : end], self.data[end:]
            if request.startswith(b"GET"):
                target = request.split(b" ", 2)[1].decode()
                self.answer(200, self.carrier.find(urlsplit(target).query))
                continue
            answer = self.carrier.take(body)
            if answer is None:
                self.transport.abort()
                return
            if answer[1]:
                self.answer(*answer)

    def answer(self, status: int, body: bytes) -> None:
        head = f"HTTP/1.1 {status} x\r\nContent-Type: application/json\r\nContent-Length: "
        self.transport.write(f"{head}{len(body)}\r\n\r\n".encode() + body)


class _Line(asyncio.Protocol):
    """One connection of ours to the service, kept open."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.address = address
        self.transport: asyncio.Transport | None = None
        self.waiting: asyncio.Future[int] | None = None
        self.data = b""

    async def post(self, request: bytes) -> int:
        loop = asyncio.get_running_loop()
        if self.transport is None or self.transport.is_closing():
            opened, _ = await loop.create_connection(lambda: self, *self.address)
            self.transport = opened
        self.data, self.waiting = b"", loop.create_future()
        self.transport.write(request)
        return await self.waiting

    def data_received(self, data: bytes) -> None:
        self.data += data
        head = self.data.find(b"\r\n\r\n")
        if head < 0 or len(self.data) < head + 4 + _length(self.data[:head]):
            return
        if b"onnection: close" in self.data[:head] and self.transport is not None:
            self.transport.close()
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_result(int(self.data[9:12]))

    def connection_lost(self, error: Exception | None) -> None:
        self.transport = None
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_exception(ConnectionResetError("the service hung up"))

    def close(self) -> None:
        if self.transport is not None:
            self.transport.abort()


def _length(head: bytes) -> int:
    place = head.lower().find(b"content-length:")
    return int(head[place + 15 :].split(b"\r\n", 1)[0]) if place >= 0 else 0
