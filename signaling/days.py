"""Local days of events: open while their raw events are kept, then sealed.

A day is sealed once it ended, and its first events were stored, the lateness ago. Sealing is noted
here first; its raw events become sketches afterwards (tidying.py), and what comes later is late.
"""

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import F

from core import clock
from signaling.models import Day
from signaling.store import Store

LATE_LAST_EVENT: Final = timedelta(hours=3)  # a day seen to within this of its end is complete


def settle(where: Store, *, now: datetime, zone: ZoneInfo) -> list[date]:
    """Note new days, seal those whose time has come, and forget those without files.

    Returns the sealed days. What the folder says wins over a database that was restored from a
    copy: a day with sketches is sealed, since nothing could be added to it.
    """
    files = where.files()
    found = {file.day for file in files}
    sketched = {file.day for file in files if file.is_sketch}
    known = set(Day.objects.values_list("day", flat=True))
    Day.objects.bulk_create(Day(day=day, opened_at=now) for day in sorted(found - known))
    Day.objects.filter(day__in=sketched, sealed_at=None).update(sealed_at=now)
    lateness = timedelta(hours=settings.SIGNALING_LATENESS_HOURS)
    for row in Day.objects.filter(sealed_at=None, opened_at__lte=now - lateness):
        if clock.start_of_day(row.day + timedelta(days=1), zone) <= now - lateness:
            row.sealed_at = now
            row.save(update_fields=["sealed_at"])
    return list(Day.objects.exclude(sealed_at=None).order_by("day").values_list("day", flat=True))


def forget_before(day: date) -> None:
    Day.objects.filter(day__lt=day).delete()


def note_late(late: Counter[date]) -> None:
    """Count rows that came for sealed days."""
    for day, rows in sorted(late.items()):
        Day.objects.filter(day=day).update(late=F("late") + rows)


def note_last(last: dict[date, datetime], *, now: datetime) -> None:
    """The latest event of each day of which a file brought some; a day's first events open it."""
    for day, moment in sorted(last.items()):
        row, made = Day.objects.get_or_create(
            day=day, defaults={"opened_at": now, "last_event_at": moment}
        )
        if not made and (row.last_event_at is None or row.last_event_at < moment):
            row.last_event_at = moment
            row.save(update_fields=["last_event_at"])


def last_complete(today: date, zone: ZoneInfo) -> date | None:
    """The last day before today of which events came until its end, whatever came of later days."""
    for row in Day.objects.filter(day__lt=today).exclude(last_event_at=None).order_by("-day"):
        end = clock.start_of_day(row.day + timedelta(days=1), zone)
        if row.last_event_at and row.last_event_at >= end - LATE_LAST_EVENT:
            return row.day
    return None


def note_contents(where: Store, subscribers: dict[date, int]) -> None:
    """How much there is of each day. Of a sealed one the events can be counted no more."""
    events: Counter[date] = Counter()
    for file in where.files():
        events[file.day] += file.rows
    for row in Day.objects.all():
        row.subscribers = subscribers.get(row.day, row.subscribers)
        if row.sealed_at is None:
            row.events = events[row.day]
        row.save(update_fields=["subscribers", "events"])
