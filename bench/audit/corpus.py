"""A copy of a log as `audit_export` writes it, of people who agree and are answered: made here, and
not by the service, because it takes seconds and not hours."""

import json
import random
import uuid
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from audit.copy import (
    LOGS,
    UNCOVERED,
    checkpoint_line,
    columns_of,
    columns_path,
    history_path,
    write,
)
from audit.note import Checkpoint, Signer
from audit.tiles import CHECKPOINT, WIDTH, Tile, bundles, encode_bundle, encode_hashes
from audit.tree import Frontier, hash_leaf

YEAR: Final = "2026"
SIGNER: Final = Signer(f"log.example/audit/{YEAR}", bytes(32))
PEOPLE: Final = 500
"""Who are told of between two checkpoints."""

_DAYS: Final = {"window_from": "2026-11-09", "window_to": "2026-11-22"}
_BEFORE: Final = (
    ("consent.requested", 1),
    ("consent.notice_sent", 2),
    ("consent.notice_delivered", 2),
    ("consent.granted", 3),
    ("access.claimed", 3),
)
_AFTER: Final = (
    ("access.fetched", 3),
    ("access.released", 3),
    ("access.delivered", 3),
    ("consent.consumed", 4),
)


def make(folder: Path, entries: int) -> int:
    """Write a copy of at least so many entries; return how many there are."""
    log = folder / YEAR
    frontier, bodies, history = Frontier(), [], defaultdict(list)
    rows: dict[int, list[bytes]] = defaultdict(list)
    moments = _moments()
    chance = random.Random(1)  # noqa: S311 (the same log each time)
    note = ""
    while frontier.size < entries:
        for batch in _people(chance, moments):
            hashes = [hash_leaf(body) for body in batch]
            bodies += batch
            rows[0] += hashes
            for node in frontier.extend(hashes):
                if node.level % 8 == 0:
                    rows[node.level // 8].append(node.hash)
            root = frontier.root()
            note = SIGNER.sign(Checkpoint(SIGNER.verifier.name, frontier.size, root).text())
            line = checkpoint_line(frontier.size, SIGNER.verifier.name, root, note)
            history[(frontier.size - 1) // WIDTH].append(line)
        _write_full(log, frontier.size, bodies, history, len(bodies) // WIDTH)
    _write_full(log, frontier.size, bodies, history, 1)
    for level, hashes in rows.items():
        for index, start in enumerate(range(0, len(hashes), WIDTH)):
            some = hashes[start : start + WIDTH]
            write(log / Tile(level, index, len(some)).path, encode_hashes(some))
    write(log / CHECKPOINT, note.encode())
    write(folder / UNCOVERED, b"")
    write(folder / LOGS, f"{YEAR}\n".encode())
    return frontier.size


def _write_full(
    log: Path, size: int, bodies: list[bytes], history: dict[int, list[str]], count: int
) -> None:
    """Write so many bundles of the entries that are not written yet, and forget them."""
    if not bodies:
        return
    begun = size - len(bodies)
    for bundle in list(bundles(size, begun))[:count]:
        some = bodies[: bundle.width]
        del bodies[: bundle.width]
        write(log / bundle.path, encode_bundle(some))
        lines = "".join(columns_of(json.loads(body)) for body in some)
        write(log / columns_path(bundle), lines.encode())
        write(log / history_path(bundle), "".join(history.pop(bundle.index, [])).encode())


def _moments() -> Iterator[str]:
    now = datetime(2026, 11, 23, 8, tzinfo=UTC)
    while True:
        now += timedelta(milliseconds=1)
        yield now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _people(chance: random.Random, moments: Iterator[str]) -> Iterator[list[bytes]]:
    """Some people up to their claims, then their answers: a checkpoint lies between."""

    def reference() -> str:
        return str(uuid.UUID(int=chance.getrandbits(128), version=4))

    who = [{name: reference() for name in _REFERENCES} for _ in range(PEOPLE)]
    for steps in (_BEFORE, _AFTER):
        yield [
            _entry(event, number, one, reference(), next(moments))
            for event, number in steps
            for one in who
        ]


_REFERENCES: Final = ("subject_ref", "consent_id", "release_id", "org_ref")


def _entry(event: str, number: int, who: dict[str, str], entry: str, moment: str) -> bytes:
    content: dict[str, Any] = {
        "v": 1,
        "event": event,
        "entry_uuid": entry,
        "occurred_at": moment,
        "actor": {"role": "worker", "type": "system"},
        "consent_state_seq": number,
        "purpose_code": "return_to_work",
        "question": "visited_any",
        **{name: who[name] for name in ("subject_ref", "consent_id", "org_ref")},
    }
    if event.startswith("access."):
        content["release_id"] = who["release_id"]
    if event in ("access.claimed", "access.fetched", "access.released"):
        content |= _DAYS
    if event == "access.claimed":
        content |= {"uses": 1, "max_uses": 1}
    if event in ("consent.requested", "consent.granted"):
        content |= {"window_days": 14, "max_uses": 1, "granularity": "yes_no"}
        content |= {"terms_sha256": who["consent_id"].replace("-", "") * 2}
    if event == "consent.granted":
        content["valid_until"] = "2026-12-23T08:00:00.000000Z"
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
