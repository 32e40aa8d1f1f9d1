"""Thin tasks: ids in, nothing out. Each may run any number of times."""

from celery import shared_task

from verification.services import issuing, uploads


@shared_task
def publish() -> None:
    """Keys and status lists, as they are now."""
    issuing.publish_keys()
    issuing.publish_lists()


@shared_task
def forget_uploads() -> None:
    """Numbers that wait in an upload nobody sent."""
    uploads.forget()
