"""The log written out as files (`audit.copy`), for the offline verifier and whoever keeps a copy.

Writes what the tables say, also where they contradict one another: to judge is the verifier's part.
Reads as auditor, piece by piece; goes on where the folder ends.
"""

import os
import uuid
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

from django.db import connection, transaction

from audit import services
from audit.copy import (
    LOGS,
    PRUNED,
    QUEUED,
    UNCOVERED,
    checkpoint_line,
    columns_path,
    history_path,
    uncovered_line,
    write,
)  # fmt: skip
from audit.cosignature import Witness
from audit.models import Pruned
from audit.note import Checkpoint, parse
from audit.tiles import (
    CHECKPOINT,
    WIDTH,
    Tile,
    bundles,
    encode_bundle,
    encode_hashes,
    hash_tiles,
)  # fmt: skip

BUNDLES: Final = 32
"""Bundles read at once."""

COLUMNS: Final = """
to_char(e.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), e.entry_uuid, e.event,
e.org_ref, e.subject_ref, e.consent_id, e.body
"""
LEAVES: Final = f"""
SELECT l.leaf_hash, {COLUMNS}
FROM generate_series(%s, %s - 1) AS s (seq)
LEFT JOIN audit_leaf l ON l.log = %s AND l.seq = s.seq
LEFT JOIN audit_entry e ON e.id = l.entry_id
ORDER BY s.seq
"""
NODES: Final = """
SELECT n.hash FROM generate_series(%s, %s - 1) AS s (idx)
LEFT JOIN audit_node n ON n.log = %s AND n.level = %s AND n.idx = s.idx
ORDER BY s.idx
"""
CHECKPOINTS: Final = """
SELECT c.size, c.origin, c.root, c.note,
       ARRAY(SELECT s.witness FROM audit_cosignature s
             WHERE s.log = c.log AND s.size = c.size ORDER BY s.witness),
       ARRAY(SELECT s.signature FROM audit_cosignature s
             WHERE s.log = c.log AND s.size = c.size ORDER BY s.witness)
FROM audit_checkpoint c WHERE c.log = %s AND c.size > %s AND c.size <= %s ORDER BY c.size
"""
NEWEST: Final = "SELECT c.log, max(c.size) FROM audit_checkpoint c GROUP BY c.log ORDER BY c.log"
WAITING: Final = f"""
SELECT CASE WHEN q.entry_id IS NOT NULL THEN '{QUEUED}' WHEN l.seq IS NOT NULL
       THEN 'beyond the last checkpoint' ELSE 'lost' END, {COLUMNS}, e.id
FROM audit_entry e
LEFT JOIN audit_leaf l ON l.entry_id = e.id
LEFT JOIN ({NEWEST}) c ON c.log = l.log
LEFT JOIN audit_queue q ON q.entry_id = e.id
WHERE l.seq IS NULL OR c.max IS NULL OR l.seq >= c.max
UNION ALL
SELECT 'gone', '', NULL, '', NULL, NULL, NULL, ''::bytea, q.entry_id
FROM audit_queue q WHERE NOT EXISTS (SELECT FROM audit_entry e WHERE e.id = q.entry_id)
ORDER BY id
"""
NOTHING: Final = bytes(32)
"""Stands where the tables lack a hash."""


class FolderError(Exception):
    """The folder holds a copy of another log, or of a longer one."""


class Written(NamedTuple):
    """How many entries of a log the folder has now, and how many it had."""

    log: int
    size: int
    had: int


def export(folder: Path) -> tuple[list[Written], int]:
    """Bring the folder up to the log; return what each log has, and how many entries wait.

    Leaves an entry of its own first. Raises FolderError.
    """
    fields = {"export_id": uuid.uuid4(), "kind": "log", "channel": "command"}
    services.record(event="export.made", by="auditor", fields=fields)
    folder.mkdir(parents=True, exist_ok=True)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute(NEWEST)
            newest: list[tuple[int, int]] = cursor.fetchall()
        # Before any file: a folder whose log was cut since must not be written to.
        known = {log: _had(folder / str(log), size) for log, size in newest}
        pruned = set(Pruned.objects.values_list("log", flat=True))
        waiting = _write_uncovered(folder)
    done = []
    for log, size in newest:
        if log in pruned:
            _write_end(folder / str(log), log, size, known[log])
        else:
            _write_log(folder / str(log), log, size, known[log])
        done.append(Written(log, size, known[log]))
    write(folder / LOGS, "".join(f"{log}\n" for log, _ in newest).encode())
    return done, waiting


