"""Putting work in the queue. Rows are the truth: what is not enqueued is found by the sweep."""

import logging
from functools import partial

from django.db import transaction
from django.utils.module_loading import import_string

#: Seconds until the log's next checkpoint, most of the time: what waits for one is looked at then.
NEXT_CHECKPOINT = 0.12

log = logging.getLogger(__name__)


def enqueue(task: str, *args: str | int, countdown: float = 0) -> None:
    """Start the task of this dotted path. Never raises, never waits for a lost queue."""
    try:
        import_string(task).apply_async(args=args, countdown=countdown or None, retry=False)
    except Exception as error:  # every transport has its own; none may undo what is stored
        log.warning(
            "not enqueued, left to the sweep", extra={"task": task, "error": type(error).__name__}
        )


def on_commit(task: str, *args: str | int, countdown: float = 0) -> None:
    """The same, once the present transaction stands."""
    transaction.on_commit(partial(enqueue, task, *args, countdown=countdown), robust=True)
