"""One log of a copy: its pieces put together to one tree, held against what was signed."""

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol, Self

from audit.copy import LOG_NAME, PRUNED
from audit.note import Checkpoint, Note, NoteError, parse
from audit.tiles import CHECKPOINT, WIDTH, Tile
from audit.tree import Frontier
from audit.verify.entries import BEGINNING, OUT_OF_TIME, SLACK, Ending
from audit.verify.findings import Findings, StopError, tampered, unverifiable
from audit.verify.pieces import Anchors, Piece, Result, Seen, check, first_cosigned, judge, pieces
from audit.verify.spill import Spill

_MOST: Final = 1 << 40
"""A log of more entries is none."""


class Workers(Protocol):
    """What `multiprocessing.Pool` does, as far as it is used here."""

    def imap(self, func: Callable[[Any], Any], iterable: Iterable[Any], /) -> Iterable[Any]: ...


class Known(NamedTuple):
    """A root that the tree must have at a size, and what it means when it has not."""

    size: int
    root: bytes
    otherwise: str


@dataclass
class Log:
    """A log by its newest checkpoint. `accepted`: the largest size that the policy accepts;
    `latest`: the time of its newest entry."""

    name: str
    folder: Path
    order: int
    note: Note
    checkpoint: Checkpoint
    sizes: "array[int]" = field(default_factory=lambda: array("q"))
    accepted: int = 0
    accepted_root: bytes = b""
    endings: list[Ending] = field(default_factory=list)
    pruned: bool = False
    latest: datetime = BEGINNING

    @classmethod
    def open(cls, name: str, folder: Path, order: int) -> Self:
        """Read the newest checkpoint. Raises StopError."""
        try:
            note = parse((folder / CHECKPOINT).read_bytes())
            checkpoint = Checkpoint.parse(note.text)
        except FileNotFoundError:
            raise StopError(unverifiable(name, "the copy has no checkpoint of it")) from None
        except NoteError as error:
            raise StopError(tampered(name, f"its checkpoint: {error}")) from None
        if not 0 < checkpoint.size < _MOST:
            raise StopError(unverifiable(name, f"a log of {checkpoint.size} entries"))
        return cls(name, folder, order, note, checkpoint, pruned=(folder / PRUNED).exists())

    @property
    def year(self) -> int | None:
        """The year that its name says."""
        year = self.checkpoint.origin.rpartition("/")[2]
        return int(year) if LOG_NAME.fullmatch(year) else None


@dataclass
class Walk:
    """Puts the pieces of a log together. `known`: what it must agree with, beside itself."""

    log: Log
    known: Iterable[Known]
    findings: Findings
    tops: Frontier = field(default_factory=Frontier)
    rows: list[list[bytes]] = field(default_factory=list)

    def run(self, pool: Workers, *, columns: bool, anchors: Anchors, spill: Spill) -> bool:
        """Check the whole log; return whether all of it could be read."""
        log, size = self.log, self.log.checkpoint.size
        where = f"{log.name} checkpoint {size}"
        finding, accepted = judge(log.note, log.checkpoint.origin, where, anchors)
        if finding:
            self.findings.add(finding)
        self._watch(accepted)
        self._cosigned = None if finding else first_cosigned(log.note, anchors)
        watched = frozenset(self._roots)
        asked = (
            Piece(
                log.folder, log.name, log.order, tiles, watched, columns, anchors, spill, log.year
            )
            for tiles in pieces(size)
        )
        for result in pool.imap(check, asked):
            self.findings.add(*result.findings)
            self.log.endings += result.endings
            self._check_order(result)
            for bundle in result.bundles:
                self._take(bundle)
            log.latest = max(log.latest, result.latest)
            if not result.complete:
                return False
        self._check_rest_of_rows()
        return True

    def _check_order(self, result: Result) -> None:
        """Whether a piece is older than what stands before it; inside, it was looked at."""
        if result.earliest and result.earliest[0] < self.log.latest - SLACK:
            where = f"{self.log.name} entry {result.earliest[1]}"
            self.findings.add(tampered(where, OUT_OF_TIME))

    def _check_cosigned(self, seen: Seen) -> None:
        """Whether a witness saw a checkpoint before what is under it is said to have happened."""
        of_head = self._cosigned if seen.size == self.log.checkpoint.size else None
        times = [at for at in (seen.cosigned, of_head) if at is not None]
        newest = max(self.log.latest, seen.latest)
        if times and newest.timestamp() > min(times) + SLACK.total_seconds():
            self._wrong(seen.size, "an entry in it is from after it was cosigned")

    def _watch(self, accepted: bool) -> None:
        self._roots: dict[int, list[Known]] = defaultdict(list)
        said = self.log.checkpoint
        signed = Known(said.size, said.root, "it was signed for other entries than these")
        for known in (signed, *self.known):
            if known.size > said.size:
                self._wrong(known.size, "the log was longer when it was seen before")
            else:
                self._roots[known.size].append(known)
        self._head = said.size if accepted else 0

    def _take(self, bundle: list[Seen]) -> None:
        """Grow the tree by a bundle, and hold every root in it against the one of these entries."""
        for seen in bundle:
            root = self._root(seen)
            expected = list(self._roots.get(seen.size, ()))
            if seen.signed is not None:
                otherwise = "it was signed for other entries than these"
                expected.append(Known(seen.size, seen.signed, otherwise))
                self.log.sizes.append(seen.size)
            for known in expected:
                if known.root != root:
                    self._wrong(seen.size, known.otherwise)
            self._check_cosigned(seen)
            if seen.accepted or seen.size == self._head:
                self.log.accepted, self.log.accepted_root = seen.size, root
        end = bundle[-1]
        if end.size % WIDTH == 0:
            self.tops.extend(end.edge)
            self._add_to_row(0, end.edge[0])

    def _root(self, seen: Seen) -> bytes:
        if seen.size % WIDTH:
            return Frontier(seen.size, [*self.tops.edge, *seen.edge]).root()
        grown = Frontier(self.tops.size, list(self.tops.edge))
        grown.extend(seen.edge)
        return grown.root()

    # ------------------------------------------------------------------ hash tiles above the first
    def _add_to_row(self, row: int, hash_: bytes) -> None:
        if row == len(self.rows):
            self.rows.append([])
        hashes = self.rows[row]
        hashes.append(hash_)
        if len(hashes) == WIDTH:
            self._check_tile(row)
            above = Frontier()
            above.extend(hashes)
            hashes.clear()
            self._add_to_row(row + 1, above.edge[0])

    def _check_rest_of_rows(self) -> None:
        for row, hashes in enumerate(self.rows):
            if hashes:
                self._check_tile(row)

    def _check_tile(self, row: int) -> None:
        hashes = self.rows[row]
        made = self.tops.size >> 8 * row
        tile = Tile(row + 1, (made - 1) // WIDTH, len(hashes))
        try:
            given = (self.log.folder / tile.path).read_bytes()
        except FileNotFoundError:
            self.findings.add(unverifiable(self.log.name, f"the copy lacks {tile.path}"))
            return
        if given != b"".join(hashes):
            self.findings.add(
                tampered(f"{self.log.name} {tile.path}", "not the tree of the entries")
            )

    def _wrong(self, size: int, what: str) -> None:
        self.findings.add(tampered(f"{self.log.name} checkpoint {size}", what))
