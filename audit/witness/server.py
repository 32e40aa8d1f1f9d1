"""HTTP around a witness. TLS belongs to the proxy in front."""

import hmac
import socket
import sys
import threading
from collections import Counter
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from audit.witness.service import MAX_BODY, TEXT, Answer, Service

CONNECTIONS = 64
FROM_ONE = 16
"""Connections from one address. A proxy on this machine stands for many, and has its own limits."""
OF_A_PROXY = ("127.0.0.1", "::1")
SILENCE = 5
"""Seconds that somebody may be silent who has not been cosigned for on this connection yet."""
KEPT = 60
"""And afterwards, between two requests."""
PATH = "/add-checkpoint"


class Server(ThreadingHTTPServer):
    """Answers on a listening socket. More connections than CONNECTIONS are turned away.

    `token`: what a request must carry; empty when a proxy in front looks after that.
    """

    daemon_threads = True

    def __init__(self, listener: socket.socket, service: Service, token: str = "") -> None:
        super().__init__(listener.getsockname()[:2], Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.service, self.token = service, token
        self._open: Counter[str] = Counter()
        self._lock = threading.Lock()

    def process_request(self, request: Any, client_address: Any) -> None:
        """In a thread of its own, if one is left."""
        address = client_address[0]
        with self._lock:
            most = CONNECTIONS if address in OF_A_PROXY else FROM_ONE
            is_free = self._open.total() < CONNECTIONS and self._open[address] < most
            if is_free:
                self._open[address] += 1
        if is_free:
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve one connection to its end."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._lock:
                self._open[client_address[0]] -= 1
                if not self._open[client_address[0]]:
                    del self._open[client_address[0]]


class Handler(BaseHTTPRequestHandler):
    """One connection, kept open between requests."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "witness", ""
    timeout = SILENCE
    disable_nagle_algorithm = True
    wbufsize = -1  # an answer leaves in one piece
    error_content_type = TEXT
    error_message_format = "%(message)s\n"

    def do_POST(self) -> None:
        """add-checkpoint, and nothing else. Who may not ask is not listened to."""
        given = self.headers.get("Authorization", "").encode()
        if self.server.token and not hmac.compare_digest(
            given, f"Bearer {self.server.token}".encode()
        ):
            self.close_connection = True
            return self._answer(Answer(HTTPStatus.UNAUTHORIZED, "who asks?\n"))
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdecimal() or int(length) > MAX_BODY:
            self.close_connection = True
            return self._answer(Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too long\n"))
        body = self.rfile.read(int(length))
        if self.path != PATH:
            return self._answer(Answer(HTTPStatus.NOT_FOUND, "not found\n"))
        answer = self.server.service.add_checkpoint(body)
        if answer.status == HTTPStatus.OK:
            self.connection.settimeout(KEPT)
        else:
            self._tell(answer)
        return self._answer(answer)

    def _answer(self, answer: Answer) -> None:
        body = answer.body.encode()
        self.send_response_only(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing of its own accord: whoever connects and falls silent would fill the log."""

    def _tell(self, answer: Answer) -> None:
        line = answer.body.encode("ascii", "replace").decode().replace("\n", " ")
        sys.stderr.write(f"{self.log_date_time_string()} {answer.status} {line}\n")
