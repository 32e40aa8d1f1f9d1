"""What the rules need of each entry, sorted on disk: nothing here grows with the log in memory.

Records go to files by the first two digits of what they are about. References are random, so a file
holds one part in 256, and each is looked at on its own.
"""

import marshal
import mmap
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

OTHER = "other"
PREFIXES = [*(f"{number:02x}" for number in range(256)), OTHER]
"""OTHER: of a reference that is none."""

Record = tuple[Any, ...]


class Spill:
    """Two heaps of files in a folder: records of one person, and names that may stand once."""

    def __init__(self, folder: Path) -> None:
        self.records = folder / "records"
        self.names = folder / "names"
        for heap in (self.records, self.names):
            heap.mkdir(exist_ok=True)

    def add(self, records: dict[str, list[Record]], names: Iterable[str]) -> None:
        """Put away what one piece of the log gave. Each process writes files of its own."""
        for prefix, some in records.items():
            block = marshal.dumps(some)
            _append(self.records / _name(prefix), len(block).to_bytes(8) + block)
        by_prefix = defaultdict(list)
        for name in names:
            by_prefix[name[:2]].append(name)
        for prefix, named in by_prefix.items():
            _append(self.names / _name(prefix), ("\n".join(named) + "\n").encode())

    def sizes(self, order: int) -> Path:
        """Where the sizes of a log's checkpoints lie: 8 bytes each, rising."""
        return self.records.parent / f"sizes.{order}"

    @staticmethod
    def mapped(path: Path) -> Sequence[int]:
        """They, without being read into memory."""
        with path.open("rb") as file:
            if not path.stat().st_size:
                return ()
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return memoryview(content).cast("q")

    def records_of(self, prefix: str) -> list[Record]:
        """All records about people whose reference begins so."""
        found: list[Record] = []
        for path in sorted(self.records.glob(f"{prefix}.*")):
            with path.open("rb") as file:
                while head := file.read(8):
                    # Our own bytes, in a folder that nobody else may enter.
                    found += marshal.loads(file.read(int.from_bytes(head)))  # noqa: S302
        return found

    def names_of(self, prefix: str) -> Iterator[str]:
        """All names that begin so."""
        for path in sorted(self.names.glob(f"{prefix}.*")):
            with path.open() as file:
                yield from (line.rstrip("\n") for line in file)


def _name(prefix: str) -> str:
    """The prefix comes from an entry, and may be anything."""
    return f"{prefix if prefix in _KNOWN else OTHER}.{os.getpid()}"


_KNOWN = frozenset(PREFIXES)


def _append(path: Path, block: bytes) -> None:
    with path.open("ab") as file:
        file.write(block)
