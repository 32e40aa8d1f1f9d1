"""The cap against somebody who rebuilds a list by halving, played out with real answers."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.travel.worlds import SHANGHAI, everything
from travel.budget import Asked, Budget, Excess, excess
from travel.evidence import Places
from travel.itinerary import Place, StayPoint
from travel.questions import Journey, Terms, Value, VisitedAny, answer
from travel.window import Window

CITIES = [f"city-{n:03}" for n in range(256)]
COUNTRY_OF = dict.fromkeys(CITIES, "CN")
TODAY = date(2026, 11, 23)
BUDGET = Budget()


def window(day: date, days: int = 14) -> Window:
    return Window(day - timedelta(days=days), day - timedelta(days=1), SHANGHAI)


def asked(day: date, *codes: str, days: int = 14) -> Asked:
    return Asked(day, window(day, days), Places(frozenset(codes)))


class Service:
    """Answers truthfully about one person, as often as the budget allows."""

    def __init__(self, where: Callable[[date], str], budget: Budget | None) -> None:
        self.where, self.budget = where, budget
        self.asked: list[Asked] = []

    def ask(self, day: date, codes: frozenset[str], days: int = 14) -> Value | None:
        """None: the cap."""
        new = Asked(day, window(day, days), Places(codes))
        if self.budget and excess(new, self.asked, self.budget):
            return None
        self.asked.append(new)
        travelled = Journey(
            tuple(
                StayPoint(Place.of(self.where(d)), w.start, w.end)
                for d in new.window.days
                for w in [Window(d, d, SHANGHAI)]
            ),
            everything(new.window),
            new.window,
        )
        question = VisitedAny(days, new.places)
        return answer(question, travelled, country_of=COUNTRY_OF, terms=Terms()).value


def halve(service: Service, day: date, suspects: frozenset[str], days: int) -> frozenset[str]:
    """The cities still possible, for somebody in one city over these days, after all that the
    service would say on `day`."""
    while len(suspects) > 1:
        half = frozenset(sorted(suspects)[: len(suspects) // 2])
        said = service.ask(day, half, days)
        if said is None:
            return suspects
        suspects = half if said is Value.YES else suspects - half
    return suspects


def campaign(service: Service, days: int) -> Iterator[frozenset[str]]:
    """Halving on each of 60 days, going on with what the days before left."""
    suspects = frozenset(CITIES)
    for n in range(60):
        suspects = halve(service, TODAY + timedelta(days=n), suspects, days)
        yield suspects


def test_without_a_cap_eight_questions_find_the_city() -> None:
    service = Service(lambda _: "city-077", budget=None)
    assert halve(service, TODAY, frozenset(CITIES), 14) == {"city-077"}
    assert len(service.asked) == 8


@pytest.mark.parametrize("days", [1, 3, 14])
def test_with_the_cap_halving_stops_at_one_in_eight_however_long_it_goes_on(days: int) -> None:
    """256 cities: three lists leave 32, whatever window is asked about, today or in two months."""
    service = Service(lambda _: "city-077", BUDGET)
    left = list(campaign(service, days))
    assert {len(suspects) for suspects in left} <= {256, 128, 64, 32}
    assert len(left[-1]) == 32
    assert "city-077" in left[-1]
    assert len(service.asked) == 3


def test_the_day_of_a_visit_cannot_be_found_by_ever_shorter_periods() -> None:
    """The same list, the windows halved: three answers tell a fortnight into pieces of two days."""
    trip = TODAY - timedelta(days=5)
    pieces = {}
    for budget in (None, BUDGET):
        service = Service(lambda d: "city-001" if d == trip else "city-002", budget)
        low, high = 1, 14  # the visit was this many days ago
        while low < high:
            middle = (low + high) // 2
            said = service.ask(TODAY, frozenset({"city-001"}), middle)
            if said is None:
                break
            low, high = (low, middle) if said is Value.YES else (middle + 1, high)
        pieces[budget] = high - low + 1
    assert pieces == {None: 1, BUDGET: 2}


@given(
    lists=st.lists(st.sets(st.sampled_from(CITIES), min_size=1), min_size=12, max_size=12),
    days=st.lists(st.integers(0, 89), min_size=12, max_size=12),
)
def test_whatever_is_asked_some_eighth_of_the_cities_looks_the_same(
    lists: list[set[str]], days: list[int]
) -> None:
    allowed: list[Asked] = []
    for codes, day in zip(lists, days, strict=True):
        new = asked(TODAY + timedelta(days=day), *codes, days=1 + day % 14)
        if excess(new, allowed, BUDGET) is None:
            allowed.append(new)
    signatures = [tuple(city in a.places.cities for a in allowed) for city in CITIES]
    largest = max(signatures.count(signature) for signature in set(signatures))
    assert largest >= len(CITIES) / 2**BUDGET.lists
    for touched in {d for a in allowed for d in a.window.days}:
        assert sum(touched in a.window.days for a in allowed) <= BUDGET.questions_per_day


def test_a_weekly_check_of_one_list_goes_on_for_ever() -> None:
    before: list[Asked] = []
    for week in range(30):
        new = asked(TODAY + timedelta(weeks=week), "city-001", "city-002")
        assert excess(new, before, BUDGET) is None
        before.append(new)


def test_the_limits_at_their_edges() -> None:
    three = [asked(TODAY, f"city-00{n}", days=7) for n in range(3)]
    assert excess(asked(TODAY, "city-000", days=1), three, BUDGET) is Excess.SAME_DAY
    later = TODAY + timedelta(days=7)
    assert excess(asked(later, "city-000", days=7), three, BUDGET) is None
    assert excess(asked(later, "city-000", days=8), three, BUDGET) is Excess.SAME_DAY
    assert excess(asked(later, "city-009", days=7), three, BUDGET) is Excess.LISTS
    end = TODAY + timedelta(days=89)
    assert excess(asked(end, "city-009"), three, BUDGET) is Excess.LISTS
    assert excess(asked(end + timedelta(days=1), "city-009"), three, BUDGET) is None
