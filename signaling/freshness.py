"""How fresh the data is, day by day, against what the service itself goes by."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from core import clock
from core.models import Feed
from signaling import selectors, window
from signaling.selectors import DayState

#: Releases wait when the subscriptions are older (`gate.fetch`).
SUBSCRIPTIONS_LIMIT: Final = timedelta(hours=24)
#: Yesterday's last events may still be on their way for so long after midnight.
GRACE: Final = timedelta(hours=3)
FEEDS: Final = ("subscriptions", "cells", "events")


@dataclass(frozen=True, slots=True)
class Row:
    """A local day of the window, or today; `state` is None when nothing is known of it."""

    day: date
    state: DayState | None
    is_complete: bool


@dataclass(frozen=True, slots=True)
class Freshness:
    now: datetime
    loaded: dict[str, datetime]  # feed -> when its last complete load ended
    complete_through: date | None
    expected_through: date  # what an answer of now would want
    rows: list[Row]

    @property
    def complaints(self) -> list[str]:
        """What is too old, and what follows from it; empty when all is well."""
        found = []
        loaded = self.loaded.get("subscriptions")
        if loaded is None or self.now - loaded > SUBSCRIPTIONS_LIMIT:
            found.append("subscriptions are older than 24 h: answers wait until they are loaded")
        if self.complete_through is None or self.complete_through < self.expected_through:
            found.append(
                f"events are not complete through {self.expected_through}: answers end earlier"
            )
        return found


def freshness() -> Freshness:
    """What an operator should know of the data, as of now."""
    now, zone = clock.now(), window.zone()
    feeds = {feed.name: feed for feed in Feed.objects.filter(name__in=FEEDS)}
    through = feeds["events"].data_through if "events" in feeds else None
    known = {state.day: state for state in selectors.days()}
    first, today = window.first_shown_day(), clock.local_day(now, zone)
    days = [first + timedelta(days=n) for n in range((today - first).days + 1)]
    return Freshness(
        now=now,
        loaded={name: feed.refreshed_at for name, feed in feeds.items()},
        complete_through=through,
        expected_through=clock.local_day(now - GRACE, zone) - timedelta(days=1),
        rows=[
            Row(d, known.get(d), d in known and through is not None and d <= through) for d in days
        ],
    )
