"""What goes wrong while a crowd converses with the real processes."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass

from bench.messages.carrier import Fault
from bench.messages.world import World
from tests.chaos.conversations import Crowd

Mishap = Callable[[World], None]
#: The database's clock. Every rule that the database holds goes by it.
CLOCK = (
    "CREATE OR REPLACE FUNCTION core.now() RETURNS timestamptz LANGUAGE sql VOLATILE"
    " RETURN clock_timestamp() + interval '{} seconds'"
)
REFUSED = """
SELECT count(*) FROM sms_gateway_outboundmessage WHERE state = 'queued' AND attempts > 0
"""


@dataclass(frozen=True)
class Scenario:
    """`mishaps`: each once, when this share of notices ("noticed") or answers is there.

    `fault`: how one call in each of `every` conversations ends."""

    name: str
    mishaps: tuple[tuple[str, float, Mishap], ...] = ()
    fault: Fault | None = None
    every: int = 1
    reports: bool = False
    #: The moments in rows are not those of one clock.
    clock_steps: bool = False
    starts_full: bool = False

    @property
    def needs_all(self) -> bool:
        """Whether it breaks something for everybody who uses the service meanwhile."""
        return self.clock_steps or self.starts_full


def kill(name: str) -> Mishap:
    """The process and its children, without a word; the supervisor starts another."""

    def killing(world: World) -> None:
        os.killpg(_pid(world, name), signal.SIGKILL)

    return killing


def restart_postgres(world: World) -> None:
    """As an operator restarts it: connections are cut, transactions rolled back."""
    os.kill(_pid(world, "postgres"), signal.SIGINT)


def step_clock(seconds: int) -> Mishap:
    def stepping(world: World) -> None:
        with world.database() as admin:
            admin.execute(CLOCK.format(seconds))

    return stepping


def open_carrier(world: World) -> None:
    world.carrier.is_full = False


def _pid(world: World, name: str) -> int:
    return int((world.stack.folder / "run" / f"{name}.pid").read_text())


def run_mishaps(scenario: Scenario, world: World, crowd: Crowd) -> Callable[[], None]:
    """To be called again and again: each mishap happens when its moment has come."""
    left = list(scenario.mishaps)

    def look() -> None:
        if scenario.starts_full and world.carrier.is_full:
            with world.database() as admin:
                row = admin.execute(REFUSED).fetchone()
            if row is not None and row[0] >= len(crowd.talks):
                open_carrier(world)
        while left and crowd.share(left[0][0]) >= left[0][1]:
            left.pop(0)[2](world)

    return look


SCENARIOS = (
    Scenario("nothing goes wrong"),
    Scenario(
        "kill -9 of the worker, twice",
        (("noticed", 0.3, kill("worker")), ("answered", 0.3, kill("worker"))),
    ),
    Scenario(
        "kill -9 of the web server, twice",
        (("noticed", 0.1, kill("web")), ("answered", 0.2, kill("web"))),
    ),
    Scenario(
        "kill -9 of Redis, with all it had, twice",
        (("noticed", 0.3, kill("redis")), ("answered", 0.3, kill("redis"))),
    ),
    Scenario(
        "PostgreSQL restarted, twice",
        (("noticed", 0.3, restart_postgres), ("answered", 0.3, restart_postgres)),
    ),
    Scenario("the provider answers 500", fault=Fault.ERROR),
    Scenario("the provider answers 429", fault=Fault.BUSY),
    Scenario("the provider accepts and closes the connection", fault=Fault.CLOSED),
    Scenario("the provider accepts and does not answer (1 in 50)", fault=Fault.TIMEOUT, every=50),
    Scenario("receipts twice and backwards", reports=True),
    Scenario("a full outbox: nothing is taken until all notices wait", starts_full=True),
    Scenario(
        "the database's clock steps, +60 s and back",
        (
            ("noticed", 0.2, step_clock(60)),
            ("noticed", 0.6, step_clock(0)),
            ("answered", 0.2, step_clock(60)),
            ("answered", 0.5, step_clock(0)),
        ),
        clock_steps=True,
    ),
)
