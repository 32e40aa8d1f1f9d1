"""Twilio's messages API on this machine: what `tests/contract/twilio` holds to the published
description. A real HTTP server; the real client library talks to it."""

import base64
import json
import re
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from twilio.request_validator import RequestValidator

from core import segments

ACCOUNT = "AC" + "0123456789abcdef" * 2
TOKEN = "a token of thirty-two characters"
PATH = re.compile(
    r"/2010-04-01/Accounts/(AC[0-9a-fA-F]{32})/Messages"
    r"(?:/((?:SM|MM)[0-9a-f]{32})(?:/Media(?:/(ME[0-9a-f]{32}))?)?)?\.json$"
)
LONGEST_BODY = 1600

Answer = tuple[int, dict[str, Any]]


@dataclass
class FakeTwilio:
    """`fail_with` answers the next requests to create with an error; `after_accepting` breaks off
    the connection when the text is taken already; `opted_out` are numbers that said STOP; `media`
    are the pictures that came with a text."""

    base_url: str = ""
    messages: list[dict[str, Any]] = field(default_factory=list)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    callbacks: dict[str, str] = field(default_factory=dict)
    opted_out: set[str] = field(default_factory=set)
    media: dict[str, list[str]] = field(default_factory=dict)
    fail_with: list[Answer] = field(default_factory=list)
    after_accepting: str = ""  # "close" or "hang"
    released: threading.Event = field(default_factory=threading.Event)

    def posted(self, address: str, form: dict[str, str]) -> Answer:
        sid, _ = named(address)
        return self.update(sid, form) if sid else self.create(form)

    def asked(self, address: str, query: dict[str, str]) -> Answer:
        sid, _ = named(address)
        return self.pictures(sid) if sid else self.find(query)

    def create(self, form: dict[str, str]) -> Answer:
        if self.fail_with:
            return self.fail_with.pop(0)
        if "To" not in form:
            return problem(400, 21604, "A 'To' phone number is required.")
        if "From" not in form and "MessagingServiceSid" not in form:
            return problem(400, 21603, "A 'From' phone number is required.")
        if not form.get("Body") and "MediaUrl" not in form:
            return problem(400, 21602, "Message body is required.")
        if len(form["Body"]) > LONGEST_BODY:
            return problem(400, 21617, "The concatenated message body exceeds the limit.")
        if form["To"] in self.opted_out:
            return problem(400, 21610, "Attempt to send to unsubscribed recipient")
        message = message_of(form)
        self.messages.insert(0, message)
        self.callbacks[message["sid"]] = form.get("StatusCallback", "")
        return 201, message

    def update(self, sid: str, form: dict[str, str]) -> Answer:
        """Redaction: the body may be replaced by an empty one, and by nothing else."""
        message = next((m for m in self.messages if m["sid"] == sid), None)
        if message is None:
            return problem(404, 20404, "The requested resource was not found")
        if form.get("Body", "") or message["status"] in ("queued", "sending"):
            return problem(400, 20009, "Cannot delete message because delivery is not completed.")
        message["body"] = ""
        return 200, message

    def received(self, sid: str, body: str, *pictures: str) -> None:
        """A text came in at Twilio, which keeps it."""
        message = message_of({"To": "", "From": "", "Body": body})
        self.messages.insert(
            0, message | {"sid": sid, "direction": "inbound", "status": "received"}
        )
        self.media[sid] = list(pictures)

    def pictures(self, sid: str) -> Answer:
        uri = f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}/Media.json"
        found = [picture_of(sid, picture) for picture in self.media.get(sid, [])]
        return 200, {"media_list": found, **page_of(uri, len(found), 50)}

    def remove(self, sid: str, picture: str) -> Answer:
        if picture not in self.media.get(sid, []):
            return problem(404, 20404, "The requested resource was not found")
        self.media[sid].remove(picture)
        return 204, {}

    def find(self, query: dict[str, str]) -> Answer:
        size = int(query.get("PageSize", "50"))
        found = [
            message
            for message in self.messages
            if query.get("To", message["to"]) == message["to"]
            and query.get("From", message["from"]) == message["from"]
        ]
        uri = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
        return 200, {"messages": found[:size], **page_of(uri, len(found[:size]), size)}

    def receipt(self, sid: str, status: str, **more: str) -> tuple[str, dict[str, str], str]:
        """Address, form and signature of a status callback, as Twilio would call it."""
        message = next(m for m in self.messages if m["sid"] == sid)
        message["status"] = status
        form = {
            "AccountSid": ACCOUNT,
            "ApiVersion": "2010-04-01",
            "From": message["from"],
            "MessageSid": sid,
            "MessageStatus": status,
            "SmsSid": sid,
            "SmsStatus": status,
            "To": message["to"],
            **more,
        }
        address = self.callbacks[sid]
        return address, form, RequestValidator(TOKEN).compute_signature(address, form)


