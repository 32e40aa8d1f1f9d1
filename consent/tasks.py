"""Work of the consent room that runs by the clock."""

from celery import shared_task

from consent import gate
from consent.services import by_phone, choices


@shared_task(name="consent.tasks.expire_due")
def expire_due() -> None:
    """End what has run out."""
    while gate.expire_due():
        pass
    choices.forget_codes()
    by_phone.forget()
