"""How many texts go through, and how soon, beside a bare floor on the same servers.

PostgreSQL, Redis, the web server, the worker, the carrier and whoever measures share the machine.
"""

import asyncio
import threading
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from bench.messages.carrier import Carrier, Sent

T = TypeVar("T")
PATIENCE: Final = 900.0  # seconds for a backlog to be drained


class NotDrainedError(Exception):
    """Texts without an answer, after a long time."""


class Loop:
    """An event loop in a thread, so that the main thread can look after the service's processes."""

    def __init__(self, tick: Callable[[], object]) -> None:
        self.tick = tick
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def run(self, work: Awaitable[T], look: Callable[[], object] = bool) -> T:
        """Do this, and keep the processes running meanwhile; `look` is called ever so often."""

        async def whole() -> T:
            return await work

        done = asyncio.run_coroutine_threadsafe(whole(), self.loop)
        while not done.done():
            self.tick()
            look()
        return done.result()

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)


@contextmanager
def running(carrier: Carrier, tick: Callable[[], object]) -> Iterator[Loop]:
    loop = Loop(tick)
    loop.run(carrier.open())
    try:
        yield loop
    finally:
        loop.run(carrier.close())
        loop.close()


@dataclass
class Burst:
    """Texts sent as fast as they are taken."""

    count: int
    errors: int = 0
    accepted_in: float = 0.0
    answered_in: float = 0.0

    @property
    def accepted(self) -> float:
        return self.count / self.accepted_in

    @property
    def answered(self) -> float:
        return self.count / self.answered_in


async def burst(carrier: Carrier, numbers: Sequence[str], count: int, body: str) -> Burst:
    """Send `count` texts, each number's one after the other, and wait for all answers."""
    found, before = Burst(count), len(carrier.texts)
    lanes: list[deque[str]] = [deque() for _ in range(carrier.lines)]
    for n in range(count):
        place = n % len(numbers)
        lanes[place % carrier.lines].append(numbers[place])
    began = time.monotonic()

    async def lane(mine: deque[str]) -> None:
        while mine:
            request = carrier.text_of(mine.popleft(), body)
            try:
                found.errors += await carrier.post(request) != 200
            except OSError:
                found.errors += 1

    await asyncio.gather(*map(lane, lanes))
    found.accepted_in = time.monotonic() - began
    while len(carrier.texts) - before < count - found.errors:
        if time.monotonic() - began > PATIENCE:
            raise NotDrainedError(f"{len(carrier.texts) - before} of {count}")
        await asyncio.sleep(0.02)
    found.answered_in = carrier.texts[before + count - found.errors - 1].at - began
    return found


@dataclass
class Paced:
    """Seconds that each text took: to be accepted, and to be answered."""

    webhook: list[float] = field(default_factory=list)
    answer: list[float] = field(default_factory=list)
    errors: int = 0

    def at(self, what: list[float], share: float) -> float:
        return sorted(what)[min(int(len(what) * share), len(what) - 1)]


async def paced(
    carrier: Carrier, numbers: Sequence[str], rate: float, seconds: float, body: str
) -> Paced:
    """So many texts a second, whatever becomes of them. Times count from when each was due."""
    found = Paced()
    due: dict[str, deque[float]] = defaultdict(deque)

    def answered(sent: Sent) -> None:
        if due[sent.number]:
            found.answer.append(sent.at - due[sent.number].popleft())

    async def one(number: str, at: float) -> None:
        due[number].append(at)
        try:
            found.errors += await carrier.post(carrier.text_of(number, body)) != 200
        except OSError:
            found.errors += 1
        found.webhook.append(time.monotonic() - at)

    carrier.listeners.append(answered)
    began = time.monotonic()
    tasks: set[asyncio.Task[Any]] = set()
    for n in range(int(rate * seconds)):
        at = began + n / rate
        await asyncio.sleep(max(0.0, at - time.monotonic()))
        task = asyncio.create_task(one(numbers[n % len(numbers)], at))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)
    while any(due.values()):
        if time.monotonic() - began > seconds + PATIENCE:
            raise NotDrainedError(f"{sum(map(len, due.values()))} texts")
        await asyncio.sleep(0.05)
    carrier.listeners.remove(answered)
    return found
