"""What was found wrong changes its own hours and its own place, and nothing else."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.travel.worlds import HOUR, WINDOW, at, stay, stays
from travel.itinerary import Place, StayPoint, compile_itinerary
from travel.overrides import Override, corrected

PLACES = [Place.of("c1"), Place.of("c1", "c2"), Place.of("t1"), Place.of("TH")]


@st.composite
def overrides(draw: st.DrawFn) -> Override:
    place = draw(st.sampled_from(PLACES))
    start = WINDOW.start + draw(st.integers(-30, 330)) * HOUR
    length = draw(st.integers(1, 40)) * HOUR
    instead = None
    if len(place.cities) > 1:
        instead = draw(st.sampled_from([None, *(Place.of(city) for city in place.cities)]))
    return Override(place, start, start + length, instead)


def presence(points: list[StayPoint] | tuple[StayPoint, ...]) -> dict[Place, set[datetime]]:
    """The hours in which somebody was at each place; all times here are whole hours."""
    found: dict[Place, set[datetime]] = {}
    for point in points:
        hours = int((point.end - point.start) / HOUR)
        found.setdefault(point.place, set()).update(point.start + n * HOUR for n in range(hours))
    return {place: hours for place, hours in found.items() if hours}


@given(stays(), overrides())
def test_nothing_outside_its_hours_and_its_place_changes(
    points: tuple[StayPoint, ...], override: Override
) -> None:
    before, after = presence(points), presence(corrected(points, [override]))
    hours = {h for h in before.get(override.place, ()) if override.start <= h < override.end}
    expected = {place: set(found) for place, found in before.items()}
    if hours:
        expected[override.place] -= hours
        if override.instead is not None:
            expected.setdefault(override.instead, set()).update(hours)
    assert after == {place: found for place, found in expected.items() if found}


@given(stays(), st.lists(overrides(), max_size=4))
def test_twice_is_once(points: tuple[StayPoint, ...], several: list[Override]) -> None:
    once = corrected(points, several)
    assert corrected(once, several) == once


@given(stays(), st.lists(overrides(), max_size=4))
def test_what_was_found_wrong_is_not_there_however_often_it_comes_back(
    points: tuple[StayPoint, ...], several: list[Override]
) -> None:
    after = presence(corrected(points, several))
    for override in several:
        found = after.get(override.place, set())
        assert not any(override.start <= hour < override.end for hour in found)


def test_the_same_city_over_other_hours_recurs_as_what_is_left_of_it() -> None:
    """Compiled again, the stay begins half an hour earlier and ends an hour later."""
    wrong = Override(Place.of("c1"), at("12T08:00"), at("12T20:00"))
    again = corrected([stay("12T07:30", "12T21:00", "c1")], [wrong])
    assert [(p.start, p.end) for p in again] == [
        (at("12T07:30"), at("12T08:00")),
        (at("12T20:00"), at("12T21:00")),
    ]
    assert compile_itinerary(again, (), WINDOW).visits == ()
    longer = corrected([stay("12T08:00", "13T02:00", "c1")], [wrong])
    assert len(compile_itinerary(longer, (), WINDOW).visits) == 1, "six hours nobody has looked at"


def test_what_lay_at_a_border_joins_what_lies_beside_it() -> None:
    border = Override(Place.of("c1", "c2"), at("12T08:00"), at("12T20:00"), Place.of("c2"))
    points = [stay("12T08:00", "12T20:00", "c1", "c2"), stay("12T20:00", "12T22:00", "c2")]
    (visit,) = compile_itinerary(corrected(points, [border]), (), WINDOW).visits
    assert (visit.place, visit.end - visit.start) == (Place.of("c2"), timedelta(hours=14))


@pytest.mark.parametrize("instead", [Place.of("c3"), Place.of("c1", "c2")])
def test_an_operator_cannot_send_a_phone_anywhere_else(instead: Place) -> None:
    with pytest.raises(ValueError, match="one of its two cities"):
        Override(Place.of("c1", "c2"), at("12T08:00"), at("12T20:00"), instead)
