"""The bench's loops and the SQL text of the rule were written apart from each other: they agree.

Where numba is installed it is not used here: what is compared is what the loops say.
"""

import importlib
import sys
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.signaling.rule_runner import HOUR, MINUTE, PLACES, Sighting, Stay, stays

START = 1_795_000_000_000
LOOPS = "bench.signaling.ways.kernel_rule"
ROWS = sorted(PLACES)
COUNTRIES = sum(row[0] < 0 for row in ROWS)
GAPS = st.one_of(
    st.integers(0, 40 * MINUTE), st.integers(0, 6 * HOUR), st.integers(20 * HOUR, 30 * HOUR)
)
STEPS = st.lists(
    st.tuples(GAPS, st.sampled_from([row[0] for row in ROWS])), min_size=1, max_size=60
)


@pytest.fixture(scope="module")
def loops() -> Iterator[ModuleType]:
    """The loops as plain Python."""
    stand_in: Any = SimpleNamespace(njit=lambda **_: lambda function: function)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "numba", stand_in)
        patch.delitem(sys.modules, LOOPS, raising=False)
        yield importlib.import_module(LOOPS)
        patch.delitem(sys.modules, LOOPS)


def by_loops(loops: ModuleType, sightings: list[Sighting]) -> list[Stay]:
    places = np.array(
        [[city, partner or 0, *circle[:4], -1 if circle[4] is None else circle[4]]
         for _, city, partner, *circle in ROWS],
        dtype=object,
    )  # fmt: skip
    places[places == None] = 0  # noqa: E711  element by element
    number = {row[0]: n for n, row in enumerate(ROWS)}
    seen = sorted((t, number[place]) for _, t, place in sightings)
    out = np.zeros((len(seen) + 1, 5), np.int64)
    rows = loops.compile_person(
        1,
        np.array([t for t, _ in seen]),
        np.array([place for _, place in seen]),
        places.astype(np.int64),
        COUNTRIES,
        out,
        0,
    )
    found = [tuple(map(int, row)) for row in out[:rows]]
    return [(who, city, alt or None, lo, hi) for who, city, alt, lo, hi in found]


def in_order(found: list[Stay]) -> list[Stay]:
    return sorted(found, key=lambda row: (row[3], row[4], row[1], row[2] or 0))


@given(STEPS)
@settings(max_examples=100, deadline=None)
def test_the_loops_and_the_text_give_the_same_rows(
    loops: ModuleType, steps: list[tuple[int, int]]
) -> None:
    t, sightings = START, []
    for gap, place in steps:
        t += gap
        sightings.append((1, t, place))
    assert in_order(by_loops(loops, sightings)) == in_order(stays(sightings))
