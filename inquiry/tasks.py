"""Thin tasks: ids in, nothing out. Each may run any number of times."""

from datetime import timedelta
from uuid import UUID

from celery import shared_task

from consent.selectors import unfinished_releases, withdrawals_waiting
from core import clock, dispatch
from disputes.selectors import to_tell
from inquiry import answers, by_phone, erasures, memory, outcomes
from verification.services.answering import Progress

RETRY_SECONDS = 0.2
MOST_TRIES = 25  # then the sweep looks after it
LEFT_ALONE = timedelta(seconds=6)  # longer than all tries together
MOST_SWEPT = 500


@shared_task(name="inquiry.tasks.answer")
def answer(release_id: str, tries: int = 0) -> None:
    """Answer a claim, or look again in a moment while its entry waits for the checkpoint."""
    progress = answers.answer(UUID(release_id))
    if progress is Progress.WAIT and tries < MOST_TRIES:
        dispatch.enqueue("inquiry.tasks.answer", release_id, tries + 1, countdown=RETRY_SECONDS)


@shared_task(name="inquiry.tasks.tell_of_dispute")
def tell_of_dispute(dispute_id: str) -> None:
    """A case is over: tell the person, and mark the answers it was about."""
    outcomes.tell(UUID(dispute_id))


@shared_task(name="inquiry.tasks.sweep")
def sweep() -> None:
    """Take up claims that were not answered: lost tasks, dead workers, late feeds. And cases that
    are over without anybody having been told. And erasures that a legal hold kept so far."""
    overdue = unfinished_releases().filter(claimed_at__lt=clock.now() - LEFT_ALONE)
    for release_id in overdue.values_list("id", flat=True)[:MOST_SWEPT]:
        dispatch.enqueue("inquiry.tasks.answer", str(release_id), MOST_TRIES)
    for dispute_id in to_tell().values_list("id", flat=True)[:MOST_SWEPT]:
        dispatch.enqueue("inquiry.tasks.tell_of_dispute", str(dispute_id))
    for wish_id in withdrawals_waiting().values_list("id", flat=True)[:MOST_SWEPT]:
        by_phone.withdraw(wish_id=wish_id)
    erasures.carry_out_due()
    memory.forget_old()


@shared_task(name="inquiry.tasks.withdraw_by_phone")
def withdraw_by_phone(wish_id: str) -> None:
    """End everything of the number of somebody who called."""
    by_phone.withdraw(wish_id=UUID(wish_id))
