"""Fetching a copy over HTTP: only what is new, and only what a log of its size has."""

import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final

from audit.copy import LOG_NAME, LOGS, PRUNED, UNCOVERED, columns_path, history_path, write
from audit.note import MAX_BYTES, Checkpoint, NoteError, parse
from audit.tiles import CHECKPOINT, MAX_ENTRY, WIDTH, bundles, hash_tiles
from audit.verify.findings import StopError, tampered, unverifiable

TIMEOUT: Final = 60
"""Seconds without an answer."""

BIGGEST: Final = WIDTH * (2 + MAX_ENTRY)
"""Bytes of the largest bundle; nothing else is larger, but what waits."""

MOST_WAITING: Final = 1 << 30
"""Bytes of entries that wait."""

_AT_ONCE: Final = 8
_MOST: Final = 1 << 40
_CHUNK: Final = 1 << 20


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would take the token to somebody else."""

    def redirect_request(self, *_: object) -> None:
        return None


_OPENER: Final = urllib.request.build_opener(_NoRedirect)


def mirror(url: str, into: Path, *, tiles_only: bool, token: str = "") -> None:
    """Bring the folder `into` up to what is served at `url`: one log, or all of a copy.

    Raises StopError when the server has less than before, or cannot be read.
    """
    _OPENER.addheaders = [("Authorization", f"Bearer {token}")] if token else []
    base = url.rstrip("/")
    names = _get(f"{base}/{LOGS}", MAX_BYTES)
    if names is None:
        write(into / CHECKPOINT, _one(base, into, tiles_only=tiles_only))
        return
    logs = names.decode("ascii", "replace").split()
    if not all(map(LOG_NAME.fullmatch, logs)):
        raise StopError(unverifiable(LOGS, "not a list of logs"))
    had = set((into / LOGS).read_text().split()) if (into / LOGS).exists() else set()
    if gone := had.difference(logs):
        raise StopError(tampered(f"{base}/{LOGS}", f"it had the log of {min(gone)} before"))
    notes = {log: _one(f"{base}/{log}", into / log, tiles_only=tiles_only) for log in logs}
    # What waits is read after the checkpoints and stands here before them: so at no moment does an
    # entry stand both in a tree and among those that wait.
    if not tiles_only:
        _download(f"{base}/{UNCOVERED}", into / UNCOVERED, MOST_WAITING)
    for log, note in notes.items():
        write(into / log / CHECKPOINT, note)
    write(into / LOGS, names)


def _one(base: str, into: Path, *, tiles_only: bool) -> bytes:
    """Fetch the files of one log; return its newest checkpoint, which is to be put there last."""
    note = _get(f"{base}/{CHECKPOINT}", MAX_BYTES)
    if note is None:
        raise StopError(unverifiable(base, "there is no log here"))
    size, had = _size(note, base), 0
    if (into / CHECKPOINT).exists():
        had = _size((into / CHECKPOINT).read_bytes(), str(into))
    if size < had:
        raise StopError(tampered(f"{base} checkpoint {size}", f"the log had {had} entries before"))
    if had < size and _get(f"{base}/{PRUNED}", MAX_BYTES) is not None:
        if had:
            raise StopError(unverifiable(base, f"its entries from {had} on were pruned"))
        write(into / PRUNED, b"")
        return note
    paths: list[str] = []
    for bundle in bundles(size, had):
        paths.append(bundle.path)
        if not tiles_only:
            paths += (columns_path(bundle), history_path(bundle))
        if len(paths) > 1_000:
            _fetch(base, into, paths)
            paths.clear()
    _fetch(base, into, [*paths, *(tile.path for tile in hash_tiles(size, had))])
    return note


def _fetch(base: str, into: Path, paths: Iterable[str]) -> None:
    """Fetch files that are not there yet, some at once."""

    def one(path: str) -> None:
        content = _get(f"{base}/{path}", BIGGEST)
        if content is None:
            raise StopError(unverifiable(base, f"the server lacks {path}"))
        write(into / path, content)

    with ThreadPoolExecutor(_AT_ONCE) as threads:
        missing = (path for path in paths if not (into / path).exists())
        while some := list(islice(missing, 256)):
            list(threads.map(one, some))


def _get(url: str, most: int) -> bytes | None:
    """The body; None if there is nothing there. Raises StopError."""
    into = BytesIO()
    return into.getvalue() if _copy(url, into, most) else None


def _download(url: str, path: Path, most: int) -> None:
    """The body to a file, a little at a time; nothing if there is none. Raises StopError."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with unfinished.open("wb") as file:
            is_there = _copy(url, file, most)
        if is_there:
            unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _copy(url: str, into: BinaryIO, most: int) -> bool:
    """Whether there is something. Raises StopError."""
    size = 0
    try:
        with _OPENER.open(url, timeout=TIMEOUT) as answer:
            while size <= most and (some := answer.read(min(_CHUNK, most + 1 - size))):
                size += into.write(some)
    except urllib.error.HTTPError as error:
        if error.code == http.client.NOT_FOUND:
            return False
        raise StopError(unverifiable(url, f"the server answers {error.code}")) from None
    except (OSError, http.client.HTTPException) as error:
        raise StopError(unverifiable(url, f"cannot be read: {error}")) from None
    if size > most:
        raise StopError(unverifiable(url, f"over {most} bytes"))
    return True


def _size(note: bytes, where: str) -> int:
    try:
        size = Checkpoint.parse(parse(note).text).size
    except NoteError as error:
        raise StopError(tampered(where, f"its checkpoint: {error}")) from None
    if size > _MOST:
        raise StopError(unverifiable(where, f"a log of {size} entries"))
    return size
