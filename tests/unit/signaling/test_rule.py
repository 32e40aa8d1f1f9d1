"""The rule by examples: at least one for each sentence of docs/rule.md."""

import pytest

from signaling import rule
from tests.unit.signaling.rule_runner import DAY, HOUR, MINUTE, Sighting, compiled, every, stays


def hours(found: list[tuple[int, int, int | None, int, int]]) -> list[tuple[int, float, float]]:
    return [(city, start / HOUR, end / HOUR) for _, city, _, start, end in found]


def test_one_city_is_one_stay_from_first_to_last_sighting() -> None:
    assert stays(every(20, 1, 10, 20)) == [(1, 1, None, 10 * HOUR, 20 * HOUR)]


def test_a_run_without_neighbours_is_not_padded() -> None:
    assert stays([(1, 7 * HOUR, 1), (1, 8 * HOUR, 1)]) == [(1, 1, None, 7 * HOUR, 8 * HOUR)]


def test_a_single_sighting_is_no_stay() -> None:
    assert stays([(1, 7 * HOUR, 1)]) == []


def test_stays_of_every_length_are_kept() -> None:
    found = stays([*every(20, 1, 0, 6), *every(20, 2, 7, 8), *every(20, 3, 9, 15)])
    assert [city for _, city, *_ in found] == [1, 2, 3]


def test_subscribers_do_not_touch_each_other() -> None:
    found = stays([*every(20, 1, 0, 6, subscriber=1), *every(20, 2, 1, 3, subscriber=2)])
    assert found == [(1, 1, None, 0, 6 * HOUR), (2, 2, None, HOUR, 3 * HOUR)]


# Silence


def test_a_silence_of_26_hours_does_not_end_a_stay() -> None:
    assert hours(stays([*every(20, 1, 0, 6), *every(20, 1, 32, 40)])) == [(1, 0, 40)]


def test_a_longer_one_does_and_is_not_filled() -> None:
    found = stays([*every(20, 1, 0, 6), *every(20, 1, 33, 40)])
    assert hours(found) == [(1, 0, 8), (1, 31, 40)]


# Padding


def test_a_crossing_is_put_halfway_between_the_sightings() -> None:
    found = stays([*every(20, 1, 0, 6), *every(30, 2, 6.5, 12)])
    assert hours(found) == [(1, 0, 6.25), (2, 6.25, 12)]


def test_padding_is_at_most_a_third_of_what_was_seen() -> None:
    found = stays([*every(20, 1, 0, 6), *every(30, 2, 9, 12), *every(20, 3, 15, 21)])
    assert hours(found) == [(1, 0, 7.5), (2, 8, 13), (3, 13.5, 21)]


def test_half_an_hour_is_allowed_to_whatever_was_seen() -> None:
    found = stays([*every(20, 1, 0, 6), (1, 10 * HOUR, 2), *every(20, 3, 14, 20)])
    assert hours(found) == [(1, 0, 8), (2, 9.5, 10.5), (3, 12, 20)]


def test_padding_is_never_more_than_two_hours() -> None:
    found = stays([*every(20, 1, 0, 18), *every(20, 2, 28, 46)])
    assert hours(found) == [(1, 0, 20), (2, 26, 46)]


def test_two_hours_of_observation_are_no_visit() -> None:
    """A sparse track: 2 h 09 min seen, with long silences around."""
    seen = [(1, 20 * HOUR, 2), (1, 20 * HOUR + 129 * MINUTE, 2)]
    found = stays([*every(60, 1, 0, 10), *seen, *every(60, 1, 34, 40)])
    [visit] = [(start, end) for _, city, _, start, end in found if city == 2]
    assert visit[1] - visit[0] < rule.Parameters().minimum_stay


# Spells


def test_a_quick_trip_over_the_boundary_is_absorbed() -> None:
    found = stays([*every(20, 1, 0, 6), *every(30, 2, 6.5, 8), *every(30, 1, 8.5, 14)])
    assert hours(found) == [(1, 0, 14)]


def test_an_absence_of_more_than_three_hours_is_not() -> None:
    found = stays([*every(20, 1, 0, 6), *every(20, 2, 6.5, 10.5), *every(20, 1, 11, 14)])
    assert [city for _, city, *_ in found] == [1, 2, 1]


def test_an_absence_longer_than_the_presences_around_it_is_not_absorbed() -> None:
    found = stays([*every(10, 1, 0, 1), *every(10, 2, 1.5, 4), *every(10, 1, 4.5, 5.5)])
    assert hours(found) == [(1, 0, 1.25), (2, 1.25, 4.25), (1, 4.25, 5.5)]


def test_visits_by_turns_inside_a_stay_elsewhere_are_absorbed() -> None:
    """The example of docs/rule.md: neither presence there is longer than 3 hours."""
    legs = [(1, 0, 3), (2, 3.02, 4.5), (1, 4.6, 5.6), (2, 5.7, 7.15), (1, 7.2, 11)]
    seen = [(1, int(at * HOUR), place) for place, low, high in legs for at in (low, high)]
    assert [(stay[1], stay[4] - stay[3]) for stay in stays(seen)] == [(1, 11 * HOUR)]


def test_a_wrong_location_now_and_then_changes_nothing() -> None:
    sightings = [(1, n * 10 * MINUTE, 2 if n % 5 == 2 else 1) for n in range(6 * 24)]
    assert stays(sightings) == [(1, 1, None, 0, (6 * 24 - 1) * 10 * MINUTE)]


# Borders


