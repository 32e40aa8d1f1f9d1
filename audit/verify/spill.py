"""What the rules need of each entry, sorted on disk: nothing here grows with the log in memory.

Records go to files by the first digits of what they are about. References are random, so each file
holds one part in 16, 256 or 4,096, and is looked at on its own. `Reader` gives nothing here that
does not begin as a reference does.
"""

import marshal
import mmap
import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

FEW = 1 << 20
"""Entries for which files by one digit are enough."""

MANY: Final = 1 << 26
"""And by two."""

Record = tuple[Any, ...]


class Spill:
    """Two heaps of files in a folder: records of one person, and names that may stand once."""

    def __init__(self, folder: Path, entries: int) -> None:
        self.digits = 1 if entries < FEW else 2 if entries < MANY else 3
        self.records = folder / "records"
        self.names = folder / "names"
        for heap in (self.records, self.names):
            heap.mkdir(exist_ok=True)

    def prefixes(self) -> list[str]:
        """All first digits there are."""
        return [f"{number:0{self.digits}x}" for number in range(16**self.digits)]

    def add(self, records: Iterable[Record], names: Iterable[str]) -> None:
        """Put away what one piece of the log gave. Each process writes files of its own."""
        digits = self.digits
        told = defaultdict(list)
        for record in records:
            told[record[3][:digits]].append(record)
        for prefix, some in told.items():
            block = marshal.dumps(some)
            _append(self.records / f"{prefix}.{os.getpid()}", len(block).to_bytes(8) + block)
        named = defaultdict(list)
        for name in names:
            named[name[:digits]].append(name)
        for prefix, few in named.items():
            _append(self.names / f"{prefix}.{os.getpid()}", ("\n".join(few) + "\n").encode())

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

    def names_of(self, prefix: str) -> list[str]:
        """All names that begin so."""
        found: list[str] = []
        for path in sorted(self.names.glob(f"{prefix}.*")):
            found += path.read_text().split("\n")[:-1]
        return found


def _append(path: Path, block: bytes) -> None:
    with path.open("ab") as file:
        file.write(block)
