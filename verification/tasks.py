from celery import shared_task

from verification import services


@shared_task
def publish() -> None:
    """Keys and status lists, as they are now."""
    services.publish_keys()
    services.publish_lists()
