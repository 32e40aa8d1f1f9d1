"""Conversations of a crowd over a carrier: TRIP, the notice, OK and its code, the answer."""

from __future__ import annotations

import asyncio
import re
import time
from collections import deque
from dataclasses import dataclass, field

from bench.messages.carrier import Carrier, Fault, Sent

CODE = re.compile(r"\bOK (\d{6})\b")
ANSWER = re.compile(r"Hangzhou|Shanghai|Wuhan|Guangzhou|Chengdu")
AT_ONCE = 200
STATUSES = ("delivered", "sent", "delivered")


@dataclass
class Talk:
    """One number's conversation, as its phone has it."""

    number: str
    received: list[str] = field(default_factory=list)
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    noticed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def notices(self) -> list[str]:
        return [body for body in self.received if CODE.search(body)]

    @property
    def answers(self) -> list[str]:
        return [body for body in self.received if ANSWER.search(body)]

    @property
    def twice(self) -> int:
        """Texts that came more than once."""
        return len(self.received) - len(set(self.received))


class Crowd:
    """Talks under way. `reports`: every text is reported on, twice and in the wrong order."""

    def __init__(self, carrier: Carrier, numbers: list[str], *, reports: bool = False) -> None:
        self.carrier, self.reports = carrier, reports
        self.talks = {number: Talk(number) for number in numbers}
        self.began = time.monotonic()
        self.reporting: set[asyncio.Task[None]] = set()

    def share(self, what: str) -> float:
        """Of how many it is there: the notice ("noticed"), else the answer."""
        events = [t.noticed if what == "noticed" else t.answered for t in self.talks.values()]
        done = len([event for event in events if event.is_set()])
        return done / len(self.talks)

    async def run(self, seconds: float) -> None:
        """Until everybody has an answer, or time is up."""
        self.carrier.listeners.append(self._arrived)
        self.began = time.monotonic()
        places = asyncio.Semaphore(AT_ONCE)

        async def one(talk: Talk) -> None:
            async with places:
                await self._converse(talk)

        tasks = [asyncio.create_task(one(talk)) for talk in self.talks.values()]
        _, late = await asyncio.wait(tasks, timeout=seconds)
        for task in late:
            task.cancel()

    async def stop(self) -> None:
        """Whatever comes from now on is too late."""
        self.carrier.listeners.remove(self._arrived)

    async def _converse(self, talk: Talk) -> None:
        await self.carrier.insist(talk.number, self.carrier.text_of(talk.number, "TRIP"))
        await talk.noticed.wait()
        code = CODE.search(talk.notices[0])
        assert code is not None
        agreed = self.carrier.text_of(talk.number, f"OK {code[1]}")
        await self.carrier.insist(talk.number, agreed)
        await talk.answered.wait()

    def _arrived(self, sent: Sent) -> None:
        talk = self.talks.get(sent.number)
        if talk is None:
            return
        talk.received.append(sent.body)
        if talk.notices:
            talk.noticed.set()
        if talk.answers:
            talk.answered.set()
        if self.reports:
            task = asyncio.create_task(self._report(sent))
            self.reporting.add(task)
            task.add_done_callback(self.reporting.discard)

    async def _report(self, sent: Sent) -> None:
        for status in STATUSES:
            await self.carrier.report(sent, status)

    def go_wrong(self, fault: Fault, every: int) -> None:
        """One call in each of every so many conversations: for the notice, or for the answer."""
        for n, number in enumerate(self.talks):
            if n % every == 0:
                first = (n // every) % 2 == 0
                self.carrier.faults[number] = deque([fault] if first else [None, fault])
