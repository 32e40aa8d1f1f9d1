"""The tree and the entries as tiles: files of 256 at a time, the same for everybody.

Format: C2SP tlog-tiles (https://c2sp.org/tlog-tiles). Under one address or in one folder lie
`checkpoint`, hash tiles `tile/<level>/<index>` and entry bundles `tile/entries/<index>`; the last
of a row may be partial, `<index>.p/<width>`. Whoever has the tiles can make every proof.

Needs the standard library alone.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from audit.tree import Frontier, ReadNode

CHECKPOINT = "checkpoint"
"""Where the newest checkpoint lies."""

WIDTH = 256
"""Hashes of a full tile, entries of a full bundle."""

ENTRIES = -1
"""Stands for the level in the name of an entry bundle."""

MAX_ENTRY = 65_535

_HEIGHT = 8
_PATH = re.compile(
    r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?",
    re.ASCII,
)


class TileError(ValueError):
    """No path of a tile, or not the bytes of one."""


@dataclass(frozen=True, slots=True)
class Tile:
    """The name of a hash tile, or with `level` = ENTRIES of an entry bundle.

    Hash tile: `width` hashes of perfect subtrees of 256**level leaves, from the subtree
    `index` * 256 on. Bundle: the entries from `index` * 256 on.
    """

    level: int
    index: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Below the log's address or folder."""
        kind = "entries" if self.level == ENTRIES else self.level
        return f"tile/{kind}/{place(self.index, self.width)}"

    @property
    def full(self) -> bool:
        """Whether it will never grow."""
        return self.width == WIDTH

    @property
    def start(self) -> int:
        """The first leaf below it."""
        return self.index << _HEIGHT * (max(self.level, 0) + 1)

    @property
    def needs(self) -> int:
        """The smallest size of a log that has this tile."""
        return ((self.index << _HEIGHT) + self.width) << _HEIGHT * max(self.level, 0)

    @classmethod
    def parse(cls, path: str) -> Self:
        """Read a path in its one spelling. Raises TileError."""
        match = _PATH.fullmatch(path)
        if not match:
            raise TileError("not the path of a tile")
        kind, groups, width = match.groups()
        index = int(groups.replace("/", "").replace("x", ""))
        level = ENTRIES if kind == "entries" else int(kind)
        tile = cls(level, index, int(width) if width else WIDTH)
        if tile.level > 63 or (width and tile.width >= WIDTH) or tile.path != path:
            raise TileError("not the path of a tile")
        return tile


def place(index: int, width: int = WIDTH) -> str:
    """Index and width as the end of a path: `x001/x234/067`, partial `x001/x234/067.p/5`."""
    groups = [f"{index % 1000:03}"]
    while index := index // 1000:
        groups.append(f"x{index % 1000:03}")
    partial = "" if width == WIDTH else f".p/{width}"
    return "/".join(reversed(groups)) + partial


def hash_tiles(size: int, since: int = 0) -> Iterator[Tile]:
    """The hash tiles of a tree of `size` leaves that are not among those of `since` leaves."""
    level = 0
    while size:
        for index, width in _row(size, since):
            yield Tile(level, index, width)
        level, size, since = level + 1, size >> _HEIGHT, since >> _HEIGHT


def bundles(size: int, since: int = 0) -> Iterator[Tile]:
    """The entry bundles of a log of `size` entries that are not among those of `since`."""
    return (Tile(ENTRIES, index, width) for index, width in _row(size, since))


def _row(size: int, since: int) -> Iterator[tuple[int, int]]:
    full = size // WIDTH
    yield from ((index, WIDTH) for index in range(since // WIDTH, full))
    if size % WIDTH and size != since:
        yield full, size % WIDTH


def encode_hashes(hashes: Sequence[bytes]) -> bytes:
    """The bytes of a hash tile. Raises TileError."""
    if not 0 < len(hashes) <= WIDTH or any(len(hash_) != 32 for hash_ in hashes):
        raise TileError("a tile holds 1 to 256 hashes of 32 bytes")
    return b"".join(hashes)


def decode_hashes(raw: bytes, width: int) -> list[bytes]:
    """The hashes of a tile of this width. Raises TileError."""
    if len(raw) != 32 * width:
        raise TileError(f"a tile of {width} hashes has {32 * width} bytes, not {len(raw)}")
    return [raw[start : start + 32] for start in range(0, len(raw), 32)]


def encode_bundle(entries: Iterable[bytes]) -> bytes:
    """The bytes of an entry bundle: before each entry its length, two bytes. Raises TileError."""
    pieces: list[bytes] = []
    for entry in entries:
        if len(entry) > MAX_ENTRY:
            raise TileError(f"an entry over {MAX_ENTRY} bytes")
        pieces += (len(entry).to_bytes(2), entry)
    if not 0 < len(pieces) <= 2 * WIDTH:
        raise TileError("a bundle holds 1 to 256 entries")
    return b"".join(pieces)


def decode_bundle(raw: bytes, width: int) -> list[bytes]:
    """The entries of a bundle of this width. Raises TileError."""
    entries: list[bytes] = []
    at = 0
    while at < len(raw):
        start = at + 2
        at = start + int.from_bytes(raw[at:start])
        entries.append(raw[start:at])
    if at != len(raw) or len(entries) != width:
        raise TileError(f"not a bundle of {width} entries")
    return entries


def node_reader(read: Callable[[Tile], Sequence[bytes]], size: int) -> ReadNode:
    """Perfect subtrees, out of the hash tiles of a tree of `size` leaves, for `audit.tree`."""

    def node(level: int, index: int) -> bytes:
        row, height = divmod(level, _HEIGHT)
        first = index << height
        tile, offset = divmod(first, WIDTH)
        width = min(WIDTH, (size >> _HEIGHT * row) - tile * WIDTH)
        if offset + (1 << height) > width:
            raise TileError(f"no subtree {index} of level {level} in a tree of {size}")
        below = Frontier()
        below.extend(read(Tile(row, tile, width))[offset : offset + (1 << height)])
        return below.edge[0]

    return node