def _had(folder: Path, size: int) -> int:
    if not (folder / CHECKPOINT).exists():
        return 0
    had = Checkpoint.parse(parse((folder / CHECKPOINT).read_bytes()).text).size
    if had > size:
        raise FolderError(f"{folder} has {had} entries, the database {size}: the log was cut")
    return had


def _write_uncovered(folder: Path) -> int:
    count = 0
    unfinished = folder / f".{UNCOVERED}.tmp"
    with connection.chunked_cursor() as cursor, unfinished.open("w") as file:
        cursor.execute(WAITING)
        for state, *columns, body, _ in cursor:
            file.write(uncovered_line(_columns(columns), bytes(body), state))
            count += 1
    unfinished.replace(folder / UNCOVERED)
    return count


def _write_log(folder: Path, log: int, size: int, had: int) -> None:
    rest = bundles(size, had)
    while some := list(islice(rest, BUNDLES)):
        # The last file of a bundle is there: so are the others. A killed run goes on here.
        if all((folder / history_path(bundle)).exists() for bundle in some):
            continue
        _write_bundles(folder, log, some)
    for tile in hash_tiles(size, had):
        if tile.level:
            _write_nodes(folder, log, tile)
    note = list(_history(log, size - 1, size))[-1][1]
    os.sync()  # all of it is on the disk before the checkpoint says that it is there
    write(folder / CHECKPOINT, note.encode())
    for path in _outgrown(had, size):
        (folder / path).unlink(missing_ok=True)


def _write_end(folder: Path, log: int, size: int, had: int) -> None:
    """Of a year that was pruned: how it ended. What the folder has of it stays."""
    if had == size:
        return
    if had:
        raise FolderError(f"{folder} has {had} of {size} entries; the others were pruned")
    write(folder / PRUNED, b"")
    write(folder / CHECKPOINT, next(_history(log, size - 1, size))[1].encode())


def _write_bundles(folder: Path, log: int, some: list[Tile]) -> None:
    start, end = some[0].start, some[-1].start + some[-1].width
    with connection.cursor() as cursor:
        cursor.execute(LEAVES, [start, end, log])
        rows = cursor.fetchall()
    history = list(_history(log, start, end))
    for bundle in some:
        first, last = bundle.start, bundle.start + bundle.width
        mine = rows[first - start : last - start]
        hashes = encode_hashes([bytes(row[0] or NOTHING) for row in mine])
        write(folder / Tile(0, bundle.index, bundle.width).path, hashes)
        write(folder / bundle.path, encode_bundle(bytes(row[-1] or b"") for row in mine))
        write(folder / columns_path(bundle), "".join(_columns(row[1:-1]) for row in mine).encode())
        lines = "".join(line for size, _, line in history if first < size <= last)
        write(folder / history_path(bundle), lines.encode())


def _write_nodes(folder: Path, log: int, tile: Tile) -> None:
    first = tile.index * WIDTH
    with connection.cursor() as cursor:
        cursor.execute(NODES, [first, first + tile.width, log, 8 * tile.level])
        hashes = [bytes(row[0] or NOTHING) for row in cursor.fetchall()]
    write(folder / tile.path, encode_hashes(hashes))


def _history(log: int, after: int, through: int) -> Iterator[tuple[int, str, str]]:
    """Checkpoints: size, note with cosignatures, line of the history."""
    with connection.cursor() as cursor:
        cursor.execute(CHECKPOINTS, [log, after, through])
        for size, origin, root, note, witnesses, signatures in cursor.fetchall():
            lines = (
                f"{Witness.parse(witness).line(bytes(signature))}\n"
                for witness, signature in zip(witnesses, signatures, strict=True)
            )
            whole = note + "".join(lines)
            yield size, whole, checkpoint_line(size, origin, bytes(root), whole)


def _columns(row: Iterable[Any]) -> str:
    moment, entry, event, *references = row
    return (
        "\t".join([str(entry), str(moment), str(event), *(str(r or "") for r in references)]) + "\n"
    )


def _outgrown(had: int, size: int) -> Iterator[str]:
    """Files of tiles that were partial, and are larger now."""
    level, row = 0, had
    while row:
        index, width = divmod(row, WIDTH)
        if width and size >> 8 * level != row:
            yield Tile(level, index, width).path
            if not level:
                bundle = Tile(-1, index, width)
                yield from (bundle.path, columns_path(bundle), history_path(bundle))
        level, row = level + 1, row >> 8
