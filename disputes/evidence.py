"""What an operator sees of a visit: its city, its hours by day, its class and its strength."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from consent.gate import Fetched
from core import clock

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class DayOfVisit:
    """One local day of the visit. `cities`: one, or two when the evidence fits both, the likelier
    first. `observed`: in how many of the `hours` (by the clock) that the visit touches the phone
    was seen."""

    day: date
    cities: tuple[str, ...]
    spans: tuple[tuple[datetime, datetime], ...]
    observed: int
    hours: int

    @property
    def kind(self) -> str:
        """The class: stay or border. What is listed as a visit is never transit."""
        return "border" if len(self.cities) > 1 else "stay"

    def written(self) -> str:
        spans = [[start.isoformat(), end.isoformat()] for start, end in self.spans]
        return json.dumps([self.day.isoformat(), self.cities, spans, self.observed, self.hours])

    @classmethod
    def read(cls, text: str) -> "DayOfVisit":
        day, cities, spans, observed, hours = json.loads(text)
        return cls(
            date.fromisoformat(day),
            tuple(cities),
            tuple((datetime.fromisoformat(a), datetime.fromisoformat(b)) for a, b in spans),
            observed,
            hours,
        )


def by_day(rows: Iterable[Fetched], zone: ZoneInfo) -> list[DayOfVisit]:
    """What the gate gave out of one visit, day by day. `zone`: the service's."""
    pieces: dict[date, list[Fetched]] = {}
    observed: dict[date, int] = {}
    for row in rows:
        if row.kind == "coverage":
            observed[row.day] = (row.observed_hours or 0).bit_count()
        else:
            pieces.setdefault(row.day, []).append(row)
    return [_day(day, found, observed.get(day, 0), zone) for day, found in sorted(pieces.items())]


def _day(day: date, pieces: list[Fetched], observed: int, zone: ZoneInfo) -> DayOfVisit:
    spans = sorted((p.started_at, p.ended_at) for p in pieces if p.started_at and p.ended_at)
    midnight = clock.start_of_day(day, zone)
    touched = {
        hour
        for start, end in spans
        for hour in range((start - midnight) // HOUR, -((midnight - end) // HOUR))
    }
    first = pieces[0]
    cities = tuple(code for code in (first.city_code, first.alt_city_code) if code)
    return DayOfVisit(day, cities, tuple(spans), observed, len(touched))


def context(dispute_id: UUID, day: date) -> str:
    """What a day of evidence is sealed for: it opens as nothing else."""
    return f"visit-evidence:{dispute_id}:{day}"
