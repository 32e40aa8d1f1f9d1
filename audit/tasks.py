"""Thin tasks. Each may run any number of times."""

from celery import shared_task

from audit import services


@shared_task(name="audit.tasks.prune")
def prune() -> None:
    """Years whose entries' time is over."""
    services.prune_due()
