"""Putting the gateway's work in the queue, its tasks by their short names (`core.dispatch`)."""

from functools import partial

from django.db import transaction

from core import dispatch


def enqueue(task: str, *args: int, countdown: float = 0) -> None:
    """Start `sms_gateway.tasks.<task>` with ids. Never raises and never waits for a lost queue."""
    dispatch.enqueue(f"sms_gateway.tasks.{task}", *args, countdown=countdown)


def on_commit(task: str, *args: int, countdown: float = 0) -> None:
    """The same, once the present transaction stands."""
    transaction.on_commit(partial(enqueue, task, *args, countdown=countdown), robust=True)
