"""The tree against the definition of RFC 6962, written down naively."""

import itertools
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit import tree

LEAVES = [tree.hash_leaf(str(number).encode()) for number in range(300)]


def naive_root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962 section 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + naive_root(leaves[:split]) + naive_root(leaves[split:])).digest()


def reader(count: int) -> tree.ReadNode:
    """Stored nodes of a tree of `count` leaves; asking for any other node is an error."""
    nodes = {(0, index): leaf for index, leaf in enumerate(LEAVES[:count])}
    nodes.update({(n.level, n.place): n.hash for n in tree.Frontier().extend(LEAVES[:count])})
    return lambda level, index: nodes[level, index]


ROOTS = [naive_root(LEAVES[:size]) for size in range(len(LEAVES) + 1)]
READ = reader(len(LEAVES))


def test_hashes_are_those_of_the_standard() -> None:
    # Test vectors of certificate transparency's reference implementation.
    inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657"]
    inputs.append("606162636465666768696a6b6c6d6e6f")
    frontier = tree.Frontier()
    frontier.extend(tree.hash_leaf(bytes.fromhex(data)) for data in inputs)
    assert (
        frontier.root().hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    )


@pytest.mark.parametrize("step", [1, 7, 64, 300])
def test_growing_in_any_steps_gives_the_naive_root_at_every_size(step: int) -> None:
    frontier = tree.Frontier()
    for start in range(0, len(LEAVES), step):
        frontier.extend(LEAVES[start : start + step])
        assert frontier.root() == ROOTS[frontier.size]


def test_stored_nodes_are_the_perfect_subtrees_each_once() -> None:
    for count in (0, 1, 2, 3, 8, 100, 255, 256, 300):
        made = tree.Frontier().extend(LEAVES[:count])
        expected = {
            (level, index): naive_root(LEAVES[index << level : (index + 1) << level])
            for level in range(1, count.bit_length())
            for index in range(count >> level)
        }
        assert {(node.level, node.place): node.hash for node in made} == expected
        assert len(made) == len(expected)


def test_a_tree_is_taken_up_from_its_stored_edge() -> None:
    for size in range(len(LEAVES)):
        edge = [READ(level, index) for level, index in tree.edge_positions(size)]
        frontier = tree.Frontier(size, edge)
        assert frontier.root() == ROOTS[size] == tree.root(READ, size)
        frontier.extend([LEAVES[size]])
        assert frontier.root() == ROOTS[size + 1]


def test_a_frontier_with_a_wrong_edge_is_refused() -> None:
    with pytest.raises(ValueError, match="2 subtrees"):
        tree.Frontier(5, [LEAVES[0]])


def test_inclusion_of_every_leaf_in_every_size() -> None:
    for size in range(1, len(LEAVES) + 1):
        for index in range(size):
            proof = tree.inclusion_proof(READ, index, size)
            tree.verify_inclusion(LEAVES[index], index, size, proof, ROOTS[size])


def test_consistency_of_all_pairs() -> None:
    for old, new in itertools.combinations_with_replacement(range(1, len(LEAVES) + 1), 2):
        proof = tree.consistency_proof(READ, old, new)
        tree.verify_consistency(old, ROOTS[old], new, ROOTS[new], proof)


@pytest.mark.parametrize("old", [0, 8])
def test_no_consistency_from_nothing_or_backwards(old: int) -> None:
    with pytest.raises(tree.ProofError):
        tree.consistency_proof(READ, old, 7)
    with pytest.raises(tree.ProofError):
        tree.verify_consistency(old, ROOTS[old], 7, ROOTS[7], [])
    with pytest.raises(tree.ProofError):
        tree.verify_consistency(0, ROOTS[0], 0, ROOTS[0], [])


@pytest.mark.parametrize(("index", "size"), [(7, 7), (-1, 7), (0, 0)])
def test_no_inclusion_outside_the_tree(index: int, size: int) -> None:
    with pytest.raises(tree.ProofError):
        tree.inclusion_proof(READ, index, size)
    with pytest.raises(tree.ProofError):
        tree.verify_inclusion(LEAVES[0], index, size, [], ROOTS[size])


def spoiled(proof: list[bytes], data: st.DataObject) -> list[bytes]:
    """Another list than `proof`: one hash changed, dropped, doubled, swapped or cut."""
    kinds = ["extra", "short hash"] + (["flip", "drop", "double"] if proof else [])
    kind = data.draw(st.sampled_from(kinds))
    at = data.draw(st.integers(0, max(len(proof) - 1, 0)))
    if kind == "flip":
        return [*proof[:at], sha256(proof[at]).digest(), *proof[at + 1 :]]
    if kind == "drop":
        return [*proof[:at], *proof[at + 1 :]]
    if kind == "double":
        return [*proof[: at + 1], *proof[at:]]
    if kind == "extra":
        return [*proof, LEAVES[0]]
    return [*proof[:at], b"short", *proof[at + 1 :]]


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_a_spoiled_proof_is_refused(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, len(LEAVES)))
    index = data.draw(st.integers(0, size - 1))
    bad = spoiled(tree.inclusion_proof(READ, index, size), data)
    with pytest.raises(tree.ProofError):
        tree.verify_inclusion(LEAVES[index], index, size, bad, ROOTS[size])
    old = index + 1
    bad = spoiled(tree.consistency_proof(READ, old, size), data)
    with pytest.raises(tree.ProofError):
        tree.verify_consistency(old, ROOTS[old], size, ROOTS[size], bad)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_proof_shows_one_leaf_at_one_place_only(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, len(LEAVES)))
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(0, size - 1).filter(lambda at: at != index))
    proof = tree.inclusion_proof(READ, index, size)
    with pytest.raises(tree.ProofError):
        tree.verify_inclusion(LEAVES[other], index, size, proof, ROOTS[size])
    with pytest.raises(tree.ProofError):
        tree.verify_inclusion(LEAVES[index], index, size, proof, ROOTS[size - 1])
    with pytest.raises(tree.ProofError):
        tree.verify_inclusion(LEAVES[index], other, size, proof, ROOTS[size])
