"""Thin tasks: nothing in, nothing out. Each may run any number of times."""

from celery import shared_task

from organisations.services import retention


@shared_task
def forget() -> None:
    retention.forget()
