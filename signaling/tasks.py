"""What the ingest process does on its own. Each task finds out itself whether there is work."""

from celery import shared_task

from signaling import erasure, retention
from signaling.locks import StoreIsBusyError


@shared_task
def erase_pending() -> None:
    """Take erased subscribers out of the event files."""
    try:
        erasure.erase_pending()
    except StoreIsBusyError:
        return  # the next sweep is a minute away


@shared_task
def purge() -> None:
    """Make the coming days' partitions; drop what has left the window."""
    try:
        retention.purge()
    except StoreIsBusyError:
        return
