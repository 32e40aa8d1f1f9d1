"""Moments as they are told to people: in the service's time zone."""

from datetime import datetime
from zoneinfo import ZoneInfo

from core import catalogue
from core.models import Installation


def service_zone() -> ZoneInfo:
    return ZoneInfo(Installation.objects.get().time_zone)


def moment(locale: str, at: datetime, zone: ZoneInfo) -> str:
    """9 Nov 12:30."""
    local = at.astimezone(zone)
    return f"{catalogue.format_day(locale, local.date())} {local:%H:%M}"
