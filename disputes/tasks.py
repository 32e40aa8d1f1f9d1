"""Work of the disputes room that runs by the clock."""

from celery import shared_task

from disputes import services


@shared_task(name="disputes.tasks.tidy")
def tidy() -> None:
    """Forget what has left the window."""
    services.tidy()
