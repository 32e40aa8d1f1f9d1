"""How often one person is asked: by what was asked before, never by what came of it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from travel.evidence import Places
from verification.fairness import Earlier, Limits, quiet_until, too_much

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)  # noon in Shanghai
LIMITS = Limits(timedelta(hours=24), askers_per_day=3, zone=ZONE)
RIVER, HILL = uuid4(), uuid4()
HOUR = timedelta(hours=1)


def places(*codes: str) -> Places:
    return Places(frozenset(codes))


def before(
    org_ref: UUID = RIVER,
    ago: timedelta = 25 * HOUR,
    *,
    is_open: bool = False,
    asked: Places | None = None,
    days: int = 14,
) -> Earlier:
    return Earlier(org_ref, NOW - ago, NOW - ago, is_open, asked or places("1"), days)


def verdict(*earlier: Earlier, asked: Places | None = None, days: int = 14) -> str:
    about = asked or places("1")
    return too_much(RIVER, NOW, about, days, earlier=earlier, now=NOW, limits=LIMITS)


def test_a_first_question_may_be_asked() -> None:
    assert verdict() == ""
    assert verdict(before(HILL, HOUR, is_open=True)) == "", "one of another organisation is no bar"


def test_one_open_question_of_an_organisation() -> None:
    assert verdict(before(is_open=True)) == "over_cap"


def test_three_organisations_a_day_by_the_days_of_the_service() -> None:
    asked = [before(uuid4(), HOUR) for _ in range(3)]
    assert verdict(*asked[:2]) == ""
    assert verdict(*asked) == "over_cap"
    assert verdict(*(before(uuid4(), 12 * HOUR + HOUR) for _ in range(3))) == "", "yesterday's"
    assert verdict(*(before(asked[0].org_ref, n * HOUR) for n in range(1, 6))) == "", "is one"


def test_a_day_between_two_questions_whichever_was_considered_first() -> None:
    assert verdict(before(ago=24 * HOUR)) == ""
    assert verdict(before(ago=24 * HOUR - timedelta(seconds=1))) == "cooling_down"
    assert verdict(before(ago=-HOUR)) == "cooling_down", "asked later, considered before"


def test_the_budget_counts_places_and_days() -> None:
    asked = [before(ago=n * 25 * HOUR, asked=places(str(n))) for n in (15, 16, 17)]
    assert verdict(*asked, asked=places("9")) == "over_budget"
    assert verdict(*asked, asked=places("15")) == ""
    same = [before(ago=n * 25 * HOUR) for n in (1, 2, 3)]
    assert verdict(*same) == "over_budget"


def test_an_itinerary_is_not_counted() -> None:
    full = [before(ago=n * 25 * HOUR, asked=places(str(n))) for n in (1, 2, 3)]
    assert too_much(RIVER, NOW, None, 14, earlier=full, now=NOW, limits=LIMITS) == ""


def test_halving_cities_is_stopped() -> None:
    """An asker that halves 256 cities, a day after the other, and for whom everybody says OK."""
    where, left = 77, list(range(256))
    earlier: list[Earlier] = []
    for day in range(89):
        now = NOW + timedelta(days=day, minutes=day)
        half = left[: len(left) // 2]
        asked = places(*(str(city) for city in half))
        if too_much(RIVER, now, asked, 1, earlier=earlier, now=now, limits=LIMITS) == "":
            left = half if where in half else left[len(half) :]
        earlier.append(Earlier(RIVER, now, now, False, asked, 1))
        if len(left) == 1:
            break
    assert len(left) == 32


@given(
    st.lists(
        st.tuples(
            st.sampled_from([RIVER, HILL]),
            st.integers(0, 200),
            st.booleans(),
            st.sampled_from("123456"),
            st.integers(1, 14),
        ),
        max_size=8,
    )
)
def test_more_questions_before_never_allow_more(
    asked: list[tuple[UUID, int, bool, str, int]],
) -> None:
    earlier = [
        before(org, timedelta(hours=hours), is_open=is_open, asked=places(code), days=days)
        for org, hours, is_open, code, days in asked
    ]
    allowed = [verdict(*earlier[:n]) == "" for n in range(len(earlier) + 1)]
    assert allowed == sorted(allowed, reverse=True)


@pytest.mark.parametrize(
    ("local", "until"),
    [
        ("2026-11-23T21:59", None),
        ("2026-11-23T22:00", "2026-11-24T08:00"),
        ("2026-11-24T00:30", "2026-11-24T08:00"),
        ("2026-11-24T07:59", "2026-11-24T08:00"),
        ("2026-11-24T08:00", None),
    ],
)
def test_quiet_hours_over_midnight(local: str, until: str | None) -> None:
    now = datetime.fromisoformat(local).replace(tzinfo=ZONE)
    expected = datetime.fromisoformat(until).replace(tzinfo=ZONE) if until else None
    assert quiet_until(now, (22, 8), ZONE) == expected


def test_quiet_hours_within_a_day_and_none() -> None:
    noon = datetime(2026, 11, 23, 12, 30, tzinfo=ZONE)
    assert quiet_until(noon, (12, 14), ZONE) == noon.replace(hour=14, minute=0)
    assert quiet_until(noon.replace(hour=14), (12, 14), ZONE) is None
    assert quiet_until(noon, None, ZONE) is None
