"""A text to ourselves, every few minutes: when it does not come back, somebody is woken."""

import re
import secrets
from datetime import timedelta

from django.conf import settings
from django.db import transaction

from core.numbers import number_index, parse
from sms_gateway import clock
from sms_gateway.kinds import PROBE
from sms_gateway.messages import Address
from sms_gateway.models import Probe, Why
from sms_gateway.providers.routes import names
from sms_gateway.services import health
from sms_gateway.services.queueing import queue

PATIENCE = timedelta(minutes=5)
KEPT = timedelta(days=14)
WORDS = re.compile(r"\s*PROBE ([0-9a-f]{16})\s*")


@transaction.atomic
def probe() -> None:
    """Send one, where a number is named that texts come back from; and look after those before."""
    if not settings.SMS_PROBE_NUMBER:
        return
    watch_probes()
    token = secrets.token_hex(8)
    Probe.objects.create(token=token, sent_at=clock.now())
    address = Address.of(parse(settings.SMS_PROBE_NUMBER))
    queue(to=address, body=f"PROBE {token}", kind=PROBE, cause=f"probe:{token}")


def watch_probes() -> None:
    """Open the incident when the last one that had its time is not back; close it when one is."""
    late = Probe.objects.filter(sent_at__lte=clock.after(-PATIENCE)).order_by("-id").first()
    newest_back = Probe.objects.filter(back_at__isnull=False).order_by("-id").first()
    if (
        late is not None
        and late.back_at is None
        and (newest_back is None or newest_back.id < late.id)
    ):
        health.open_incident(provider=names()[0], why=Why.SILENT)
    elif newest_back is not None:
        health.close_incident(provider=names()[0], why=Why.SILENT)
    Probe.objects.filter(sent_at__lte=clock.after(-KEPT)).delete()


def came_back(*, index: bytes, body: str) -> bool:
    """Whether this text is one of ours, come back: then nobody else is to read it."""
    if not settings.SMS_PROBE_NUMBER or index != number_index(
        parse(settings.SMS_PROBE_NUMBER).address
    ):
        return False
    match = WORDS.fullmatch(body)
    if match is None:
        return False
    Probe.objects.filter(token=match[1], back_at=None).update(back_at=clock.now())
    return True
