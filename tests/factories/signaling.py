"""A small invented country: square cities in a row, cells, phones and what a network notes of them.

City k is one degree wide and lies at longitude 100+k; cell 0 of each stands 1 km inside its eastern
boundary and reaches over it, cell 1 likewise at its western one, the others stand inland.
"""

import csv
import gzip
import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from core.clock import start_of_day

CITIES = 6
CELLS = 8
EAST, WEST, INLAND = 0, 1, 2
ZONE = ZoneInfo("Asia/Shanghai")
KM = 1 / 111.2


def code(city: int) -> str:
    return f"99{city:02d}00"


def cgi(city: int, cell: int) -> str:
    return f"460-00-{1000 + city}-{10_000_000 + city * 100 + cell}"


@dataclass(frozen=True)
class Event:
    imsi: str
    at: datetime
    cgi: str
    kind: str = "data"


@dataclass(frozen=True)
class Leg:
    """A phone is in `city` from `start` to `end`; at a border it is heard from both sides."""

    city: int
    start: datetime
    end: datetime
    border: bool = False


def write_cities(path: Path, cities: int = CITIES) -> Path:
    features = []
    for k in range(cities):
        west, east = 100 + k - 0.5, 100 + k + 0.5
        ring = [[west, 29.5], [east, 29.5], [east, 30.5], [west, 30.5], [west, 29.5]]
        properties = {
            "code": code(k),
            "name": f"City {k}",
            "name_zh": f"城市{k}",
            "country": "CN",
            "admin1": "Nowhere",
        }
        geometry = {"type": "Polygon", "coordinates": [ring]}
        features.append({"type": "Feature", "properties": properties, "geometry": geometry})
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def write_cells(path: Path, cities: int = CITIES) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["cgi", "lon", "lat", "range_m"])
        for k in range(cities):
            for cell in range(CELLS):
                offset = {EAST: 0.5 - KM, WEST: KM - 0.5}.get(cell, 0.02 * (cell - 5))
                writer.writerow([cgi(k, cell), round(100 + k + offset, 6), 30.0, 2000])
    return path


ID_LAST4 = "123X"  # the end of everybody's identity document


def imsi(phone: int) -> str:
    return f"46000{phone:010d}"


def msisdn(phone: int) -> str:
    return f"+86154{phone:08d}"


def write_subscriptions(path: Path, rows: Iterable[Sequence[object]]) -> Path:
    """Rows of (msisdn, imsi, valid_from, valid_to)."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["msisdn", "imsi", "id_last4", "valid_from", "valid_to"])
        for number, subscriber, valid_from, valid_to in rows:
            writer.writerow([number, subscriber, ID_LAST4, valid_from, valid_to])
    return path


def open_subscriptions(phones: int) -> list[tuple[str, str, str, str]]:
    return [(msisdn(p), imsi(p), "2020-01-01T00:00:00Z", "") for p in range(phones)]


def write_events(path: Path, events: Iterable[Event]) -> Path:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "wt", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["imsi", "timestamp", "cgi", "event_type"])
        for event in events:
            moment = event.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
            writer.writerow([event.imsi, moment, event.cgi, event.kind])
    return path


def noon(day: date, hour: float = 12, zone: ZoneInfo = ZONE) -> datetime:
    """`hour` hours after the local midnight."""
    return start_of_day(day, zone) + timedelta(hours=hour)


def events_of(phone: int, legs: Sequence[Leg], seed: int = 0, minutes: float = 12) -> list[Event]:
    """One event every few minutes; at a border one in five from the neighbour's cell."""
    dice = random.Random(f"{seed}/{phone}")
    found = []
    for leg in legs:
        at = leg.start + timedelta(minutes=dice.uniform(0, minutes))
        while at < leg.end:
            if leg.border and dice.random() < 0.2:
                heard = cgi(leg.city + 1, WEST)
            elif leg.border:
                heard = cgi(leg.city, EAST)
            else:
                heard = cgi(leg.city, dice.randrange(INLAND, CELLS))
            found.append(Event(imsi(phone), at.replace(microsecond=0), heard))
            at += timedelta(minutes=dice.uniform(minutes / 2, minutes * 3 / 2))
    return found


def fortnight(phone: int, last: date, days: int = 14, seed: int = 0) -> list[Leg]:
    """A home with one trip of some days, one day visit and, for some, a life at the border."""
    dice = random.Random(f"{seed}/legs/{phone}")
    home = phone % (CITIES - 1)
    first = noon(last - timedelta(days=days - 1), 0)
    end = noon(last + timedelta(days=1), 0)
    at_border = phone % 10 == 0
    leave = first + timedelta(hours=dice.uniform(24, 24 * (days - 4)))
    back = leave + timedelta(hours=dice.uniform(8, 60))
    away = (home + 2 + phone % 2) % CITIES
    on_the_way = timedelta(hours=3)
    return [
        Leg(home, first, leave, at_border),
        Leg(away, leave + on_the_way, back),
        Leg(home, back + on_the_way, end, at_border),
    ]
