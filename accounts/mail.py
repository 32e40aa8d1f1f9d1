"""E-mails. The web process stores them with what they speak of, the worker sends them.

So nothing is announced that was rolled back, and how long an answer takes does not show whether a
mail went out. At least once: a worker that dies right after sending sends again.
"""

import json
import logging
import uuid
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import translation

from accounts.models import OutgoingMail
from core import clock
from core.keys import derive
from core.sealing import seal, unseal

log = logging.getLogger(__name__)

LIFE = timedelta(hours=24)
WAITS = tuple(timedelta(seconds=s) for s in (30, 120, 600, 3600))


class OutboxBackend(BaseEmailBackend):
    """Django's door for e-mail, which allauth goes through: it stores."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            for address in message.to:
                store(to=address, subject=str(message.subject), body=str(message.body))
        return len(email_messages)


def send(*, to: str, template: str, context: Mapping[str, Any]) -> None:
    """Store the e-mail `mail/<template>.txt`, in every language: we do not know the reader's."""
    parts, subjects = [], []
    for code, _ in settings.LANGUAGES:
        with translation.override(code):
            text = render_to_string(f"mail/{template}.txt", {**context, "language": code})
        subject, _, body = text.strip().partition("\n")
        subjects.append(subject)
        parts.append(body.strip())
    store(to=to, subject=" / ".join(subjects), body="\n\n----\n\n".join(parts) + "\n")


def store(*, to: str, subject: str, body: str) -> None:
    """Keep an e-mail for the worker, in the current transaction."""
    now, mail_id = clock.now(), uuid.uuid4()
    content = json.dumps({"to": to, "subject": " ".join(subject.split()), "body": body})
    sealed = seal(derive("mail"), content.encode(), mail_id.bytes)
    OutgoingMail.objects.create(id=mail_id, sealed=sealed, created_at=now, due_at=now)
    transaction.on_commit(partial(_announce, mail_id), robust=True)


def _announce(mail_id: uuid.UUID) -> None:
    from accounts.tasks import deliver_mail

    deliver_mail.delay(str(mail_id))


def deliver(*, mail_id: uuid.UUID) -> None:
    """Send one e-mail if it is due, and forget it; else it stays, due a little later."""
    with transaction.atomic():
        due = OutgoingMail.objects.filter(id=mail_id, due_at__lte=clock.now())
        row = due.select_for_update(skip_locked=True).first()
        if row is None:
            return
        row.due_at = clock.now() + WAITS[min(row.attempts, len(WAITS) - 1)]
        row.attempts += 1
        row.save(update_fields=["due_at", "attempts"])
    content = json.loads(unseal(derive("mail"), bytes(row.sealed), row.id.bytes))
    try:
        EmailMessage(
            content["subject"],
            content["body"],
            settings.DEFAULT_FROM_EMAIL,
            [content["to"]],
            connection=get_connection(**settings.MAIL_SERVER),
        ).send()
    except (OSError, ValueError) as error:
        # smtplib's errors are OSErrors, and their texts name the address: neither is passed on.
        log.warning("an e-mail waits: %s", type(error).__name__)
    else:
        OutgoingMail.objects.filter(id=mail_id).delete()


def sweep() -> None:
    """Send what is due; give up what has waited a day: its link is dead by now."""
    given_up, _ = OutgoingMail.objects.filter(created_at__lt=clock.now() - LIFE).delete()
    if given_up:
        log.error("e-mails were not sent within a day: %s", given_up)
    for mail_id in OutgoingMail.objects.filter(due_at__lte=clock.now()).values_list(
        "id", flat=True
    )[:100]:
        deliver(mail_id=mail_id)
