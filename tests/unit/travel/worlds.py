"""Small journeys and questions for properties: two countries, few cities, doubtful stays."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from travel.evidence import Places
from travel.itinerary import Coverage, Place, StayPoint, joined
from travel.questions import Journey, StayedOnlyIn, Terms, VisitedAny
from travel.window import Window

SHANGHAI = ZoneInfo("Asia/Shanghai")
WINDOW = Window(date(2026, 11, 9), date(2026, 11, 22), SHANGHAI)
HOUR = timedelta(hours=1)
ALL_DAY = (1 << 24) - 1

#: c1 to c3 lie in CN, t1 and t2 in TH; TH itself is a place too: somebody abroad, city unknown.
COUNTRY_OF: Mapping[str, str] = {
    "c1": "CN", "c2": "CN", "c3": "CN", "t1": "TH", "t2": "TH", "TH": "TH",
}  # fmt: skip
CITIES = ("c1", "c2", "c3", "t1", "t2")
TERMS = Terms()

PlacesQuestion = VisitedAny | StayedOnlyIn


def at(text: str) -> datetime:
    """A local time of November 2026, as `12T08:00`, as an aware moment."""
    return datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=SHANGHAI)


def stay(start: str, end: str, city: str, other: str | None = None) -> StayPoint:
    return StayPoint(Place.of(city, other), at(start), at(end))


def everything(window: Window = WINDOW) -> tuple[Coverage, ...]:
    """Observed in each hour of each day."""
    return tuple(Coverage(day, ALL_DAY) for day in window.days)


def journey(*points: StayPoint, coverage: tuple[Coverage, ...] | None = None) -> Journey:
    return Journey(points, everything() if coverage is None else coverage, WINDOW)


def places() -> st.SearchStrategy[Places]:
    chosen = st.sets(st.sampled_from((*CITIES, "CN", "TH")), min_size=1, max_size=3)
    return chosen.map(lambda codes: Places.of(codes, COUNTRY_OF))


def coverages() -> st.SearchStrategy[tuple[Coverage, ...]]:
    hours = st.sampled_from((0, 0b1, 0b11111, 0b111111, ALL_DAY))
    return st.lists(hours, min_size=14, max_size=14).map(
        lambda bits: tuple(Coverage(d, h) for d, h in zip(WINDOW.days, bits, strict=True))
    )


@st.composite
def stays(draw: st.DrawFn, *, most: int = 6) -> tuple[StayPoint, ...]:
    """Stays that touch, overlap or leave holes; some fit two cities, some only name a country."""
    points, moment = [], WINDOW.start + timedelta(days=draw(st.integers(-1, 12)))
    for _ in range(draw(st.integers(0, most))):
        moment += draw(st.sampled_from((-HOUR, 0 * HOUR, 0 * HOUR, HOUR)))
        length = draw(st.sampled_from((1, 2, 3, 4))) * HOUR
        cities = draw(st.lists(st.sampled_from((*CITIES, "TH", "gone")), min_size=1, max_size=2))
        points.append(StayPoint(Place.of(*cities), moment, moment + length))
        moment += length
    return tuple(points)


def worlds(points: list[StayPoint]) -> Iterator[list[StayPoint]]:
    """Every way of deciding what is doubtful: each presence in one city that really exists."""
    presences = joined(points)
    for lost in ("gone-CN", "gone-TH", "gone-XX"):
        meant = {"TH": ("t1", "t2", "unnamed-TH"), "gone": (lost,)}
        choices = [
            sorted({city for code in p.place.cities for city in meant.get(code, (code,))})
            for p in presences
        ]
        for decided in product(*choices):
            yield [
                StayPoint(Place.of(city), p.start, p.end)
                for city, p in zip(decided, presences, strict=True)
            ]


def is_gone(points: tuple[StayPoint, ...]) -> bool:
    """Whether a city is among them that is on no list any more."""
    return any("gone" in p.place.cities for p in points)


def country(city: str) -> str:
    return COUNTRY_OF.get(city) or city[-2:]


def has_visit(world: list[StayPoint], asked: Places, *, inside: bool) -> bool:
    """Straight from the words of the rule, for a world without doubt."""
    divided = {country(city) for city in asked.cities} - asked.countries

    def unit(city: str) -> str:
        return city if country(city) in divided else country(city)

    by_unit = [StayPoint(Place.of(unit(p.place.cities[0])), p.start, p.end) for p in world]
    return any(
        p.end - p.start >= TERMS.minimum_stay
        and ((p.place.cities[0] in asked.cities | asked.countries) is inside)
        for p in joined(by_unit)
    )
