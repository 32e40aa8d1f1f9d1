"""A witness: the answers of the specification, and that it never cosigns two histories."""

import base64
import http.client
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit import tree
from audit.asking import Client
from audit.note import ED25519, Checkpoint, NoteError, Signer
from audit.witness import __main__ as command
from audit.witness.logs import Logs
from audit.witness.memory import Memory
from audit.witness.server import Server
from audit.witness.service import SIZE, Answer, Service

ORIGIN = "log.example/audit/2026"
LOG = Signer(ORIGIN, b"l" * 32)


class Tree:
    """A log of this many leaves; another `history` is another log of the same name."""

    def __init__(self, history: bytes = b"one", count: int = 70) -> None:
        leaves = [tree.hash_leaf(history + bytes([number])) for number in range(count)]
        self.nodes = {(0, place): leaf for place, leaf in enumerate(leaves)}
        self.nodes.update({(n.level, n.place): n.hash for n in tree.Frontier().extend(leaves)})

    def read(self, level: int, place: int) -> bytes:
        return self.nodes[level, place]

    def note(self, size: int, signer: Signer = LOG, origin: str = ORIGIN) -> str:
        root = tree.root(self.read, size)
        return signer.sign(Checkpoint(origin, size, root).text())

    def request(self, old: int, size: int, note: str = "") -> bytes:
        proof = tree.consistency_proof(self.read, old, size) if 0 < old <= size else []
        lines = "".join(f"{base64.b64encode(hash_).decode()}\n" for hash_ in proof)
        return f"old {old}\n{lines}\n{note or self.note(size)}".encode()


ONE, OTHER = Tree(), Tree(b"other")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    command.new(tmp_path / "w", "witness.example/w")
    (tmp_path / "w" / "logs").write_text(f"# ours\nlog {LOG.verifier.vkey}\n")
    return tmp_path / "w"


def service(home: Path) -> Service:
    memory = Memory(home / "memory.sqlite3")
    return Service(command.cosigner(home), Logs(home / "logs"), memory, lambda: 1679315147)


@pytest.fixture
def witness(home: Path) -> Service:
    return service(home)


def test_it_cosigns_what_continues(witness: Service) -> None:
    key = witness.cosigner.witness
    for old, size in ((0, 3), (3, 4), (4, 4), (4, 70)):
        answer = witness.add_checkpoint(ONE.request(old, size))
        assert answer.status == HTTPStatus.OK
        text = ONE.note(size).partition("\n\n")[0] + "\n"
        assert int.from_bytes(key.find(text, answer.body)[:8]) == 1679315147


def refused(witness: Service, body: bytes, status: int) -> Answer:
    answer = witness.add_checkpoint(body)
    assert answer.status == status, answer
    return answer


def test_what_it_refuses_and_how(witness: Service) -> None:
    assert witness.add_checkpoint(ONE.request(0, 10)).status == HTTPStatus.OK
    # Another old size than it remembers: it says which it does.
    for old, size in ((0, 10), (9, 12), (11, 12)):
        assert refused(witness, ONE.request(old, size), 409) == (409, "10\n", SIZE)
    # A smaller tree.
    refused(witness, ONE.request(10, 20).replace(b"\n20\n", b"\n9\n"), 403)
    refused(witness, ONE.request(10, 20, ONE.note(9)), 400)
    # The same size with another root, and a tree that does not continue.
    assert refused(witness, OTHER.request(10, 10), 409).body == "10\n"
    refused(witness, OTHER.request(10, 20), 422)
    refused(witness, ONE.request(10, 20, OTHER.note(20)), 422)
    refused(witness, b"old 10\n\n" + ONE.note(20).encode(), 422)
    # Unknown log, unknown key, no signature, one that is not its own.
    stranger = Signer(ORIGIN, b"x" * 32)
    refused(witness, ONE.request(10, 20, ONE.note(20, stranger)), 403)
    other = Signer("log.example/audit/2027", b"l" * 32)
    refused(witness, ONE.request(0, 20, ONE.note(20, other, other.verifier.name)), 404)
    refused(witness, ONE.request(10, 20, ONE.note(20, other)), 403)
    # After all of that it remembers what it did.
    assert witness.add_checkpoint(ONE.request(10, 20)).status == HTTPStatus.OK


