"""Tests of the gateway on a real PostgreSQL. Tasks that would go to the queue are kept in a list
and run when a test says so, as often and in the order it wants."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import pytest
from pytest_django import Settings

from sms_gateway import dispatch, services
from tests.fakes.conversation import Seen, seen

AsRole = Callable[[str], AbstractContextManager[None]]


@dataclass
class Queue:
    """Celery's place in these tests: what was enqueued and not run yet."""

    waiting: list[tuple[str, tuple[int, ...]]] = field(default_factory=list)

    def put(self, task: str, *args: int, countdown: float = 0) -> None:
        self.waiting.append((task, args))

    def run(self, limit: int = 200) -> None:
        """Run everything that waits, and what that enqueues in turn."""
        for _ in range(limit):
            if not self.waiting:
                return
            task, args = self.waiting.pop(0)
            run_task(task, *args)
        raise AssertionError(f"tasks go on for ever: {self.waiting[:3]}")

    def lose(self) -> None:
        """Redis was flushed."""
        self.waiting.clear()


def run_task(task: str, *args: int) -> None:
    from sms_gateway import tasks

    getattr(tasks, task).run(*args)


@pytest.fixture(autouse=True)
def stand_ins(settings: Settings) -> Iterator[Seen]:
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
def text(as_role: AsRole) -> "Text":
    return Text(as_role)


class Text:
    """`text("TRIP")`: the web process receives a text; the id of its row, or None."""

    number = "+8613800000001"

    def __init__(self, as_role: AsRole) -> None:
        self.as_role = as_role
        self.sent = 0

    def __call__(
        self, body: str, *, number: str = number, message_id: str = "", to: str = "10086"
    ) -> int | None:
        self.sent += 1
        with self.as_role("web"):
            return services.receive(
                provider="sandbox",
                provider_message_id=message_id or f"message-{self.sent}",
                sender=number,
                recipient=to,
                body=body,
            )
