"""The Merkle tree of the log: hashing, growing, proofs.

Hashing and proofs are those of RFC 6962 section 2.1; verification follows RFC 9162 sections
2.1.3.2 and 2.1.4.2. Every hash is 32 bytes of SHA-256.

A perfect subtree is named by (level, index): it covers the leaves index * 2**level up to
(index + 1) * 2**level. Level 0 is the leaves. Only perfect subtrees are ever stored; they never
change once made, so a tree is written by appending only.

Needs the standard library alone.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import NamedTuple

EMPTY_ROOT = sha256(b"").digest()

ReadNode = Callable[[int, int], bytes]
"""Gives the hash of the perfect subtree (level, index)."""


class ProofError(ValueError):
    """A proof does not show what it claims, or cannot be made."""


class Node(NamedTuple):
    """One perfect subtree: its level, its index, and its hash."""

    level: int
    place: int
    hash: bytes


def hash_leaf(data: bytes) -> bytes:
    """Hash of one leaf over the bytes it stands for."""
    return sha256(b"\x00" + data).digest()


def hash_children(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node over its two children."""
    return sha256(b"\x01" + left + right).digest()


@dataclass
class Frontier:
    """What must be known of a tree to make it grow: its size and its right edge.

    `edge` holds the hashes of the perfect subtrees that cover the leaves, the largest first: one
    for each bit set in `size`.
    """

    size: int = 0
    edge: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        if len(self.edge) != self.size.bit_count():
            raise ValueError(f"a tree of {self.size} leaves has {self.size.bit_count()} subtrees")

    def extend(self, leaf_hashes: Iterable[bytes]) -> list[Node]:
        """Append leaves; return the inner perfect subtrees this completed, in order of making."""
        made: list[Node] = []
        edge, size = self.edge, self.size
        for leaf_hash in leaf_hashes:
            node, position, level = leaf_hash, size, 0
            while position & 1:
                node = sha256(b"\x01" + edge.pop() + node).digest()
                position >>= 1
                level += 1
                made.append(Node(level, position, node))
            edge.append(node)
            size += 1
        self.size = size
        return made

    def root(self) -> bytes:
        """The root hash over all leaves."""
        if not self.edge:
            return EMPTY_ROOT
        root = self.edge[-1]
        for node in reversed(self.edge[:-1]):
            root = hash_children(node, root)
        return root


def edge_positions(size: int) -> list[tuple[int, int]]:
    """(level, index) of the perfect subtrees that cover `size` leaves, the largest first."""
    levels = [level for level in range(size.bit_length()) if size >> level & 1]
    return [(level, (size >> level) - 1) for level in reversed(levels)]


def root(read: ReadNode, size: int) -> bytes:
    """The root hash of the first `size` leaves."""
    return Frontier(size, [read(level, index) for level, index in edge_positions(size)]).root()


def inclusion_proof(read: ReadNode, index: int, size: int) -> list[bytes]:
    """The audit path of leaf `index` in the tree of `size` leaves, from the leaf upwards.

    Raises ProofError when there is no such leaf.
    """
    if not 0 <= index < size:
        raise ProofError(f"no leaf {index} in a tree of {size}")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_range_hash(read, middle, end))
            end = middle
        else:
            path.append(_range_hash(read, start, middle))
            start = middle
    return path[::-1]


def consistency_proof(read: ReadNode, old: int, new: int) -> list[bytes]:
    """Shows that the tree of `new` leaves begins with the tree of `old` leaves.

    Raises ProofError for old = 0 (every tree begins with the empty one: nothing to show) and
    old > new.
    """
    if not 0 < old <= new:
        raise ProofError(f"no consistency proof from {old} to {new}")
    path: list[bytes] = []
    start, end = 0, new
    known_to_old_root = True
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(_range_hash(read, middle, end))
            end = middle
        else:
            path.append(_range_hash(read, start, middle))
            start = middle
            known_to_old_root = False
    if not known_to_old_root:
        path.append(_range_hash(read, start, end))
    return path[::-1]


def with_nodes(
    prove: Callable[[ReadNode], list[bytes]],
    fetch: Callable[[Sequence[tuple[int, int]]], Sequence[bytes]],
) -> list[bytes]:
    """A proof with one look-up: `prove` is asked what it reads, `fetch` gets all of it at once."""
    positions: dict[tuple[int, int], None] = {}

    def note(level: int, index: int) -> bytes:
        positions[level, index] = None
        return b""

    prove(note)
    asked = list(positions)
    found = dict(zip(asked, fetch(asked), strict=True))
    return prove(lambda level, index: found[level, index])


def verify_inclusion(
    leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Raise ProofError unless `proof` shows the leaf at `index` under `root`."""
    if not 0 <= index < size:
        raise ProofError(f"no leaf {index} in a tree of {size}")
    node = leaf_hash
    for sibling, is_left in _climb(index, size - 1, proof):
        node = hash_children(sibling, node) if is_left else hash_children(node, sibling)
    if node != root:
        raise ProofError("inclusion proof leads to another root")


def verify_consistency(
    old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Raise ProofError unless `proof` shows that the old tree is the beginning of the new one.

    From or to an empty tree there is nothing to prove, so such a proof is refused, too: a caller
    who remembers no tree must not take one for remembered.
    """
    if not 0 < old <= new:
        raise ProofError(f"no consistency proof from {old} to {new}")
    if old == new:
        if proof:
            raise ProofError("consistency proof between equal sizes is not empty")
        if old_root != new_root:
            raise ProofError("two roots for one size")
        return
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        raise ProofError("consistency proof is too short")
    # The climb begins at the largest perfect subtree at the old tree's right edge.
    level = (old & -old).bit_length() - 1
    from_old = from_new = path[0]
    for sibling, is_left in _climb((old - 1) >> level, (new - 1) >> level, path[1:]):
        if is_left:
            from_old = hash_children(sibling, from_old)
            from_new = hash_children(sibling, from_new)
        else:
            from_new = hash_children(from_new, sibling)
    if from_old != old_root:
        raise ProofError("consistency proof does not begin at the old root")
    if from_new != new_root:
        raise ProofError("consistency proof does not lead to the new root")


def _climb(position: int, last: int, siblings: Sequence[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Walk from a subtree to the root: each sibling on the way, and whether it stands left.

    `position` is the subtree's, `last` that of the rightmost one on its level. Raises ProofError
    when the siblings do not lead exactly to the root.
    """
    for sibling in siblings:
        if len(sibling) != 32:
            raise ProofError("a proof is a list of 32-byte hashes")
        if last == 0:
            raise ProofError("the proof is too long")
        if position & 1 or position == last:
            yield sibling, True
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            yield sibling, False
        position >>= 1
        last >>= 1
    if last:
        raise ProofError("the proof is too short")


def _split(count: int) -> int:
    """The largest power of two smaller than `count`."""
    return 1 << ((count - 1).bit_length() - 1)


def _range_hash(read: ReadNode, start: int, end: int) -> bytes:
    """Hash of the leaves start..end, where start is a multiple of the power of two above."""
    tops = [read(level, index + (start >> level)) for level, index in edge_positions(end - start)]
    return Frontier(end - start, tops).root()
