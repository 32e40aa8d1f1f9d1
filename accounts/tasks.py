"""Thin tasks: ids in, nothing out. Each may run any number of times."""

import uuid

from celery import shared_task

from accounts import mail, sessions


@shared_task
def deliver_mail(mail_id: str) -> None:
    mail.deliver(mail_id=uuid.UUID(mail_id))


@shared_task
def sweep() -> None:
    mail.sweep()


@shared_task
def forget_sessions() -> None:
    """Sessions that have ended leave no row behind."""
    sessions.forget()