def test_nothing_comes_before_an_empty_tree(witness: Service) -> None:
    empty = LOG.sign(Checkpoint(ORIGIN, 0, tree.EMPTY_ROOT).text())
    refused(witness, b"old 0\n\n" + empty.encode(), 422)
    refused(witness, ONE.request(0, 5).replace(b"old 0\n", b"old 0\n" + b"A" * 43 + b"=\n"), 422)
    refused(witness, ONE.request(3, 5), 409)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\n\n", b"old 0\n", b"old 00\n\n", b"old -1\n\n", b"old 1", b"\xff",
        b"old \xd9\xa1\n\n",
        b"old 0\n\nnothing signed\n",
        b"old 0\n" + (b"A" * 43 + b"=\n") * 64 + b"\n" + ONE.note(5).encode(),
        b"old 0\nAAAA\n\n" + ONE.note(5).encode(),
        b"old 0\n!\n\n" + ONE.note(5).encode(),
        b"old  0\n\n" + ONE.note(5).encode(),
        b"old 0\r\n\n" + ONE.note(5).encode(),
    ],
)  # fmt: skip
def test_what_is_no_request(witness: Service, body: bytes) -> None:
    refused(witness, body, 400)


@given(st.data())
def test_one_changed_byte_is_never_cosigned(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    body = bytearray(ONE.request(3, 17))
    at = data.draw(st.integers(0, len(body) - 1))
    body[at] ^= data.draw(st.integers(1, 255))
    home = tmp_path_factory.mktemp("w")
    command.new(home, "witness.example/w")
    (home / "logs").write_text(f"log {LOG.verifier.vkey}\n")
    witness = service(home)
    assert witness.add_checkpoint(ONE.request(0, 3)).status == HTTPStatus.OK
    answer = witness.add_checkpoint(bytes(body))
    witness.memory.close()
    assert answer.status in (400, 403, 404, 409, 422)


def test_it_remembers_over_a_restart_and_keeps_what_was_signed_twice(home: Path) -> None:
    first = service(home)
    assert first.add_checkpoint(ONE.request(0, 10)).status == HTTPStatus.OK
    first.memory.close()
    again = service(home)
    for body, status in ((OTHER.request(10, 10), 409), (OTHER.request(10, 30), 422)):
        refused(again, body, status)
        refused(again, body, status)
    assert kept_in(home, "split") == [(10, OTHER.note(10))]
    assert kept_in(home, "conflict") == [(10, OTHER.note(30))]


def kept_in(home: Path, table: str) -> list[tuple[int, str]]:
    rows = sqlite3.connect(home / "memory.sqlite3").execute(f"SELECT known, note FROM {table}")
    return rows.fetchall()


def test_nobody_but_the_log_can_fill_the_places_of_evidence(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit.witness.memory.CONFLICTS", 3)
    witness = service(home)
    assert witness.add_checkpoint(ONE.request(0, 10)).status == HTTPStatus.OK
    bad = f"old 10\n{'A' * 43}=\n\n"
    for number in range(5):
        junk = Signer(f"junk{number}.example", bytes(32)).sign(
            Checkpoint(ORIGIN, 20, bytes(32)).text()
        )
        line = junk.rpartition("\n\n")[2]
        for size in (20, 10):  # what the log really signed, with a bad proof
            refused(witness, f"{bad}{ONE.note(size)}{line}".encode(), 422)
    assert kept_in(home, "conflict") == [(10, ONE.note(20))]
    for size in range(30, 40):
        refused(witness, f"{bad}{ONE.note(size)}".encode(), 422)
    assert len(kept_in(home, "conflict")) == 3
    refused(witness, OTHER.request(10, 10), 409)
    assert kept_in(home, "split") == [(10, OTHER.note(10))]


def test_without_its_memory_it_does_not_start(home: Path) -> None:
    (home / "memory.sqlite3").unlink()
    with pytest.raises(sqlite3.Error):
        service(home)
    assert command.main(["run", str(home), "--listen", "127.0.0.1:0"]) == 1
    (home / "memory.sqlite3").touch()
    with pytest.raises(sqlite3.Error):
        service(home)
    with pytest.raises(FileExistsError):
        command.new(home, "witness.example/w")


def test_of_two_histories_at_once_it_cosigns_one(home: Path) -> None:
    """Two services on one memory, as two processes would be."""
    services = [service(home), service(home)]
    begin = threading.Barrier(8)
    answers: list[tuple[str, Answer]] = []

    def ask(number: int) -> None:
        log = (ONE, OTHER)[number % 2]
        begin.wait()
        body = log.request(0, 20 + number)
        answers.append((str(number % 2), services[number // 4].add_checkpoint(body)))

    threads = [threading.Thread(target=ask, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status for _, answer in answers) == [200] + [409] * 7


def test_the_file_of_logs_is_read_again_when_it_changes(home: Path, witness: Service) -> None:
    later = Signer("log.example/audit/2027", b"m" * 32)
    body = ONE.request(0, 5, ONE.note(5, later, later.verifier.name))
    refused(witness, body, 404)
    key = base64.b64encode(ED25519 + later.verifier.public_key).decode()
    (home / "logs").write_text(f"log {LOG.verifier.vkey}\nyearly log.example/audit {key}\n")
    assert witness.add_checkpoint(body).status == HTTPStatus.OK
    # Any year of that name and no other name.
    for name, status in (
        ("log.example/audit/2028", 200),
        ("log.example/audit/20289", 404),
        ("log.example/audit/now", 404),
        ("log.example/other/2028", 404),
    ):
        note = ONE.note(5, Signer(name, b"m" * 32), name)
        assert witness.add_checkpoint(ONE.request(0, 5, note)).status == status
    (home / "logs").write_text("log nonsense\n")
    with pytest.raises(NoteError):
        witness.add_checkpoint(body)


Connect = Callable[[], http.client.HTTPConnection]


@pytest.fixture
def served(witness: Service, request: pytest.FixtureRequest) -> Iterator[Connect]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = Server(listener, witness, getattr(request, "param", ""))
    thread = threading.Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    port = listener.getsockname()[1]
    opened: list[http.client.HTTPConnection] = []

    def connect() -> http.client.HTTPConnection:
        opened.append(http.client.HTTPConnection("127.0.0.1", port, timeout=10))
        return opened[-1]

    yield connect
    for connection in opened:
        connection.close()
    server.shutdown()
    thread.join()
    server.server_close()


def post(connection: http.client.HTTPConnection, path: str, body: bytes) -> tuple[int, str, bytes]:
    connection.request("POST", path, body)
    response = connection.getresponse()
    return response.status, response.headers["Content-Type"], response.read()


def test_over_http_one_connection_serves_many_requests(served: Connect) -> None:
    connection = served()
    assert post(connection, "/add-checkpoint", ONE.request(0, 5))[0] == 200
    kept = connection.sock
    answer = post(connection, "/add-checkpoint", ONE.request(0, 5))
    assert answer == (409, "text/x.tlog.size", b"5\n")
    assert post(connection, "/add-checkpoint", b"x")[0] == 400
    assert post(connection, "/other", b"x")[0] == 404
    assert post(connection, "/add-checkpoint", ONE.request(5, 9))[0] == 200
    assert connection.sock is kept
    assert post(served(), "/add-checkpoint", b"x" * 70_000)[0] == 413
    odd = served()
    odd.request("GET", "/add-checkpoint")
    assert odd.getresponse().status == 501


@pytest.mark.parametrize("served", ["secret"], indirect=True)
def test_who_has_no_token_learns_nothing(served: Connect) -> None:
    for shown in (None, "Bearer ", "Bearer other", "secret", "Bearer s\u00e9cret"):
        connection = served()
        headers = {"Authorization": shown} if shown else {}
        connection.request("POST", "/add-checkpoint", ONE.request(3, 5), headers)
        response = connection.getresponse()
        assert (response.status, response.read()) == (401, b"who asks?\n"), shown
        assert response.headers["Connection"] == "close"
    host = served()
    client = Client(f"http://:secret@{host.host}:{host.port}")
    assert client.post(ONE.request(3, 5)) == (409, "0\n")
    client.close()


def test_one_address_has_few_places(served: Connect) -> None:
    here = served()
    silent = [
        socket.create_connection((here.host, here.port), source_address=("127.0.0.2", 0))
        for _ in range(70)
    ]
    assert post(here, "/add-checkpoint", ONE.request(0, 5))[0] == 200
    for connection in silent:
        connection.close()


def test_connections_that_say_nothing_do_not_keep_others_out_for_ever(
    served: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit.witness.server.Handler.timeout", 0.5)
    silent = [served() for _ in range(64)]
    for connection in silent:
        connection.connect()
    pause = threading.Event()
    for _ in range(200):
        try:
            status = post(served(), "/add-checkpoint", ONE.request(0, 5))[0]
        except (OSError, http.client.HTTPException):
            pause.wait(0.05)
            continue
        break
    assert status in (200, 409)
