"""A crowd of invented people with phones: their data, and how each of them uses the service."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import psycopg

from core import catalogue
from demo import fortnight
from demo.conversation import template_pattern
from demo.journeys import cells_of
from demo.load import write_csv
from demo.phone import Phone, call
from demo.places import CHENGDU, GUANGZHOU, HANGZHOU, QINGDAO, SHANGHAI, WUHAN, XIAMEN, XIAN, Place
from tests.running import Demo, clean_environment
from travelcheck.stack.folders import ROOT

CITIES = (HANGZHOU, SHANGHAI, WUHAN, GUANGZHOU, CHENGDU, XIAN, QINGDAO, XIAMEN)
EVERY = timedelta(hours=1)
AT_ONCE = 8
NOTICE = template_pattern("en", "notice.self", {})
RUNG = (
    "SELECT DISTINCT phone_id FROM sms_gateway_sandboxtext WHERE incoming AND delivered_at IS NULL"
)
FOLLOWS = catalogue.render("en", "answer.follows")


@dataclass
class Texter:
    """One person: asks, agrees, reads. `received` is everything that reached the phone."""

    number: str
    imsi: str
    city: Place
    phone: Phone | None = None
    received: list[str] = field(default_factory=list)
    last_seen: int = 0
    has_agreed: bool = False

    @property
    def notices(self) -> list[str]:
        return [text for text in self.received if NOTICE.fullmatch(text)]

    @property
    def answers(self) -> list[str]:
        return [text for text in self.received if self.city.en in text]

    @property
    def others(self) -> list[str]:
        """Anything else; on a slow machine a text says that the answer follows."""
        known = {*self.notices, *self.answers, FOLLOWS}
        return [text for text in self.received if text not in known]

    def ask(self, base_url: str) -> None:
        sent = call(f"{base_url}/sandbox/texts", {"number": self.number, "body": "TRIP"})
        self.phone = Phone(base_url, sent["number_id"])

    def look(self) -> None:
        """Read what came, and agree to a notice as soon as there is one."""
        assert self.phone is not None
        for text in self.phone.texts(self.last_seen):
            self.last_seen = text.id
            if text.incoming:
                self.received.append(text.body)
        if self.notices and not self.has_agreed:
            code = re.search(r"OK (\d{6})", self.notices[0])
            assert code is not None
            self.phone.send(f"OK {code[1]}")
            self.has_agreed = True


def make_crowd(size: int) -> list[Texter]:
    return [
        Texter(f"+86154{20_000_000 + i}", f"46000154{2_000_000 + i}", CITIES[i % len(CITIES)])
        for i in range(size)
    ]


def load(demo: Demo, crowd: Iterable[Texter], folder: Path) -> None:
    """Give the crowd subscriptions and two weeks of events, with the ordinary commands."""
    people = list(crowd)
    write_csv(
        folder / "subscriptions.csv",
        ("msisdn", "imsi", "id_last4", "valid_from", "valid_to"),
        ((p.number, p.imsi, "0000", "2020-01-01T00:00:00Z", "") for p in people),
    )
    paths = []
    for day in fortnight.window(fortnight.today()):
        hours = [fortnight.midnight(day) + n * EVERY for n in range(24)]
        paths.append(folder / f"{day}.csv.gz")
        write_csv(
            paths[-1],
            ("imsi", "timestamp", "cgi", "event_type"),
            (
                (p.imsi, f"{at:%Y-%m-%dT%H:%M:%SZ}", cells_of(p.city)[0].cgi, "periodic")
                for at in hours
                for p in people
            ),
        )
    manage(demo, "load_subscriptions", str(folder / "subscriptions.csv"))
    manage(demo, "ingest_events", *map(str, paths))


def manage(demo: Demo, *command: str) -> None:
    """A management command as an operator types it beside the running demo."""
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        env=clean_environment(demo.folder),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def all_ask(crowd: Iterable[Texter], base_url: str) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda person: person.ask(base_url), crowd))


def all_look(crowd: Iterable[Texter], connection: psycopg.Connection) -> None:
    """Everybody whose phone has rung looks at it.

    Which phones have rung is read from the simulator's table: two hundred phones that ask over
    HTTP all the time would keep a small machine busy with nothing else.
    """
    rung = {row[0] for row in connection.execute(RUNG)}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(Texter.look, (p for p in crowd if p.phone and p.phone.id in rung)))
