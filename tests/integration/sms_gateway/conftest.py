"""Tests of the gateway on a real PostgreSQL. Tasks that would go to the queue are kept in a list
and run when a test says so, as often and in the order it wants."""

import os
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from core.numbers import number_index
from sms_gateway import dispatch, services
from sms_gateway.messages import Address
from sms_gateway.models import OutboundMessage
from tests.fakes.conversation import Seen, seen
from tests.integration.sms_gateway.processes import Service
from tests.machine import wait_until

AsRole = Callable[[str], AbstractContextManager[None]]
Later = Callable[[float], None]
NUMBER = "+8613800000001"
OTHER = "+8613800000002"


@dataclass
class Queue:
    """Celery's place in these tests: what was enqueued and not run yet."""

    waiting: list[tuple[str, tuple[int, ...]]] = field(default_factory=list)

    def put(self, task: str, *args: int, countdown: float = 0) -> None:
        self.waiting.append((task, args))

    def run(self, limit: int = 500) -> None:
        """Run everything that waits, and what that enqueues in turn."""
        for _ in range(limit):
            if not self.waiting:
                return
            task, args = self.waiting.pop(0)
            run_task(task, *args)
        raise AssertionError(f"tasks go on for ever: {self.waiting[:3]}")

    def run_all_but_waits(self) -> None:
        """Run what waits; a text that waits for something asks again and again, which is left."""
        while any(task != "send" or len(args) == 1 for task, args in self.waiting):
            task, args = self.waiting.pop(0)
            if task == "send" and len(args) == 2:
                continue
            run_task(task, *args)
        self.waiting.clear()

    def lose(self) -> None:
        """Redis was flushed."""
        self.waiting.clear()


def run_task(task: str, *args: int) -> None:
    from sms_gateway import tasks

    getattr(tasks, task).run(*args)


def address(number: str = NUMBER) -> Address:
    return Address(number, number_index(number))


def send_text(body: str = "hello", *, number: str = NUMBER, **more: object) -> OutboundMessage:
    """Queue a text as the worker does; the row."""
    given: dict[str, Any] = {
        "kind": "answer",
        "cause": f"test:{OutboundMessage.objects.count()}",
        **more,
    }
    outbound_id = services.queue(to=address(number), body=body, **given)
    return OutboundMessage.objects.get(id=outbound_id)


def in_threads(count: int, work: Callable[[int], object]) -> None:
    """Do it in so many threads at the same moment; the first error is raised."""
    gate, errors = threading.Barrier(count), []

    def run(number: int) -> None:
        try:
            gate.wait()
            work(number)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


@pytest.fixture(autouse=True)
def stand_ins(settings: Settings) -> Iterator[Seen]:
    settings.SMS_MARKS = "tests.fakes.conversation.marks"
    settings.SMS_INBOUND_HANDLER = "tests.fakes.conversation.echo"
    settings.SMS_HOLD = "tests.fakes.conversation.hold"
    settings.SMS_PROGRESS_LISTENER = "tests.fakes.conversation.progressed"
    seen.reset()
    yield seen
    seen.reset()


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Queue:
    kept = Queue()
    monkeypatch.setattr(dispatch, "enqueue", kept.put)
    return kept


@pytest.fixture
def later(freeze_database: Callable[[datetime], None]) -> Later:
    """`later(seconds)`: the database's clock stands so much after the test's beginning."""
    begun = datetime.now(UTC)
    return lambda seconds: freeze_database(begun + timedelta(seconds=seconds))


@pytest.fixture
def service(transactional_db: None, tmp_path: Path) -> Iterator[Service]:
    """The gateway's real processes: web, worker and beat."""
    running = Service(tmp_path, os.environ["REDIS_URL"])
    try:
        for name in ("web", "worker", "beat"):
            running.start(name)
        wait_until(running.is_answering, what="the web process answers")
        yield running
    finally:
        running.stop()


@pytest.fixture
def text(as_role: AsRole) -> "Text":
    return Text(as_role)


class Text:
    """`text("TRIP")`: the web process receives a text."""

    def __init__(self, as_role: AsRole) -> None:
        self.as_role = as_role
        self.sent = 0

    def __call__(
        self, body: str, *, number: str = NUMBER, message_id: str = "", to: str = "10086"
    ) -> int:
        """Returns the id of its row; 0 when the message id was known."""
        self.sent += 1
        with self.as_role("web"):
            inbound_id = services.receive(
                provider="sandbox",
                provider_message_id=message_id or f"message-{self.sent}",
                sender=number,
                recipient=to,
                body=body,
            )
        return inbound_id or 0


def report(
    as_role: AsRole, status: str, *, message_id: str = "", ref: uuid.UUID | None = None
) -> None:
    """The web process receives a delivery report."""
    with as_role("web"):
        services.receive_report(
            provider="sandbox",
            provider_message_id=message_id or str(ref),
            ref=ref,
            status=status,
        )
