"""Whether a folder lies on an encrypted volume, as far as this machine can see."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ENCRYPTING: Final = ("ecryptfs", "fuse.cryfs", "fuse.encfs", "fuse.gocryptfs")  # file systems


def is_seen_encrypted(folder: Path, *, root: Path = Path("/")) -> bool:
    """True for a file system that encrypts and for dm-crypt (LUKS) anywhere below one.

    False says nothing of encryption further down: by a virtual machine's host, a storage array,
    or the disk itself. `folder` need not exist yet.
    """
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    device = folder.stat().st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    kinds = _file_systems(root / "proc/self/mountinfo", number)
    return any(kind in ENCRYPTING for kind in kinds) or any(
        uuid.startswith("CRYPT-") for uuid in _mapped_below(root / "sys/dev/block" / number)
    )


def _file_systems(mountinfo: Path, number: str) -> Iterator[str]:
    """Types of the file systems that are mounted from a device: see proc(5)."""
    if mountinfo.exists():
        for line in mountinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            before, _, after = line.partition(" - ")
            if before.split()[2] == number:
                yield after.split()[0]


def _mapped_below(device: Path) -> Iterator[str]:
    """The device mapper's names for a block device and for those that it is made of."""
    name = device / "dm/uuid"
    if name.exists():
        yield name.read_text(encoding="ascii", errors="replace").strip()
    for below in (device / "slaves").glob("*"):
        yield from _mapped_below(below)
