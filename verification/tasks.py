"""Thin tasks: ids in, nothing out. Each may run any number of times."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from celery import shared_task
from django.db.models import QuerySet

from consent import gate
from consent.models import Request
from core import clock, dispatch
from verification.models import Answer
from verification.services import answering, asking, calling, issuing, replies, testing, uploads
from verification.services.answering import Progress

RETRY_SECONDS = 0.25
MOST_TRIES = 20  # then the sweep looks after it
LEFT_ALONE = timedelta(seconds=6)  # longer than all tries together
MOST_SWEPT = 500


@shared_task
def consider(request_id: str) -> None:
    """An organisation has asked."""
    asking.consider(UUID(request_id))


@shared_task
def end_request(request_id: str) -> None:
    """An organisation needs no answer any more."""
    gate.end_request(UUID(request_id))


@shared_task
def hand_over(request_id: str, tries: int = 0) -> None:
    """An answer was made; look again in a moment while its entry waits for the checkpoint."""
    progress = answering.hand_over(UUID(request_id))
    if progress is Progress.WAIT and tries < MOST_TRIES:
        dispatch.enqueue(
            "verification.tasks.hand_over", request_id, tries + 1, countdown=RETRY_SECONDS
        )


@shared_task
def sweep() -> None:
    """Take up what was lost: questions nobody considered, answers that were not handed over, and
    what was taken back. Requests that have closed end with `consent.tasks.expire_due`."""
    settled = clock.now() - LEFT_ALONE
    waiting = Request.objects.filter(considered_at=None, asked_at__lt=settled)
    for request_id in _some_of(asking.due(waiting)):
        dispatch.enqueue("verification.tasks.consider", str(request_id))
    unseen = Answer.objects.filter(handed_over_at=None, made_at__lt=settled).order_by("made_at")
    for request_id in _some_of(unseen):
        dispatch.enqueue("verification.tasks.hand_over", str(request_id), MOST_TRIES)
    answering.recall_lost(since=clock.now() - timedelta(days=1))
    testing.take_back_due()


def _some_of(waiting: QuerySet[Any]) -> list[UUID]:
    """The oldest, and as many of the others at random: what fails each time, or waits for a feed,
    keeps nobody from their turn."""
    oldest = list(waiting.values_list("pk", flat=True)[: MOST_SWEPT // 2])
    others = waiting.exclude(pk__in=oldest).order_by("?").values_list("pk", flat=True)
    return [*oldest, *others[: MOST_SWEPT - len(oldest)]]


@shared_task
def announce() -> None:
    """Tell organisations' own servers what is new; each call is a task of its own."""
    calling.announce()
    for delivery_id in calling.due():
        dispatch.enqueue("verification.tasks.deliver", str(delivery_id))


@shared_task
def deliver(delivery_id: str) -> None:
    calling.deliver(UUID(delivery_id))


@shared_task
def forget() -> None:
    """Tokens of answers, and then the questions themselves."""
    answering.blank()
    answering.forget()


@shared_task
def forget_deliveries() -> None:
    """What was told a month ago."""
    calling.forget()


@shared_task
def publish() -> None:
    """Keys and status lists, as they are now."""
    issuing.publish_keys()
    issuing.publish_lists()


@shared_task
def forget_uploads() -> None:
    """Numbers that wait in an upload nobody sent."""
    uploads.forget()


@shared_task
def forget_replies() -> None:
    """What the API answered more than a day ago."""
    replies.forget()
