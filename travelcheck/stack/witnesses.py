"""The demo's witnesses of the log: two on this machine, where real ones would be elsewhere."""

from __future__ import annotations

import base64
import contextlib
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from audit.note import ED25519, Signer
from audit.witness import __main__ as witness
from core.roles import NONE
from travelcheck.stack.folders import make_private
from travelcheck.stack.processes import SEQUENCING, Process

NAMES = ("witness-1", "witness-2")


@dataclass(frozen=True)
class Witnesses:
    """Their processes, and the policy that asks for all of them."""

    processes: list[Process]
    policy: str


@contextmanager
def witnesses(folder: Path, host: str, seed: bytes) -> Iterator[Witnesses]:
    """Witnesses of the logs that `host` names and `seed` signs; each keeps key and memory.

    We hold their sockets, as web's, so that they are where they were when they start again.
    """
    key = base64.b64encode(ED25519 + Signer("log", seed).verifier.public_key).decode()
    with contextlib.ExitStack() as open_:
        processes, lines = [], []
        for name in NAMES:
            home = make_private(folder / name)
            if not (home / witness.KEY).exists():
                witness.new(home, f"{host}/{name}")
            (home / witness.LOGS).write_text(f"yearly {host}/audit {key}\n")
            listener = open_.enter_context(socket.create_server(("127.0.0.1", 0)))
            vkey = witness.cosigner(home).witness.vkey
            shown = f":{token}@" if (token := witness.token(home)) else ""
            port = listener.getsockname()[1]
            lines.append(f"witness {name} {vkey} http://{shown}127.0.0.1:{port}")
            run = ("-m", "audit.witness", "run", str(home), "--listen", f"fd:{listener.fileno()}")
            processes.append(Process(name, NONE, run, SEQUENCING, descriptors=(listener.fileno(),)))
        quorum = f"group all-of-them all {' '.join(NAMES)}\nquorum all-of-them"
        yield Witnesses(processes, "\n".join([*lines, quorum]))
