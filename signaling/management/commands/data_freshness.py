"""`manage.py data_freshness`: how fresh the data is, day by day; fails when it is too old."""

from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import CommandError

from signaling import window
from signaling.freshness import FEEDS, Freshness, Row, freshness
from signaling.operating import OperatorCommand

HEAD = f"{'day':<10}  {'state':<8}  {'events':>13}  {'subscribers':>11}  {'last':<5}  {'late':>9}"


class Command(OperatorCommand):
    help = (
        "Show the data of each day of the window, and when it was loaded. The exit status is not 0"
        " when subscriptions are older than 24 h or yesterday's events are not complete."
    )

    def run(self, options: dict[str, Any]) -> None:
        found = freshness()
        zone = window.zone()
        self.stdout.write(f"{found.now.astimezone(zone):%Y-%m-%d %H:%M} {zone.key}\n\n")
        for feed in FEEDS:
            self.stdout.write(f"{feed:<14}  {loaded(found.loaded.get(feed), found)}")
        through = found.complete_through or "no day"
        self.stdout.write(f"{'complete':<14}  through {through}\n\n")
        self.stdout.write(HEAD)
        for row in found.rows:
            self.stdout.write(day_line(row, found))
        if found.complaints:
            raise CommandError("\n".join(["too old:", *(f"  {text}" for text in found.complaints)]))


def loaded(at: datetime | None, found: Freshness) -> str:
    if at is None:
        return "never"
    zone = window.zone()
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}  {age(found.now - at)} ago"


def age(gone: timedelta) -> str:
    minutes = int(gone.total_seconds()) // 60
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    return f"{days} d {hours} h" if days else f"{hours} h {minutes} min"


def day_line(row: Row, found: Freshness) -> str:
    """`late` is the number of rows rejected because they came after the day was sealed."""
    if row.state is None:
        return f"{row.day}  no data"
    state = "sealed" if row.state.sealed_at else "open"
    last = row.state.last_event_at
    seen = f"{last.astimezone(window.zone()):%H:%M}" if last else "-"
    return (
        f"{row.day}  {state:<8}  {row.state.events:>13,}  {row.state.subscribers:>11,}  {seen:<5}"
        f"  {row.state.late:>9,}{'' if row.is_complete else '  not complete'}"
    )
