"""Asking witnesses: each in a thread of its own, about the newest checkpoint only.

Sequencing waits for nobody here. A witness that is away, slow or of another opinion costs its own
cosignature, and what was sequenced meanwhile is covered by the next one it gives.

Works on psycopg alone; knows no Django.
"""

import base64
import http.client
import logging
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from urllib.parse import SplitResult, urlsplit

import psycopg

from audit.note import NoteError, parse
from audit.policy import Asked, Policy
from audit.tree import consistency_proof, with_nodes

TIMEOUT = 5.0
"""Seconds that a witness may take to answer."""
PATIENCE = 1.0
"""Seconds before a witness that failed is asked again, and between looks when nothing is new."""
MAX_ANSWER = 64 * 1024
TRIES = 3
"""Requests until a witness and we agree on what it knows: it may have to tell us first."""

# The newest checkpoint of each year's log, where this witness has not cosigned it.
PENDING = """
SELECT c.log, c.size, c.origin, c.note
FROM audit.logs() AS y (log),
  LATERAL (SELECT * FROM public.audit_checkpoint c WHERE c.log = y.log
           ORDER BY c.size DESC LIMIT 1) c
WHERE NOT EXISTS (SELECT FROM public.audit_cosignature s
                  WHERE s.log = c.log AND s.size = c.size AND s.witness = %s)
"""
NODES = "SELECT hash FROM audit.nodes(%s::smallint, %s::smallint[], %s::bigint[])"
COSIGNED = """
INSERT INTO public.audit_cosignature (log, size, witness, signature, made_at)
VALUES (%s, %s, %s, %s, core.now()) ON CONFLICT DO NOTHING
"""

log = logging.getLogger(__name__)


class WitnessError(Exception):
    """The witness gave no cosignature. The text says why."""


