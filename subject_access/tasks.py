"""Thin tasks: ids in, nothing out. Each may run any number of times."""

from uuid import UUID

from celery import shared_task

from core import dispatch
from subject_access import services
from subject_access.services import Progress

RETRY_SECONDS = 0.25
MOST_TRIES = 20  # then the sweep looks after it


@shared_task(name="subject_access.tasks.consider")
def consider(opening_id: str) -> None:
    """A number was typed: send its holder a code, or nothing."""
    services.consider(opening_id=UUID(opening_id))


@shared_task(name="subject_access.tasks.prepare")
def prepare(opening_id: str, tries: int = 0) -> None:
    """The right code came: seal the record, or look again in a moment."""
    progress = services.prepare(opening_id=UUID(opening_id), may_wait=tries < MOST_TRIES)
    if progress is Progress.WAIT and tries < MOST_TRIES:
        dispatch.enqueue(
            "subject_access.tasks.prepare", opening_id, tries + 1, countdown=RETRY_SECONDS
        )


@shared_task(name="subject_access.tasks.sweep")
def sweep() -> None:
    """Take up what lost its task."""
    asked, opened = services.waiting()
    for opening_id in asked:
        dispatch.enqueue("subject_access.tasks.consider", str(opening_id))
    for opening_id in opened:
        dispatch.enqueue("subject_access.tasks.prepare", str(opening_id), MOST_TRIES)


@shared_task(name="subject_access.tasks.forget")
def forget() -> None:
    """What was sealed for pages that have closed, and old rows."""
    services.forget()
