"""Tiles against the text of the specification and against the tree."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit import tiles, tree
from audit.tiles import ENTRIES, Tile, TileError

LEAVES = [tree.hash_leaf(str(number).encode()) for number in range(70_000)]


def hashes_of(tile: Tile) -> list[bytes]:
    """MTH(D[(n * 256 + i) * 256**l : (n * 256 + i + 1) * 256**l]), word for word."""
    found = []
    for i in range(tile.width):
        span = 256**tile.level
        below = tree.Frontier()
        below.extend(LEAVES[(tile.index * 256 + i) * span : (tile.index * 256 + i + 1) * span])
        found.append(below.root())
    return found


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 1234067), "tile/0/x001/x234/067"),
        (Tile(0, 0, 1), "tile/0/000.p/1"),
        (Tile(63, 1000, 255), "tile/63/x001/000.p/255"),
        (Tile(ENTRIES, 999), "tile/entries/999"),
        (Tile(ENTRIES, 5, 17), "tile/entries/005.p/17"),
    ],
)
def test_paths_are_those_of_the_specification(tile: Tile, path: str) -> None:
    assert tile.path == path
    assert Tile.parse(path) == tile


@given(
    st.builds(Tile, st.integers(-1, 63), st.integers(0, 10**18 - 1), st.integers(1, 256)),
)
def test_every_path_is_read_back(tile: Tile) -> None:
    assert Tile.parse(tile.path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "", "tile", "tile/0", "tile/0/", "tile/0/1", "tile/0/0001", "tile/0/x000/001",
        "tile/00/000", "tile/64/000", "tile/-1/000", "tile/0/000.p/0", "tile/0/000.p/256",
        "tile/0/000.p/01", "tile/0/000.p/", "tile/0/001/000", "tile/0/x001/x000",
        "tile/data/000", "/tile/0/000", "tile/0/000/", "tile/0/000\n", "tile/0/../../checkpoint",
        "tile/0/٠٠٠", "tile/0/" + "x001/" * 6 + "000", "tile/entries/000.P/3", "checkpoint",
    ],
)  # fmt: skip
def test_another_spelling_is_no_path(path: str) -> None:
    with pytest.raises(TileError):
        Tile.parse(path)


def test_the_tiles_of_a_tree_of_70000_are_those_of_the_specification() -> None:
    made = list(tiles.hash_tiles(70_000))
    assert sum(tile.level == 0 and tile.full for tile in made) == 273
    assert [tile for tile in made if not tile.full] == [
        Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1),
    ]  # fmt: skip
    assert [tile for tile in made if tile.level == 1 and tile.full] == [Tile(1, 0)]
    assert list(tiles.hash_tiles(256)) == [Tile(0, 0), Tile(1, 0, 1)]
    assert list(tiles.bundles(257)) == [Tile(ENTRIES, 0), Tile(ENTRIES, 1, 1)]
    assert list(tiles.hash_tiles(0)) == list(tiles.bundles(0)) == []


@given(st.integers(0, 200_000), st.integers(0, 70_000))
def test_a_mirror_that_follows_misses_no_tile_and_asks_for_none_twice(old: int, more: int) -> None:
    for listed in (tiles.hash_tiles, tiles.bundles):
        before, after = set(listed(old)), set(listed(old + more))
        fetched = list(listed(old + more, old))
        assert set(fetched) == after - before
        assert len(fetched) == len(set(fetched))
        assert all(old < tile.needs <= old + more for tile in fetched)
        assert all(tile.start < tile.needs for tile in fetched)


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 65_536, 65_537, 70_000])
def test_tiles_give_the_root_and_every_proof(size: int) -> None:
    held = {tile: tiles.encode_hashes(hashes_of(tile)) for tile in tiles.hash_tiles(size)}
    read = tiles.node_reader(lambda tile: tiles.decode_hashes(held[tile], tile.width), size)
    whole = tree.Frontier()
    whole.extend(LEAVES[:size])
    assert tree.root(read, size) == whole.root()
    for index in {0, 1, size // 2, size - 1} & set(range(size)):
        proof = tree.inclusion_proof(read, index, size)
        tree.verify_inclusion(LEAVES[index], index, size, proof, whole.root())
    for old in {1, 2, 255, 256, 300, size - 1} & set(range(1, size)):
        before = tree.Frontier()
        before.extend(LEAVES[:old])
        proof = tree.consistency_proof(read, old, size)
        tree.verify_consistency(old, before.root(), size, whole.root(), proof)
    with pytest.raises(TileError):
        read(0, size)


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=256))
def test_bundles_are_read_back_and_cut_ones_are_not(entries: list[bytes]) -> None:
    raw = tiles.encode_bundle(entries)
    assert tiles.decode_bundle(raw, len(entries)) == entries
    for damaged in (raw[:-1], raw + b"\0", raw + b"\0\0"):
        with pytest.raises(TileError):
            tiles.decode_bundle(damaged, len(entries))


def test_bounds_of_bundles_and_tiles() -> None:
    longest = [b"x" * 65_535]
    assert tiles.encode_bundle(longest)[:2] == b"\xff\xff"
    assert tiles.decode_bundle(tiles.encode_bundle(longest), 1) == longest
    for wrong in ([], [b"x" * 65_536], [b""] * 257):
        with pytest.raises(TileError):
            tiles.encode_bundle(wrong)
    for hashes in ([], [b"x" * 31], [b"x" * 32] * 257):
        with pytest.raises(TileError):
            tiles.encode_hashes(hashes)
    with pytest.raises(TileError):
        tiles.decode_hashes(b"x" * 63, 2)
