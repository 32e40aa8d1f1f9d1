"""What a question gets for an answer: by example, then by properties that no journey escapes."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.unit.travel.worlds import (
    ALL_DAY,
    COUNTRY_OF,
    HOUR,
    TERMS,
    WINDOW,
    PlacesQuestion,
    coverages,
    everything,
    has_visit,
    is_gone,
    journey,
    places,
    stay,
    stays,
    worlds,
)
from travel.evidence import Places
from travel.itinerary import Coverage, StayPoint, clipped
from travel.questions import (
    Answer,
    ItineraryQuestion,
    Journey,
    Reason,
    StayedOnlyIn,
    Value,
    VisitedAny,
    answer,
)

YES, NO, CANNOT_TELL = Value.YES, Value.NO, Value.CANNOT_TELL


def ask(question: PlacesQuestion | ItineraryQuestion, travelled: Journey) -> Answer:
    return answer(question, travelled, country_of=COUNTRY_OF, terms=TERMS)


def visited(*codes: str, days: int = 14) -> VisitedAny:
    return VisitedAny(days, Places.of(codes, COUNTRY_OF))


def only_in(*codes: str, days: int = 14) -> StayedOnlyIn:
    return StayedOnlyIn(days, Places.of(codes, COUNTRY_OF))


HOME = stay("09T00:00", "23T00:00", "c1")
TRIP = (
    stay("09T00:00", "12T08:00", "c1"),
    stay("12T10:00", "12T15:00", "c2"),
    stay("12T17:00", "23T00:00", "c1"),
)


@pytest.mark.parametrize(
    ("question", "value"),
    [
        (visited("c2"), YES),
        (visited("c3"), NO),
        (visited("c3", "c2"), YES),
        (visited("CN"), YES),
        (visited("TH"), NO),
        (visited("t1"), NO),
        (only_in("c1"), NO),
        (only_in("c1", "c2"), YES),
        (only_in("CN"), YES),
        (only_in("TH"), NO),
    ],
)
def test_a_clear_journey_gets_a_clear_answer(question: PlacesQuestion, value: Value) -> None:
    given_ = ask(question, journey(*TRIP))
    assert (given_.value, given_.observed.hours, given_.data_through) == (
        value,
        14 * 24,
        WINDOW.last,
    )


@pytest.mark.parametrize(("minutes", "value"), [(239, NO), (240, YES)])
def test_what_is_no_visit_for_the_person_is_none_for_the_asker(minutes: int, value: Value) -> None:
    start = stay("12T10:00", "12T11:00", "c2")
    short = replace(start, end=start.start + timedelta(minutes=minutes))
    assert ask(visited("c2"), journey(short)).value is value
    assert ask(only_in("c1"), journey(short)).value is (NO if value is YES else YES)


BORDER = stay("12T10:00", "12T15:00", "c1", "c2")


@pytest.mark.parametrize(
    ("question", "value"),
    [
        (visited("c1"), CANNOT_TELL),
        (visited("c2"), CANNOT_TELL),
        (visited("c1", "c2"), YES),  # one or the other: both were asked about
        (visited("CN"), YES),
        (visited("c3"), NO),  # neither
        (only_in("c1"), CANNOT_TELL),
        (only_in("c1", "c2"), YES),
        (only_in("c3"), NO),
        (only_in("TH"), NO),
    ],
)
def test_a_border_case_matters_only_where_it_decides(
    question: PlacesQuestion, value: Value
) -> None:
    given_ = ask(question, journey(BORDER))
    assert given_.value is value
    assert (given_.reason is Reason.BORDER) is (value is CANNOT_TELL)


def test_a_border_case_beside_a_clear_visit_does_not_decide() -> None:
    clear = stay("15T10:00", "15T15:00", "c2")
    assert ask(visited("c2"), journey(BORDER, clear)).value is YES
    assert ask(only_in("c1"), journey(BORDER, clear)).value is NO


def test_a_doubtful_hour_can_make_a_visit_of_what_touches_it() -> None:
    hours = (stay("12T10:00", "12T13:00", "c2"), stay("12T13:00", "12T14:00", "c1", "c2"))
    assert ask(visited("c2"), journey(*hours)).value is CANNOT_TELL
    assert ask(visited("c2"), journey(hours[0])).value is NO


def test_a_doubtful_hour_between_two_places_asked_about_decides_nothing() -> None:
    """Whichever it was in, three hours there become four."""
    hours = (
        stay("12T10:00", "12T13:00", "c1"),
        stay("12T13:00", "12T14:00", "c1", "c2"),
        stay("12T14:00", "12T17:00", "c2"),
    )
    assert ask(visited("c1", "c2"), journey(*hours)).value is YES
    assert ask(visited("c1"), journey(*hours)).value is CANNOT_TELL


@pytest.mark.parametrize(
    ("question", "value"),
    [
        (visited("TH"), YES),
        (visited("t1"), CANNOT_TELL),  # abroad, the network may know the country alone
        (visited("t1", "c1"), CANNOT_TELL),
        (visited("c1"), NO),
        (only_in("TH"), YES),
        (only_in("t1"), CANNOT_TELL),
        (only_in("c1"), NO),
    ],
)
def test_abroad_where_only_the_country_is_known(question: PlacesQuestion, value: Value) -> None:
    assert ask(question, journey(stay("12T10:00", "12T15:00", "TH"))).value is value


def test_a_country_is_one_place_unless_its_cities_are_named() -> None:
    """Two hours in each of two cities abroad are four hours in that country."""
    abroad = (stay("12T10:00", "12T12:00", "t1"), stay("12T12:00", "12T14:00", "t2"))
    assert ask(visited("TH"), journey(*abroad)).value is YES
    assert ask(visited("t1", "t2"), journey(*abroad)).value is NO
    assert ask(only_in("c1"), journey(*abroad)).value is NO
    assert ask(only_in("t1"), journey(*abroad)).value is YES


def test_a_city_that_is_on_no_list_any_more_may_be_in_any_country() -> None:
    lost = journey(stay("12T10:00", "12T15:00", "gone"))
    assert ask(visited("gone"), lost).value is YES
    assert ask(visited("c1"), lost).value is NO
    assert ask(visited("CN"), lost).value is CANNOT_TELL
    assert ask(only_in("c1"), lost).value is NO
    assert ask(only_in("CN"), lost).value is CANNOT_TELL


def covered(days: int, hours: int) -> tuple[Coverage, ...]:
    return tuple(Coverage(day, (1 << hours) - 1) for day in WINDOW.days[:days])


@pytest.mark.parametrize(
    ("coverage", "value", "reason"),
    [
        ((), CANNOT_TELL, Reason.NO_DATA),
        (covered(14, 6), NO, Reason.NOT_SEEN),
        (covered(13, 6), NO, Reason.NOT_SEEN),
        (covered(12, 24), CANNOT_TELL, Reason.TOO_LITTLE_DATA),
        (covered(14, 5), CANNOT_TELL, Reason.TOO_LITTLE_DATA),
    ],
)
def test_a_statement_about_all_days_needs_enough_of_them(
    coverage: tuple[Coverage, ...], value: Value, reason: Reason
) -> None:
    known = ask(visited("c2"), journey(HOME, coverage=coverage))
    assert (known.value, known.reason) == (value, reason)
    assert known.observed.days_with_data == len(coverage)
    assert known.observed.hours == sum(c.hours.bit_count() for c in coverage)
    only = ask(only_in("c1"), journey(HOME, coverage=coverage))
    assert only.value is (YES if value is NO else CANNOT_TELL)


def test_one_visit_is_enough_for_itself_however_little_else_was_seen() -> None:
    assert ask(visited("c1"), journey(HOME, coverage=())).value is YES
    assert ask(only_in("c2"), journey(HOME, coverage=())).value is NO


def test_days_that_the_feed_has_not_completed_are_not_covered() -> None:
    travelled = replace(journey(HOME), fed_through=date(2026, 11, 20))
    late = ask(visited("c2"), travelled)
    assert (late.value, late.data_through) == (CANNOT_TELL, date(2026, 11, 20))
    assert (late.observed.days_with_data, late.observed.days_covered) == (14, 12)
    one_day = ask(visited("c2"), replace(travelled, fed_through=date(2026, 11, 21)))
    assert (one_day.value, one_day.data_through) == (NO, date(2026, 11, 21))
    nothing = ask(visited("c2"), replace(travelled, fed_through=date(2026, 11, 1)))
    assert (nothing.value, nothing.data_through) == (CANNOT_TELL, None)


def test_fewer_days_look_at_the_last_days_alone() -> None:
    last_week = ask(visited("c2", days=7), journey(*TRIP))
    assert (last_week.value, last_week.window.first) == (NO, date(2026, 11, 16))
    assert (last_week.observed.days, last_week.observed.hours) == (7, 7 * 24)
    ends_on_first_day = stay("15T20:00", "16T03:59", "c2")
    assert ask(visited("c2", days=7), journey(ends_on_first_day)).value is NO
    reaches_in = stay("15T20:00", "16T04:00", "c2")
    assert ask(visited("c2", days=7), journey(reaches_in)).value is YES


def test_a_question_reaches_no_further_than_its_release_or_the_window() -> None:
    released = Journey((HOME,), everything(), replace(WINDOW, first=date(2026, 11, 16)))
    with pytest.raises(ValueError, match="8 days are asked about, 7 released"):
        ask(visited("c2", days=8), released)
    for days in (0, 15):
        with pytest.raises(ValueError, match="1 to 14"):
            visited("c2", days=days)
    with pytest.raises(ValueError, match="at least one"):
        visited()


def test_an_itinerary_lists_what_the_person_would_see() -> None:
    later = stay("15T10:00", "15T15:00", "c1", "c2")
    listed = ask(ItineraryQuestion(14), journey(*TRIP[:2], later))
    assert listed.value is Value.LISTED
    assert [v.place.cities for v in listed.visits] == [("c1", "c2"), ("c2",), ("c1",)]
    assert ask(ItineraryQuestion(7), journey(*TRIP)).visits[0].first_day == date(2026, 11, 16)
    nothing = ask(ItineraryQuestion(14), journey(coverage=()))
    assert (nothing.value, nothing.reason) == (CANNOT_TELL, Reason.NO_DATA)


# ------------------------------------------------------------------ properties


@given(stays(), places(), st.booleans())
def test_an_answer_is_the_same_however_doubt_is_decided_and_doubt_is_said_only_then(
    points: tuple[StayPoint, ...], asked: Places, inside: bool
) -> None:
    """Against every world, one by one: YES and NO hold in all, CANNOT_TELL is never said idly."""
    question = VisitedAny(14, asked) if inside else StayedOnlyIn(14, asked)
    said = ask(question, journey(*points)).value
    found = {has_visit(w, asked, inside=inside) for w in worlds(clipped(points, WINDOW))}
    seen, not_seen = (YES, NO) if inside else (NO, YES)
    expected = CANNOT_TELL if len(found) == 2 else seen if True in found else not_seen
    assert said is expected or (said is CANNOT_TELL and is_gone(points))


@given(stays(), places(), places(), coverages())
def test_more_places_never_take_a_yes_back(
    points: tuple[StayPoint, ...], some: Places, more: Places, coverage: tuple[Coverage, ...]
) -> None:
    both = Places(some.cities | more.cities, some.countries | more.countries)
    travelled = journey(*points, coverage=coverage)
    for kind in (VisitedAny, StayedOnlyIn):
        if ask(kind(14, some), travelled).value is YES:
            assert ask(kind(14, both), travelled).value is YES
        if ask(kind(14, both), travelled).value is NO:
            assert ask(kind(14, some), travelled).value is not YES


@given(stays(), places(), coverages(), coverages(), st.booleans())
def test_less_data_never_makes_an_answer_surer(
    points: tuple[StayPoint, ...],
    asked: Places,
    coverage: tuple[Coverage, ...],
    mask: tuple[Coverage, ...],
    inside: bool,
) -> None:
    question = VisitedAny(14, asked) if inside else StayedOnlyIn(14, asked)
    less = tuple(Coverage(c.day, c.hours & m.hours) for c, m in zip(coverage, mask, strict=True))
    before = ask(question, journey(*points, coverage=coverage))
    after = ask(question, journey(*points, coverage=less))
    assert after.value in (before.value, CANNOT_TELL)
    assert after.observed.hours <= before.observed.hours


@given(stays(), stays(), places(), st.integers(1, 14))
def test_nothing_outside_the_days_asked_about_matters(
    points: tuple[StayPoint, ...], others: tuple[StayPoint, ...], asked: Places, days: int
) -> None:
    question = VisitedAny(days, asked)
    plain = ask(question, journey(*points))
    before = tuple(
        replace(p, end=min(p.end, plain.window.start))
        for p in others
        if p.start < plain.window.start
    )
    outside = (*everything(), Coverage(date(2026, 11, 8), ALL_DAY), Coverage(date(2026, 11, 23), 1))
    assert ask(question, journey(*points, *before, coverage=outside)) == plain
    assert plain.window.last == WINDOW.last
    assert len(plain.window.days) == plain.observed.days == days


@given(stays(), places(), st.randoms(use_true_random=False))
def test_order_and_repetition_of_what_came_out_change_nothing(
    points: tuple[StayPoint, ...], asked: Places, random: object
) -> None:
    shuffled = [*points, *points[:2]]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    question = StayedOnlyIn(14, asked)
    assert ask(question, journey(*shuffled)) == ask(question, journey(*points))


@given(stays(most=3), places())
def test_the_two_questions_contradict_each_other_nowhere(
    points: tuple[StayPoint, ...], asked: Places
) -> None:
    """Only there, and a visit somewhere, is a visit there."""
    assume(any(p.end - p.start >= 4 * HOUR for p in clipped(points, WINDOW)))
    only, any_ = (ask(kind(14, asked), journey(*points)) for kind in (StayedOnlyIn, VisitedAny))
    if only.value is YES:
        assert any_.value is not NO


def test_more_doubt_than_can_be_followed_is_told_as_doubt() -> None:
    """No real phone does this; the answer must fail towards not telling, and in no time."""
    many = [
        StayPoint(p.place, p.start + n * timedelta(minutes=1), p.end + n * timedelta(minutes=1))
        for n in range(40)
        for p in [stay("12T10:00", "12T11:00", f"c{n % 3 + 1}", f"c{(n + 1) % 3 + 1}")]
    ]
    given_ = ask(visited("c1", "c2", "c3"), journey(*many))
    assert given_.value in (NO, CANNOT_TELL)
