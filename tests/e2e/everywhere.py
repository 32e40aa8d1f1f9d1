"""Planted numbers, IMSIs and cities, wherever a demo may have left them.

Seen are the database (as a dump, and the bytes of its files), every command that Redis got and
every key it holds, the command lines of all processes, and all files of the stack.
"""

from __future__ import annotations

import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
from psycopg import conninfo

from tests.e2e import canaries, sweep
from tests.running import Demo, processes_of
from travelcheck.stack.postgres import Postgres
from travelcheck.stack.redis import Redis

NEEDLES = canaries.needles(canaries.demo_canaries())
PEOPLE_ALONE = [n for n in NEEDLES if n.kind in (canaries.NUMBER, canaries.IMSI)]
#: Read in another way: the database and Redis by their own means; the demo's keys are secrets.
READ_OTHERWISE = ("postgres/*", "redis/*")


def in_stopped(folder: Path) -> set[sweep.Find]:
    """Finds in the files of a stack that is stopped, so that all it had in memory is in them."""
    return sweep.in_files(folder, NEEDLES, READ_OTHERWISE) | {
        sweep.Find(find.kind, "files of PostgreSQL", find.form)
        for find in sweep.in_files(Postgres(folder).data, plain(PEOPLE_ALONE))
    }


def plain(needles: list[canaries.Needle]) -> list[canaries.Needle]:
    return [needle for needle in needles if needle.form in ("plain", "hex", "utf-16-le")]


def in_running(demo: Demo, commands: bytes) -> set[sweep.Find]:
    """Finds in what only a running demo shows."""
    found = sweep.in_dump(dump(demo), NEEDLES)
    found.update(sweep.in_bytes(commands, "redis commands", NEEDLES))
    with demo.redis() as client:
        found.update(sweep.in_bytes(b"\n".join(everything(client)), "redis keys", NEEDLES))
    for line in processes_of(demo.folder):
        found.update(sweep.in_bytes(line.encode(), "process arguments", NEEDLES))
    found.update(sweep.in_bytes(demo.output.encode(), "the launcher's output", NEEDLES))
    return found


def dump(demo: Demo) -> str:
    """The whole database as plain SQL."""
    server = Postgres(demo.folder)
    address = conninfo.make_conninfo(server.admin_url, dbname="travelcheck")
    return subprocess.run(
        [server.binaries.folder / "pg_dump", "--dbname", address],
        env={"PATH": os.defpath},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


@contextmanager
def every_redis_command(folder: Path) -> Iterator[list[bytes]]:
    """What Redis is told meanwhile: tasks with their arguments, rate limits, everything."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(Redis(folder).socket))
        connection.sendall(b"MONITOR\r\n")
        seen: list[bytes] = [connection.recv(65536)]

        def listen() -> None:
            while piece := connection.recv(65536):
                seen.append(piece)

        listener = threading.Thread(target=listen, daemon=True)
        listener.start()
        yield seen
        connection.shutdown(socket.SHUT_RDWR)
        listener.join(10)


def everything(client: redis.Redis) -> Iterator[bytes]:
    """All keys and all values."""
    readers = {
        "string": ("GET",),
        "list": ("LRANGE", 0, -1),
        "set": ("SMEMBERS",),
        "zset": ("ZRANGE", 0, -1),
        "hash": ("HGETALL",),
    }
    for key in client.scan_iter():
        kind = client.type(key)
        command, *arguments = readers[kind if isinstance(kind, str) else kind.decode()]
        # The library gives this one method no types.
        value = client.execute_command(command, key, *arguments)  # type: ignore[no-untyped-call]
        yield repr((key, value)).encode()
