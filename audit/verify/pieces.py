"""One piece of a log, some bundles in a row: everything about it that can be checked on its own.

Runs in processes of its own; what it gives back is small.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from audit.copy import columns_path, history_path
from audit.cosignature import cosigned_at
from audit.note import Checkpoint, Note, Verifier, decode_base64, parse
from audit.policy import Policy
from audit.tiles import Tile, TileError, bundles, decode_bundle
from audit.tree import Frontier
from audit.verify.entries import BEGINNING, Ending, Reader
from audit.verify.findings import Finding, tampered, unverifiable
from audit.verify.spill import Spill

BUNDLES: Final = 64
"""Bundles of one piece."""


class Anchors(NamedTuple):
    """What is believed, because it was given: the policy, and whether it has any key of the log."""

    policy: Policy
    keys: bool


@dataclass(frozen=True)
class Piece:
    """`watched`: sizes at which the root is asked for, whether or not they were signed.

    `columns`: whether the copy has columns and the history of checkpoints. `year`: see `Reader`.
    """

    folder: Path
    name: str
    order: int
    tiles: Sequence[Tile]
    watched: frozenset[int]
    columns: bool
    anchors: Anchors
    spill: Spill
    year: int | None


class Seen(NamedTuple):
    """One size inside a bundle: the edge of the bundle's subtree there, the newest time up to
    there in the piece, and what was signed for the whole tree, if something was: see `Said`."""

    size: int
    edge: tuple[bytes, ...]
    latest: datetime
    signed: bytes | None = None
    accepted: bool = False
    cosigned: int | None = None


@dataclass
class Result:
    """Of each bundle the sizes that matter, its end the last; what is wrong; `earliest`, `latest`:
    see `Reader`."""

    bundles: list[list[Seen]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    endings: list[Ending] = field(default_factory=list)
    complete: bool = False
    earliest: tuple[datetime, int] | None = None
    latest: datetime = BEGINNING


class Said(NamedTuple):
    """What the history says of one size. `cosigned`: when a witness first did, seconds since the
    Epoch."""

    root: bytes
    accepted: bool
    cosigned: int | None


def pieces(size: int) -> Iterator[list[Tile]]:
    """The bundles of a log of `size` entries, piece by piece."""
    rest = bundles(size)
    while some := list(islice(rest, BUNDLES)):
        yield some


def check(piece: Piece) -> Result:
    """Read the files of a piece and check them."""
    result = Result()
    reader = Reader(piece.name, piece.order, piece.year)
    try:
        for bundle in piece.tiles:
            where = f"{piece.name} {bundle.path}"
            _check_bundle(piece, bundle, reader, result)
        result.complete = True
    except FileNotFoundError as error:
        lacks = Path(str(error.filename)).relative_to(piece.folder)
        result.findings.append(unverifiable(piece.name, f"the copy lacks {lacks}"))
    except (TileError, UnicodeDecodeError) as error:
        result.findings.append(tampered(where, str(error)))
    result.findings += reader.findings
    result.endings += reader.endings
    result.earliest, result.latest = reader.earliest, reader.latest
    piece.spill.add(reader.records, reader.names)
    return result


def _check_bundle(piece: Piece, bundle: Tile, reader: Reader, result: Result) -> None:
    bodies = decode_bundle((piece.folder / bundle.path).read_bytes(), bundle.width)
    leaves = [sha256(b"\x00" + body).digest() for body in bodies]
    hashes = (piece.folder / Tile(0, bundle.index, bundle.width).path).read_bytes()
    if hashes != b"".join(leaves):
        given = [hashes[at : at + 32] for at in range(0, len(hashes), 32)]
        where = f"{piece.name} entry {bundle.start + _first_other(leaves, given)}"
        result.findings.append(tampered(where, "it is not what was hashed"))
    columns = reader.columns(bundle.start, bodies)
    said: dict[int, Said] = {}
    if piece.columns:
        text = (piece.folder / columns_path(bundle)).read_text()
        if text != "".join(columns):
            lines = text.splitlines(keepends=True)
            where = f"{piece.name} entry {bundle.start + _first_other(columns, lines)}"
            result.findings.append(tampered(where, "its columns are not those of its body"))
        said = _history(piece, bundle, result)
    result.bundles.append(_climb(bundle, leaves, reader.by_place, piece.watched, said))


def _climb(
    bundle: Tile,
    leaves: list[bytes],
    latest: list[datetime],
    watched: frozenset[int],
    said: dict[int, Said],
) -> list[Seen]:
    """Grow the subtree of a bundle; note its edge wherever somebody signed or remembers."""
    end = bundle.start + bundle.width
    sizes = {*said, *(size for size in watched if bundle.start < size <= end), end}
    if bundle.full and sizes == {end}:
        return [Seen(end, (_top(leaves),), latest[-1], *said.get(end, ()))]
    seen, frontier = [], Frontier()
    for size in sorted(sizes):
        if bundle.start < size <= end:
            frontier.extend(leaves[frontier.size : size - bundle.start])
            newest = latest[frontier.size - 1]
            seen.append(Seen(size, tuple(frontier.edge), newest, *said.get(size, ())))
    return seen


def _top(hashes: list[bytes]) -> bytes:
    """The root of a perfect subtree, with less ado than `Frontier`."""
    while len(hashes) > 1:
        pairs = zip(hashes[::2], hashes[1::2], strict=True)
        hashes = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
    return hashes[0]


def _history(piece: Piece, bundle: Tile, result: Result) -> dict[int, Said]:
    """The checkpoints that end in a bundle, each checked against its columns and the keys."""
    said: dict[int, Said] = {}
    for line in (piece.folder / history_path(bundle)).read_text().splitlines():
        try:
            row = json.loads(line)
            size, root, note = row["size"], decode_base64(row["root"]), row["note"]
            parsed = parse(note)
            checkpoint = Checkpoint.parse(parsed.text)
            fits = checkpoint == (row["origin"], size, root) and size not in said
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            result.findings.append(
                tampered(f"{piece.name} {history_path(bundle)}", "no checkpoint")
            )
            continue
        where = f"{piece.name} checkpoint {size}"
        if not fits or not bundle.start < size <= bundle.start + bundle.width:
            result.findings.append(tampered(where, "its columns are not those of its note"))
            continue
        finding, accepted = judge(parsed, checkpoint.origin, where, piece.anchors)
        if finding:
            result.findings.append(finding)
        said[size] = Said(root, accepted, first_cosigned(parsed, piece.anchors))
    return said


def judge(note: Note, origin: str, where: str, anchors: Anchors) -> tuple[Finding | None, bool]:
    """What is wrong with the signatures of a checkpoint, and whether the policy accepts it."""
    if not anchors.keys:
        return None, False
    keys = [key for key in anchors.policy.logs if key.name == origin]
    if not keys:
        return unverifiable(where, f"no key was given for the log {origin}"), False
    good: set[Verifier] = set()
    for key in (*keys, *anchors.policy.keys):
        for line in note.signatures:
            if (line.name, line.key_id) == (key.name, key.key_id):
                if not key.signed(note.text, line):
                    return tampered(where, f"a signature of {key.name} is not its own"), False
                good.add(key)
    if good.isdisjoint(keys):
        if any(line.name == origin for line in note.signatures):
            return unverifiable(where, "signed with a key that was not given"), False
        return tampered(where, "it is not signed by the log"), False
    return None, len(good.intersection(anchors.policy.keys)) >= anchors.policy.quorum


def first_cosigned(note: Note, anchors: Anchors) -> int | None:
    """When the first witness of the policy cosigned a checkpoint in which `judge` found nothing."""
    known = {(key.name, key.key_id) for key in anchors.policy.keys}
    lines = (line for line in note.signatures if (line.name, line.key_id) in known)
    return min((cosigned_at(line.value) for line in lines), default=None)


def _first_other(ours: Sequence[object], given: Sequence[object]) -> int:
    """Where two lists part."""
    for place, (one, other) in enumerate(zip(ours, given, strict=False)):
        if one != other:
            return place
    return min(len(ours), len(given), len(ours) - 1)
