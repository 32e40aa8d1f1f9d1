"""How far two distributions are apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.messages.oracle import distance

times = st.lists(st.integers(0, 20).map(float), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("one", "rest", "apart"),
    [
        ([1.0, 2.0], [1.0, 2.0], 0.0),
        ([1.0, 2.0], [3.0, 4.0], 1.0),
        ([1.0, 3.0], [2.0, 4.0], 0.5),
    ],
)
def test_known_distances(one: list[float], rest: list[float], apart: float) -> None:
    assert distance(one, rest) == apart


@given(times, times)
def test_it_is_the_same_from_both_sides(one: list[float], rest: list[float]) -> None:
    apart = distance(one, rest)
    assert 0 <= apart <= 1
    assert apart == pytest.approx(distance(rest, one))