def ping_pong(pattern: str, start: float, end: float) -> list[Sighting]:
    """Every ten minutes a cell of city 1 ("a") or 2 ("b") that reaches over their boundary."""
    steps = range(round(start * 6), round(end * 6) + 1)
    return [
        (1, n * 10 * MINUTE, {"a": 12, "b": 21}[pattern[k % len(pattern)]])
        for k, n in enumerate(steps)
    ]


def test_ping_pong_is_decided_by_the_larger_side() -> None:
    assert hours(stays(ping_pong("aabaaab", 0, 48))) == [(1, 0, 48)]


def test_half_and_half_is_a_doubt() -> None:
    found = stays(ping_pong("aaabbb", 0, 12))
    assert [(city, alt) for _, city, alt, *_ in found] in ([(1, 2)], [(2, 1)])
    assert found[0][4] - found[0][3] > 11 * HOUR


def test_without_cells_that_reach_over_there_is_no_doubt() -> None:
    inland = [(who, t, {12: 1, 21: 2}[place]) for who, t, place in ping_pong("aaabbb", 0, 12)]
    assert all(alt is None for _, _, alt, *_ in stays(inland))


def test_the_hours_around_decide_before_the_half_days_around() -> None:
    """Two days on one side, two on the other: each in its time, whatever is seen at the change."""
    found = stays([*ping_pong("aaaab", 0, 48), *ping_pong("bbbba", 48.2, 96)])
    assert [(city, alt) for _, city, alt, *_ in found if alt is None] == [(1, None), (2, None)]
    assert all({city, alt} == {1, 2} for _, city, alt, *_ in found if alt is not None)


def test_where_near_and_wide_disagree_the_answer_is_both() -> None:
    """Home is on one side; some hours of a little more of the other do not make a visit."""
    home = [*ping_pong("aaab", 0, 24), *ping_pong("abb", 24.2, 34), *ping_pong("aaab", 34.2, 60)]
    assert {(city, alt) for _, city, alt, *_ in stays(home)} <= {(1, None), (1, 2), (2, 1)}


def test_eight_hours_on_one_side_speak_for_themselves() -> None:
    """Who lives on one side and works on the other."""
    home = [*ping_pong("aaaab", 0, 15), *ping_pong("aaaab", 24.2, 39)]
    found = stays([*home, *every(10, 21, 15.2, 24)])
    firm = [(city, end - start) for _, city, alt, start, end in found if alt is None]
    assert [city for city, _ in firm] == [1, 2, 1]
    assert min(length for _, length in firm) > 8 * HOUR


def test_a_visit_just_over_the_boundary_is_no_part_of_home() -> None:
    """Home is inland: what cells of home say is no evidence about the boundary."""
    found = stays([*every(20, 1, 0, 20), *ping_pong("bbbab", 20.5, 26), *every(20, 1, 26.5, 40)])
    assert [(city, alt) for _, city, alt, *_ in found] == [(1, None), (2, None), (1, None)]


# Jumps


def test_a_jump_that_no_vehicle_could_make_is_dropped_and_counted() -> None:
    found, jumps = compiled([*every(10, 1, 0, 5), *every(5, 9, 5.1, 5.5), *every(10, 1, 6, 12)])
    assert (hours(found), jumps) == ([(1, 0, 12)], 1)


def test_a_flight_is_not() -> None:
    found, jumps = compiled([*every(10, 1, 0, 5), *every(10, 9, 7, 12), *every(10, 1, 14, 20)])
    assert ([city for city, *_ in hours(found)], jumps) == ([1, 9, 1], 0)


def test_the_truth_between_two_jumps_is_not_one() -> None:
    """Hours between two equal wrong locations: the longer run is believed."""
    track = [(1, 0, 1), (1, HOUR, 1), (1, HOUR + 1, 9), *every(10, 1, 1.01, 4.01)]
    track += [(1, round(4.02 * HOUR), 9), *every(10, 1, 4.03, 9)]
    found, jumps = compiled(track)
    assert (hours(found)[0][0], len(found), jumps) == (1, 1, 2)


def test_neighbouring_cities_are_never_a_jump() -> None:
    assert compiled([(1, 0, 1), (1, HOUR, 1), (1, HOUR + 1, 2), (1, HOUR + 2, 1)])[1] == 0


# Cells that are known by their country only


def test_a_country_counts_where_no_city_of_it_was_seen() -> None:
    found = stays([*every(30, -454, 0, 12), *every(20, 1, 30, 40)])
    assert hours(found) == [(45, 0, 14), (1, 28, 40)]


def test_and_is_left_out_where_one_was() -> None:
    found = stays([*every(20, 1, 1, 5), *every(30, -460, 5.1, 11), *every(20, 1, 12, 20)])
    assert found == stays([*every(20, 1, 1, 5), *every(20, 1, 12, 20)])


def test_another_country_is_not_left_out() -> None:
    found = stays([*every(20, 1, 0, 5), *every(30, -454, 5.5, 11), *every(20, 1, 12, 20)])
    assert [city for city, *_ in hours(found)] == [1, 45, 1]


def test_the_block_of_a_city_ends_at_midnight_utc() -> None:
    found = stays([*every(20, 1, 10, 20), *every(30, -460, 20.5, 40)])
    assert [(city, start) for city, start, _ in hours(found)] == [(1, 10), (46, 22)]
    assert found[0][4] < DAY


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_absence": 4 * HOUR},
        {"max_silence": 24 * HOUR},
        {"padding": 0},
        {"max_padding": 29 * MINUTE},
        {"padding_part": 0},
        {"near_percent": 50},
        {"wide_percent": 101},
        {"near_window": 13 * HOUR},
        {"wide_window": 17 * HOUR},
        {"alone": 13 * HOUR},
        {"max_speed": -1},
    ],
)
def test_parameters_that_break_the_rule_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"must|are"):
        rule.Parameters(**wrong)
