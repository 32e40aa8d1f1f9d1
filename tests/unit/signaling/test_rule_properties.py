"""What holds for every sequence of sightings."""

import random
from itertools import pairwise

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from signaling import rule
from tests.unit.signaling.rule_runner import (
    CITY_OF,
    DAY,
    HOUR,
    MINUTE,
    Sighting,
    Stay,
    compiled,
    sketch,
    stays,
)

# Mostly the ordinary: gaps of minutes; sometimes of hours, and across a day without a sighting.
GAPS = st.one_of(
    st.integers(0, 40 * MINUTE), st.integers(0, 6 * HOUR), st.integers(20 * HOUR, 30 * HOUR)
)
PLACE = st.sampled_from([1, 2, 3, 9, 12, 12, 12, 21, 21, 21, 23, 32, -460, -454])
STEPS = st.lists(st.tuples(GAPS, PLACE), min_size=1, max_size=60)
START = 1_795_000_000_000
CITY = CITY_OF | {-460: 46, -454: 45}


def at_a_border(dice: random.Random) -> list[tuple[int, int]]:
    """Some days at or near a boundary: in turn mostly here, mostly there, or in between."""
    steps = []
    for _ in range(dice.randint(15, 40)):
        share = dice.choice([0.0, 0.2, 0.4, 0.5, 0.6, 0.8, 1.0])
        here, there = dice.choice([(12, 21), (12, 21), (12, 21), (1, 12), (2, 21)])
        slow = dice.choice([10, 30, 90]) * MINUTE
        for _ in range(dice.randint(1, 15)):
            place = here if dice.random() >= share else there
            steps.append((dice.randrange(slow), place))
    return steps


BORDER = st.integers(0, 2**32).map(lambda seed: at_a_border(random.Random(seed)))


def track(steps: list[tuple[int, int]], subscriber: int = 1) -> list[Sighting]:
    t, found = START, []
    for gap, place in steps:
        t += gap
        found.append((subscriber, t, place))
    return found


@given(STEPS, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_order_and_repetition_change_nothing(
    steps: list[tuple[int, int]], dice: random.Random
) -> None:
    sightings = track(steps)
    again = sightings + dice.sample(sightings, len(sightings) // 2)
    dice.shuffle(again)
    assert compiled(again) == compiled(sightings)


@given(STEPS, st.integers(1, 3))
@settings(max_examples=80, deadline=None)
def test_the_fast_plan_gives_what_the_text_alone_gives(
    steps: list[tuple[int, int]], pieces: int
) -> None:
    sightings = track(steps)
    assert compiled(sightings, pieces=pieces) == compiled(sightings)


@given(STEPS, st.integers(0, 2**15 - 1), st.sampled_from([0, 8, -5, 9]), st.randoms())
@settings(max_examples=100, deadline=None)
def test_sketches_of_any_days_give_what_all_events_give(
    steps: list[tuple[int, int]], sketched: int, offset: int, dice: random.Random
) -> None:
    """Any mix of days kept whole and days kept as sketches, in any order and twice."""
    sightings = track(steps)
    kept = []
    days: dict[int, list[Sighting]] = {}
    for sighting in sightings:
        days.setdefault((sighting[1] + offset * HOUR) // DAY, []).append(sighting)
    for number, day in enumerate(days.values()):
        if sketched >> number % 15 & 1:
            less = sketch(day)
            assert set(less) <= set(day)
            assert sketch(less) == less
            kept += less + dice.sample(less, len(less) // 2)
        else:
            kept += day
    dice.shuffle(kept)
    assert compiled(kept) == compiled(sightings)


@given(STEPS)
@settings(max_examples=60, deadline=None)
def test_no_stay_reaches_beyond_what_was_seen(steps: list[tuple[int, int]]) -> None:
    sightings = track(steps)
    first, last = sightings[0][1], sightings[-1][1]
    for _, city, alt, start, end in stays(sightings):
        assert first <= start < end <= last
        assert any(
            CITY[seen] in (city, alt) and start - 2 * HOUR <= t <= end + 2 * HOUR
            for _, t, seen in sightings
        )


@given(BORDER | STEPS)
@settings(max_examples=60, deadline=None)
def test_stays_with_the_same_answer_never_overlap(steps: list[tuple[int, int]]) -> None:
    spans: dict[frozenset[int | None], list[tuple[int, int]]] = {}
    for _, city, alt, start, end in stays(track(steps)):
        spans.setdefault(frozenset((city, alt)), []).append((start, end))
    for found in spans.values():
        assert all(a[1] <= b[0] for a, b in pairwise(sorted(found)))


@given(BORDER | STEPS)
@settings(max_examples=60, deadline=None)
def test_half_of_a_long_silence_is_never_presence(steps: list[tuple[int, int]]) -> None:
    """A visit was seen for at least 2 h 24 min: at most two thirds of that are added."""
    sightings = track(steps)
    for *_, start, end in stays(sightings):
        if end - start >= rule.Parameters().minimum_stay:
            seen = [t for _, t, _ in sightings if start <= t <= end]
            assert max(seen) - min(seen) >= 144 * MINUTE


@given(BORDER, st.integers(0, 48 * HOUR))
@settings(max_examples=100, deadline=None)
def test_what_is_more_than_a_day_old_changes_no_answer(
    steps: list[tuple[int, int]], lost: int
) -> None:
    """Whether a stay is certain or a doubt does not change when its beginning is no longer kept.

    Of a doubt the likelier city is named first, and the whole of it is weighed for that: the order
    of the two may change.
    """
    sightings = track(steps)
    cut, window = START + lost, START + lost + DAY
    kept = [sighting for sighting in sightings if sighting[1] >= cut]
    assume(kept and kept[-1][1] > window)

    def answers(found: list[Stay]) -> set[tuple[int, frozenset[int | None], int, int]]:
        return {
            (who, frozenset((city, alt)), max(start, window), end)
            for who, city, alt, start, end in found
            if end > window
        }

    assert answers(stays(kept)) == answers(stays(sightings))


@given(STEPS, STEPS)
@settings(max_examples=30, deadline=None)
def test_people_are_compiled_each_on_their_own(
    one: list[tuple[int, int]], two: list[tuple[int, int]]
) -> None:
    first, second = track(one, 1), track(two, 2)
    assert stays(first + second) == stays(first) + stays(second)
