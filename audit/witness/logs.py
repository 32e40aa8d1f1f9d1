"""Which logs a witness knows: a file its operator keeps, read again whenever it changes.

    log log.example/audit/2026+1a2b3c4d+AQ…       one log, by its published key (C2SP vkey)
    yearly log.example/audit AQ…                   a log each year, of this name and a year

A second line for the same log is a second key that may sign it. Lines that begin with # are passed
over.
"""

import os
import re
from collections.abc import Iterable
from pathlib import Path

from audit.note import ED25519, NoteError, Verifier, decode_base64


class Logs:
    """The logs in a file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[int, int] | None = None
        self._logs: list[Verifier] = []
        self._yearly: list[tuple[str, bytes]] = []
        self._read()

    def keys(self, origin: str) -> list[Verifier]:
        """The keys that may sign the log of this name; none when it is not known.

        Raises NoteError or OSError when the file has become unreadable: then nothing is known.
        """
        self._read()
        keys = [log for log in self._logs if log.name == origin]
        name, _, year = origin.rpartition("/")
        if re.fullmatch(r"[0-9]{4}", year, re.ASCII):
            keys += [Verifier(origin, key) for prefix, key in self._yearly if prefix == name]
        return keys

    def _read(self) -> None:
        with self.path.open("rb") as file:
            status = os.fstat(file.fileno())
            if self._seen == (status.st_mtime_ns, status.st_size):
                return
            self._logs, self._yearly = _parse(file.read().decode().splitlines())
        self._seen = (status.st_mtime_ns, status.st_size)


def _parse(lines: Iterable[str]) -> tuple[list[Verifier], list[tuple[str, bytes]]]:
    logs: list[Verifier] = []
    yearly: list[tuple[str, bytes]] = []
    for number, line in enumerate(lines, 1):
        match line.split():
            case []:
                pass
            case [first, *_] if first.startswith("#"):
                pass
            case ["log", vkey]:
                logs.append(Verifier.parse(vkey))
            case ["yearly", name, encoded]:
                key = decode_base64(encoded)
                if key[:1] != ED25519:
                    raise NoteError(f"line {number}: a key of another kind than Ed25519")
                yearly.append((name, Verifier(f"{name}/0000", key[1:]).public_key))
            case _:
                raise NoteError(f"line {number}: neither a log nor a yearly one")
    return logs, yearly
