"""What holds for every sequence of sightings."""

import random
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from signaling import rule
from tests.unit.signaling.rule_runner import HOUR, MINUTE, Sighting, stays

BORDERS = [(1, 2), (2, 3)]
# Mostly the ordinary: gaps of minutes; sometimes of hours, and across a day without a sighting.
GAPS = st.one_of(
    st.integers(0, 40 * MINUTE), st.integers(0, 6 * HOUR), st.integers(20 * HOUR, 30 * HOUR)
)
STEPS = st.lists(st.tuples(GAPS, st.integers(1, 3)), min_size=1, max_size=60)
START = 1_795_000_000_000


def track(steps: list[tuple[int, int]], subscriber: int = 1) -> list[Sighting]:
    t, found = START, []
    for gap, city in steps:
        t += gap
        found.append((subscriber, t, city))
    return found


@given(STEPS, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_order_and_repetition_change_nothing(
    steps: list[tuple[int, int]], dice: random.Random
) -> None:
    sightings = track(steps)
    again = sightings + dice.sample(sightings, len(sightings) // 2)
    dice.shuffle(again)
    assert stays(again, borders=BORDERS) == stays(sightings, borders=BORDERS)


@given(STEPS)
@settings(max_examples=60, deadline=None)
def test_the_fast_plan_gives_what_the_text_alone_gives(steps: list[tuple[int, int]]) -> None:
    sightings = track(steps)
    assert stays(sightings, borders=BORDERS) == stays(sightings, borders=BORDERS, reduced=False)


@given(STEPS)
@settings(max_examples=60, deadline=None)
def test_no_stay_reaches_beyond_what_was_seen(steps: list[tuple[int, int]]) -> None:
    sightings = track(steps)
    first, last = sightings[0][1], sightings[-1][1]
    for _, city, _, start, end in stays(sightings, borders=BORDERS):
        assert first <= start < end <= last
        assert any(
            seen == city and start - 30 * MINUTE <= t <= end + 30 * MINUTE
            for _, t, seen in sightings
        )


@given(STEPS)
@settings(max_examples=60, deadline=None)
def test_stays_of_one_city_never_overlap(steps: list[tuple[int, int]]) -> None:
    found = stays(track(steps), borders=BORDERS)
    for city in (1, 2, 3):
        spans = sorted((start, end) for _, c, _, start, end in found if c == city)
        assert all(a[1] <= b[0] for a, b in pairwise(spans))


@given(STEPS, STEPS)
@settings(max_examples=30, deadline=None)
def test_people_are_compiled_each_on_their_own(
    one: list[tuple[int, int]], two: list[tuple[int, int]]
) -> None:
    first, second = track(one, 1), track(two, 2)
    together = stays(first + second, borders=BORDERS)
    assert together == stays(first, borders=BORDERS) + stays(second, borders=BORDERS)


@given(STEPS)
@settings(max_examples=30, deadline=None)
def test_a_shorter_silence_than_a_day_is_exact_too(steps: list[tuple[int, int]]) -> None:
    parameters = rule.Parameters(max_silence=6 * HOUR)
    sightings = track(steps)
    assert stays(sightings, parameters=parameters) == stays(
        sightings, parameters=parameters, reduced=False
    )
