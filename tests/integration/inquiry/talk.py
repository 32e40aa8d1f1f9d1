"""The service as a phone sees it: texts go in through the web's role, come out on the phone.

Tasks that would go to the queue wait in a list and are run one by one, as the worker, with a real
sequencer in between; so a test can lose them, repeat them, or stop before them.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils.module_loading import import_string

from core.numbers import number_index
from inquiry import tasks as inquiry_tasks
from sms_gateway import services as gateway
from sms_gateway import tasks as gateway_tasks
from sms_gateway.providers.sandbox import mailbox
from tests.integration.consent.world import World

AsRole = Callable[[str], AbstractContextManager[None]]
MOST_TASKS = 400


@dataclass
class Queue:
    """Celery's place: what was enqueued and not run yet."""

    waiting: list[tuple[Any, tuple[Any, ...]]] = field(default_factory=list)
    seen: list[tuple[Any, tuple[Any, ...]]] = field(default_factory=list)

    def put_by_name(self, task: str, *args: Any, countdown: float = 0) -> None:
        """Tasks that are named in full (`core.dispatch`)."""
        self.waiting.append((import_string(task), args))
        self.seen.append(self.waiting[-1])

    def put_for(self, room: Any) -> Callable[..., None]:
        def put(task: str, *args: Any, countdown: float = 0) -> None:
            self.waiting.append((getattr(room, task), args))
            self.seen.append(self.waiting[-1])

        return put


class Service:
    """Phones and the service that answers them."""

    def __init__(self, as_role: AsRole, queue: Queue, world: World) -> None:
        self.as_role, self.queue, self.world = as_role, queue, world
        self._ids = itertools.count(1)
        self._seen: dict[str, int] = {}
        self.last_code = ""  # of the last notice that arrived anywhere

    def now(self) -> datetime:
        found = self.world.value("SELECT core.now()")
        assert isinstance(found, datetime)
        return found

    def index(self, number: str) -> bytes:
        return number_index(number)

    def receive(self, number: str, body: str, *, to: str = "10086", problem: str = "") -> None:
        """A text reaches the web process; nothing works on it yet."""
        with self.as_role("web"):
            gateway.receive(
                provider="sandbox",
                provider_message_id=f"message-{next(self._ids)}",
                sender=number,
                recipient=to,
                body=body,
                problem=problem,
            )

    def work(self, *, sequencing: bool = True) -> None:
        """Run all tasks, and what they enqueue, as the worker. Without a sequencer nothing gets
        its checkpoint, and tasks give up waiting."""
        for _ in range(MOST_TASKS):
            if not self.queue.waiting:
                return
            task, args = self.queue.waiting.pop(0)
            task.run(*args)
            if sequencing:
                self.world.sequence()
        raise AssertionError(f"tasks go on for ever: {self.queue.waiting[:3]}")

    def run_only(self, *names: str) -> None:
        """Run what waits of these tasks, and leave the others waiting."""
        for _ in range(MOST_TASKS):
            chosen = [item for item in self.queue.waiting if item[0].name.split(".")[-1] in names]
            if not chosen:
                return
            self.queue.waiting.remove(chosen[0])
            chosen[0][0].run(*chosen[0][1])
            self.world.sequence()
        raise AssertionError(f"tasks go on for ever: {self.queue.waiting[:3]}")

    def sweep(self, *, sequencing: bool = True) -> None:
        """What beat starts every few seconds."""
        inquiry_tasks.sweep.run()
        gateway_tasks.sweep.run()
        self.work(sequencing=sequencing)

    def sweep_later(self, *, sequencing: bool = True) -> None:
        """A sweep when everything that waits has waited long enough to be taken up."""
        self.world.superuser.execute(
            "UPDATE sms_gateway_outboundmessage SET due_at = due_at - interval '1 hour',"
            " enqueued_at = enqueued_at - interval '1 hour' WHERE state = 'queued'"
        )
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(inquiry_tasks, "LEFT_ALONE", timedelta(0))
            self.sweep(sequencing=sequencing)

    def retry_texts(self) -> None:
        """A sweep when texts whose handling failed have waited long enough."""
        self.world.superuser.execute(
            "UPDATE sms_gateway_inboundmessage SET due_at = due_at - interval '1 hour',"
            " enqueued_at = enqueued_at - interval '1 hour' WHERE handled_at IS NULL"
        )
        self.sweep()

    def arrived(self, number: str) -> list[str]:
        """Texts that the phone has and had not shown yet."""
        with self.as_role("web"):
            phone = mailbox.phone_of(number)
            for ref in mailbox.take_undelivered(phone_id=phone):
                gateway.receive_report(
                    provider="sandbox", provider_message_id=str(ref), ref=ref, status="delivered"
                )
            texts = mailbox.texts(phone_id=phone, after=self._seen.get(number, 0))
        self._seen[number] = max([t.id for t in texts], default=self._seen.get(number, 0))
        self.work()
        bodies = [text.body for text in texts if text.incoming]
        for body in bodies:
            if found := re.search(r"OK (\d{6})$", body):
                self.last_code = found[1]
        return bodies

    def say(self, number: str, body: str, **how: str) -> list[str]:
        """Text something; everything that comes back."""
        self.receive(number, body, **how)
        self.work()
        return self.arrived(number)

    def reply(self, number: str, body: str, **how: str) -> str:
        """Text something that has exactly one reply."""
        replies = self.say(number, body, **how)
        assert len(replies) == 1, replies
        return replies[0]

    def code(self, number: str, body: str = "TRIP") -> str:
        """Ask; the code of the notice that comes."""
        return self.reply(number, body)[-6:]

    def agree(self, number: str, body: str = "TRIP") -> str:
        """Ask and agree; the answer."""
        return self.reply(number, f"OK {self.code(number, body)}")
