"""How much one person may be asked: a rule about the requests themselves, and nothing else.

It looks at what was asked before and when it was considered, never at what came of it, so that
nobody can learn from a later request what became of an earlier one: to somebody who refused, who
blocked the asker or who is no subscriber at all, and to a number nobody has, it says the same.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from core import clock
from travel.budget import Asked, Budget, excess
from travel.evidence import Places
from travel.window import Window


@dataclass(frozen=True, slots=True)
class Earlier:
    """A request about the same number that was considered before. `is_open`: its asker still waits
    for an answer, as far as that asker can see."""

    org_ref: UUID
    asked_at: datetime
    considered_at: datetime
    is_open: bool
    places: Places | None
    days: int


@dataclass(frozen=True, slots=True)
class Limits:
    """`cool_down`: from one question of an organisation to its next. `askers_per_day`: over all
    organisations, on one local day."""

    cool_down: timedelta
    askers_per_day: int
    zone: ZoneInfo
    budget: Budget = field(default_factory=Budget)


def too_much(
    org_ref: UUID,
    asked_at: datetime,
    places: Places | None,
    days: int,
    *,
    earlier: Collection[Earlier],
    now: datetime,
    limits: Limits,
) -> str:
    """Why a request that is considered now is one too many: over_cap | cooling_down | over_budget,
    or nothing. `places`: of an itinerary None, which no budget counts: the person agrees to it all.
    """
    own = [e for e in earlier if e.org_ref == org_ref]
    today = clock.local_day(now, limits.zone)
    others = {e.org_ref for e in earlier if _day(e, limits) == today} - {org_ref}
    if any(e.is_open for e in own) or len(others) >= limits.askers_per_day:
        return "over_cap"
    if any(abs(asked_at - e.asked_at) < limits.cool_down for e in own):
        return "cooling_down"
    if places is not None:
        before = [_asked(e.considered_at, e.places, e.days, limits) for e in own if e.places]
        if excess(_asked(now, places, days, limits), before, limits.budget):
            return "over_budget"
    return ""


def quiet_until(now: datetime, hours: tuple[int, int] | None, zone: ZoneInfo) -> datetime | None:
    """When the quiet hours that `now` lies in are over; None outside them."""
    if hours is None:
        return None
    first, end = hours
    local = now.astimezone(zone)
    is_quiet = first <= local.hour < end if first <= end else not end <= local.hour < first
    if not is_quiet:
        return None
    day = local.date() + timedelta(days=1 if local.hour >= end else 0)
    return datetime(day.year, day.month, day.day, end, tzinfo=zone)


def _day(earlier: Earlier, limits: Limits) -> date:
    return clock.local_day(earlier.considered_at, limits.zone)


def _asked(at: datetime, places: Places | None, days: int, limits: Limits) -> Asked:
    assert places is not None
    window = Window.before(at, days=days, zone=limits.zone)
    return Asked(clock.local_day(at, limits.zone), window, places)