@dataclass
class Client:
    """A witness over HTTP, by one connection that is kept. Its token stands in the address:
    `https://:<token>@<host>/…`."""

    url: str
    _connection: http.client.HTTPConnection | None = None

    def post(self, body: bytes) -> tuple[int, str]:
        """Status and body of the answer to add-checkpoint. Raises WitnessError."""
        for is_last in (False, True):
            is_reused = self._connection is not None
            try:
                return self._post(body)
            except (OSError, http.client.HTTPException) as error:
                self.close()
                # A kept connection may have been closed meanwhile; a new one has not.
                if is_last or not is_reused:
                    raise WitnessError(f"is away ({type(error).__name__})") from error
        raise AssertionError("unreachable")

    def _post(self, body: bytes) -> tuple[int, str]:
        parts = urlsplit(self.url)
        if self._connection is None:
            self._connection = _connect(parts)
        path = f"{parts.path.rstrip('/')}/add-checkpoint"
        headers = {"Content-Type": "text/plain"}
        if token := parts.password or parts.username:
            headers["Authorization"] = f"Bearer {token}"
        self._connection.request("POST", path, body, headers)
        response = self._connection.getresponse()
        answer = response.read(MAX_ANSWER + 1)
        if len(answer) > MAX_ANSWER:
            raise http.client.HTTPException("too long")
        return response.status, answer.decode("utf-8", "replace")

    def close(self) -> None:
        """Give the connection up."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def _connect(parts: SplitResult) -> http.client.HTTPConnection:
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    return kind(parts.netloc.rpartition("@")[2], timeout=TIMEOUT)


@dataclass
class Asker:
    """Gets one witness's cosignatures and stores them.

    `wake` says that there is a new checkpoint, `stop` that it is over. While it is not `useful`,
    because too few others cosign, once a PATIENCE is enough: each cosignature is a row for ever.
    """

    conninfo: str
    asked: Asked
    stop: threading.Event
    wake: threading.Event = field(default_factory=threading.Event)
    known: dict[str, int] = field(default_factory=dict)  # of each log, the size it cosigned last
    trouble: str = ""
    useful: Callable[[], bool] = lambda: True

    def __post_init__(self) -> None:
        self.client = Client(self.asked.url)

    def run(self) -> None:
        """Ask until told to stop."""
        while not self.stop.is_set():
            try:
                with psycopg.connect(self.conninfo, autocommit=True) as connection:
                    while not self.stop.is_set():
                        self.wake.clear()
                        if self.go_round(connection) and self.useful():
                            self.wake.wait(PATIENCE)
                        else:
                            self.stop.wait(PATIENCE)
            except psycopg.OperationalError:
                self.stop.wait(PATIENCE)  # the sequencer says so
            except psycopg.Error as error:
                self._tell(f"cannot be asked ({type(error).__name__})")
                self.stop.wait(PATIENCE)
        self.client.close()

    def go_once(self, connection: psycopg.Connection) -> None:
        """Go round and leave."""
        self.go_round(connection)
        self.client.close()

    def go_round(self, connection: psycopg.Connection) -> bool:
        """Ask about what is new; whether the witness cosigned it all."""
        trouble = ""
        pending = connection.execute(PENDING, [self.asked.witness.vkey]).fetchall()
        for year, size, origin, note in pending:
            try:
                signature = self._ask(connection, year, size, origin, note)
                connection.execute(COSIGNED, [year, size, self.asked.witness.vkey, signature])
            except WitnessError as error:
                trouble = str(error)
            except psycopg.OperationalError:
                raise
            except Exception as error:
                # A node that is missing, an address that is none: this thread goes on, and says so.
                trouble = f"cannot be asked about {origin} at {size} ({type(error).__name__})"
        self._tell(trouble)
        return not trouble

    def _tell(self, trouble: str) -> None:
        if trouble != self.trouble:
            name = self.asked.witness.name
            log.warning("witness %s %s", name, trouble or "cosigns again")
            self.trouble = trouble

    def _ask(
        self, connection: psycopg.Connection, year: int, size: int, origin: str, note: str
    ) -> bytes:
        """The cosignature of one checkpoint. Raises WitnessError."""
        for _ in range(TRIES):
            old = self.known.get(origin, 0)
            if old > size:
                raise WitnessError(f"has seen {origin} at {old}, it is now at {size}: cut short")
            proof = self._proof(connection, year, old, size)
            status, answer = self.client.post(_request(old, proof, note))
            if status == HTTPStatus.OK:
                return self._take(answer, origin, size, note)
            if status != HTTPStatus.CONFLICT or not re.fullmatch(r"[0-9]{1,19}\n", answer):
                raise WitnessError(f"refuses {origin} at {size} ({status})")
            if int(answer) == old:
                raise WitnessError(f"knows another {origin} at {old}")
            self.known[origin] = int(answer)
        raise WitnessError(f"does not say what it knows of {origin}")

    def _take(self, answer: str, origin: str, size: int, note: str) -> bytes:
        try:
            signature = self.asked.witness.find(parse(note).text, answer)
        except NoteError as error:
            raise WitnessError(f"answers with no cosignature ({error})") from error
        self.known[origin] = size
        return signature

    def _proof(self, connection: psycopg.Connection, year: int, old: int, size: int) -> list[bytes]:
        if not 0 < old < size:
            return []
        return with_nodes(
            lambda read: consistency_proof(read, old, size), partial(_nodes, connection, year)
        )


def _nodes(
    connection: psycopg.Connection, year: int, positions: Sequence[tuple[int, int]]
) -> list[bytes]:
    levels, places = [level for level, _ in positions], [place for _, place in positions]
    return [bytes(row[0]) for row in connection.execute(NODES, [year, levels, places])]


def _request(old: int, proof: Sequence[bytes], note: str) -> bytes:
    lines = [f"old {old}", *(base64.b64encode(hash_).decode() for hash_ in proof)]
    return ("\n".join(lines) + f"\n\n{note}").encode()


@contextmanager
def asking(conninfo: str, policy: Policy) -> Iterator[list[Asker]]:
    """Witnesses of the policy are asked while this lasts; wake them for each new checkpoint."""
    stop = threading.Event()
    askers: list[Asker] = []

    def useful() -> bool:
        return sum(not asker.trouble for asker in askers) >= policy.quorum

    askers += [
        Asker(conninfo, asked, stop, useful=useful) for asked in policy.witnesses if asked.url
    ]
    threads = [threading.Thread(target=asker.run, daemon=True) for asker in askers]
    for thread in threads:
        thread.start()
    try:
        yield askers
    finally:
        stop.set()
        for asker in askers:
            asker.wake.set()
        for thread in threads:
            thread.join(PATIENCE)  # one that hangs ends with the process
