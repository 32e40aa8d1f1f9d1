"""The rule by examples: one for each sentence of docs/rule.md."""

import pytest

from signaling import rule
from tests.unit.signaling.rule_runner import HOUR, MINUTE, every, stays


def test_one_city_is_one_stay_from_first_to_last_sighting() -> None:
    assert stays(every(20, 1, 10, 20)) == [(1, 1, None, 10 * HOUR, 20 * HOUR)]


def test_a_crossing_is_put_halfway_between_the_sightings() -> None:
    found = stays([*every(20, 1, 0, 6), *every(30, 2, 6.5, 12)])
    assert found == [
        (1, 1, None, 0, round(6.25 * HOUR)),
        (1, 2, None, round(6.25 * HOUR), 12 * HOUR),
    ]


def test_padding_is_capped_at_30_minutes() -> None:
    found = stays([*every(20, 1, 0, 6), *every(20, 2, 10, 16)])
    assert found == [
        (1, 1, None, 0, round(6.5 * HOUR)),
        (1, 2, None, round(9.5 * HOUR), 16 * HOUR),
    ]


def test_a_run_without_neighbours_is_not_padded() -> None:
    assert stays([(1, 7 * HOUR, 1), (1, 8 * HOUR, 1)]) == [(1, 1, None, 7 * HOUR, 8 * HOUR)]


def test_a_single_sighting_is_no_stay() -> None:
    assert stays([(1, 7 * HOUR, 1)]) == []


def test_a_silence_of_more_than_a_day_ends_a_stay() -> None:
    found = stays([*every(20, 1, 0, 6), *every(20, 1, 31, 36)])
    assert [(start, end) for *_, start, end in found] == [
        (0, round(6.5 * HOUR)),
        (round(30.5 * HOUR), 36 * HOUR),
    ]


def test_a_silence_of_a_day_does_not() -> None:
    assert len(stays([*every(20, 1, 0, 6), *every(20, 1, 30, 36)])) == 1


def test_a_quick_trip_over_the_boundary_is_absorbed() -> None:
    found = stays([*every(20, 1, 0, 6), *every(30, 2, 6.5, 8), *every(30, 1, 8.5, 14)])
    assert found == [(1, 1, None, 0, 14 * HOUR)]


def test_an_absence_of_more_than_three_hours_is_not() -> None:
    found = stays([*every(20, 1, 0, 6), *every(20, 2, 6.5, 10.5), *every(20, 1, 11, 14)])
    assert [city for _, city, *_ in found] == [1, 2, 1]


def test_ping_pong_makes_one_stay_in_the_city_of_the_majority() -> None:
    sightings = [
        (1, n * 10 * MINUTE, 2 if n % 5 == 2 else 1)  # every fifth from the other side
        for n in range(6 * 24)
    ]
    assert stays(sightings) == [(1, 1, None, 0, (6 * 24 - 1) * 10 * MINUTE)]


HALF_AND_HALF = [(1, n * 10 * MINUTE, 1 + n // 3 % 2) for n in range(6 * 12 + 3)]


def test_half_and_half_across_a_border_is_a_doubt() -> None:
    (found,) = stays(HALF_AND_HALF, borders=[(1, 2)])
    assert {found[1], found[2]} == {1, 2}


def test_half_and_half_without_a_common_border_is_no_doubt() -> None:
    assert all(alt is None for _, _, alt, *_ in stays(HALF_AND_HALF))


def test_stays_of_every_length_are_kept() -> None:
    found = stays([*every(20, 1, 0, 6), *every(20, 2, 7, 8), *every(20, 3, 9, 15)])
    assert [city for _, city, *_ in found] == [1, 2, 3]


def test_subscribers_do_not_touch_each_other() -> None:
    found = stays([*every(20, 1, 0, 6, subscriber=1), *every(20, 2, 1, 3, subscriber=2)])
    assert found == [(1, 1, None, 0, 6 * HOUR), (2, 2, None, HOUR, 3 * HOUR)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_absence": 4 * HOUR},
        {"max_silence": 0},
        {"max_padding": -1},
        {"firm_percent": 49},
        {"border_percent": 51},
    ],
)
def test_parameters_that_break_the_rule_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"must be|are"):
        rule.Parameters(**wrong)