def problem(status: int, code: int, message: str) -> Answer:
    more = f"https://www.twilio.com/docs/errors/{code}"
    return status, {"code": code, "message": message, "more_info": more, "status": status}


def named(address: str) -> tuple[str, str]:
    """The message, and the picture, that an address is of; "" where it is of none."""
    match = PATH.match(urlsplit(address).path)
    return (match[2] or "", match[3] or "") if match else ("", "")


def page_of(uri: str, found: int, size: int) -> dict[str, Any]:
    page = {"page": 0, "page_size": size, "start": 0, "end": max(found - 1, 0)}
    links = {"first_page_uri": uri, "next_page_uri": None, "previous_page_uri": None}
    return {"uri": uri, **links, **page}


def picture_of(sid: str, picture: str) -> dict[str, Any]:
    now = format_datetime(datetime.now(UTC))
    return {
        "account_sid": ACCOUNT,
        "content_type": "image/jpeg",
        "date_created": now,
        "date_updated": now,
        "parent_sid": sid,
        "sid": picture,
        "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}/Media/{picture}.json",
    }


def message_of(form: dict[str, str]) -> dict[str, Any]:
    sid, now = "SM" + secrets.token_hex(16), format_datetime(datetime.now(UTC))
    uri = f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}"
    return {
        "account_sid": ACCOUNT,
        "api_version": "2010-04-01",
        "body": form["Body"],
        "date_created": now,
        "date_sent": None,
        "date_updated": now,
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": form.get("From"),
        "messaging_service_sid": form.get("MessagingServiceSid"),
        "num_media": "0",
        "num_segments": str(segments.count(form["Body"]).count),
        "price": None,
        "price_unit": "USD",
        "sid": sid,
        "status": "queued",
        "subresource_uris": {"media": f"{uri}/Media.json", "feedback": f"{uri}/Feedback.json"},
        "to": form["To"],
        "uri": f"{uri}.json",
    }


def refused(address: str, authorization: str) -> Answer | None:
    """What is said to who is not the account, or asks for what there is not."""
    if authorization != "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode():
        return problem(401, 20003, "Authenticate")
    if not PATH.match(urlsplit(address).path):
        return problem(404, 20404, "The requested resource was not found")
    return None


def _handler(fake: FakeTwilio) -> type[BaseHTTPRequestHandler]:

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            form = dict(parse_qsl(self.rfile.read(length).decode(), keep_blank_values=True))
            fake.requests.append(("POST", form))
            answer = self.refusal() or fake.posted(self.path, form)
            if answer[0] == 201 and fake.after_accepting:
                if fake.after_accepting == "hang":
                    fake.released.wait(30)
                self.close_connection = True
                return
            self.reply(answer)

        def do_GET(self) -> None:
            query = dict(parse_qsl(urlsplit(self.path).query))
            fake.requests.append(("GET", query))
            self.reply(self.refusal() or fake.asked(self.path, query))

        def do_DELETE(self) -> None:
            fake.requests.append(("DELETE", {}))
            self.reply(self.refusal() or fake.remove(*named(self.path)))

        def refusal(self) -> Answer | None:
            return refused(self.path, self.headers.get("Authorization", ""))

        def reply(self, answer: Answer) -> None:
            status, content = answer
            payload = json.dumps(content).encode() if content else b""
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Nothing: numbers of people would be in it."""

    return Handler


@contextmanager
def running() -> Iterator[FakeTwilio]:
    """A fake on a free port of this machine, until the block ends."""
    fake = FakeTwilio()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(fake))
    server.daemon_threads = True
    fake.base_url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield fake
    finally:
        fake.released.set()
        server.shutdown()
        server.server_close()
        thread.join()
