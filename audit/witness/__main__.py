"""`python -m audit.witness`: make a witness, show its key, run it."""

import argparse
import base64
import secrets
import signal
import socket
import sqlite3
import sys
from pathlib import Path
from typing import NoReturn

from audit.cosignature import Cosigner
from audit.note import NoteError, decode_base64
from audit.witness.logs import Logs
from audit.witness.memory import Memory
from audit.witness.server import Server
from audit.witness.service import Service

KEY, LOGS, MEMORY, TOKEN = "key", "logs", "memory.sqlite3", "token"


def cosigner(folder: Path) -> Cosigner:
    """The key in the folder: a line with the name, a line with 32 bytes in base64."""
    name, seed = (folder / KEY).read_text().split("\n")[:2]
    return Cosigner(name, decode_base64(seed))


def token(folder: Path) -> str:
    """What the log's sequencer has to show; empty when the folder has none."""
    path = folder / TOKEN
    return path.read_text().strip() if path.exists() else ""


def new(folder: Path, name: str) -> None:
    """Make the folder of a new witness. Nothing that is there is written over."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    seed = secrets.token_bytes(32)
    Cosigner(name, seed)  # refuses a name that no note can have
    (folder / KEY).touch(mode=0o600, exist_ok=False)
    (folder / KEY).write_text(f"{name}\n{base64.b64encode(seed).decode()}\n")
    (folder / TOKEN).touch(mode=0o600, exist_ok=False)
    (folder / TOKEN).write_text(f"{secrets.token_urlsafe(24)}\n")
    Memory.create(folder / MEMORY)
    if not (folder / LOGS).exists():
        (folder / LOGS).write_text("# log <key>, or: yearly <name> <key>\n")


def listen(address: str) -> socket.socket:
    """`host:port`, or `fd:<number>` of a listening socket that was handed down."""
    host, _, port = address.rpartition(":")
    if not port.isdecimal():
        raise ValueError("an address is host:port")
    if host == "fd":
        return socket.socket(fileno=int(port))
    return socket.create_server((host.strip("[]"), int(port)), family=_family(host), backlog=64)


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def run(folder: Path, address: str) -> None:
    """Serve until told to stop."""
    service = Service(cosigner(folder), Logs(folder / LOGS), Memory(folder / MEMORY))
    signal.signal(signal.SIGTERM, _stop)
    with Server(listen(address), service, token(folder)) as server:
        host, port = server.socket.getsockname()[:2]
        print(f"{service.cosigner.witness.name} listens on {host}:{port}", flush=True)
        server.serve_forever()


def _stop(*_: object) -> NoReturn:
    raise SystemExit(0)


def main(arguments: list[str]) -> int:
    """The command line. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m audit.witness",
        description="A witness of transparency logs (C2SP tlog-witness).",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("new", help="make a witness's folder: a key and an empty memory")
    make.add_argument("folder", type=Path)
    make.add_argument("name", help="a host and path of yours, such as witness.example/travel")
    show = commands.add_parser("key", help="print the public key, for the log's policy")
    show.add_argument("folder", type=Path)
    serve = commands.add_parser("run", help="answer POST /add-checkpoint")
    serve.add_argument("folder", type=Path)
    serve.add_argument("--listen", default="127.0.0.1:8090", metavar="HOST:PORT")
    given = parser.parse_args(arguments)
    try:
        match given.command:
            case "new":
                new(given.folder, given.name)
                print(cosigner(given.folder).witness.vkey)
            case "key":
                print(cosigner(given.folder).witness.vkey)
            case _:
                run(given.folder, given.listen)
    except KeyboardInterrupt:
        return 0
    except (NoteError, OSError, ValueError, sqlite3.Error) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
