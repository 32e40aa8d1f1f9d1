"""Thin tasks: nothing in, nothing out. Each may run any number of times."""

from celery import shared_task

from oversight.services import exporting


@shared_task
def forget() -> None:
    exporting.forget()
