"""Which local days the service shows, and which it keeps events of."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from core import clock
from core.models import Installation


def zone() -> ZoneInfo:
    """The zone that days are counted in, fixed when the service was initialised."""
    return ZoneInfo(Installation.objects.get(id=1).time_zone)


def today() -> date:
    return clock.local_day(clock.now(), zone())


def first_shown_day() -> date:
    """The first day of the window: nothing older is published."""
    return today() - timedelta(days=Installation.objects.get(id=1).window_days)


def first_kept_day() -> date:
    """Events are kept for the window and one day before it, so that a stay's beginning shows."""
    return first_shown_day() - timedelta(days=1)
