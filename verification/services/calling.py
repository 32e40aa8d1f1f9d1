"""Telling organisations' own servers that there is something to see. Never what it is.

What there is to tell is read off the rows an asker can see, by one sweep for all: a request that
nobody answered is told at its end in the same way, whatever became of it. A call is claimed by
moving `due_at` on before it is made, so that a process that dies in between leaves a row that comes
due again: told at least once, under the same id.
"""

import json
import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.urls import reverse

from accounts import mail
from audit.services import record_purge
from core import clock
from organisations import selectors
from organisations.catalogue import Role, Status
from verification import outgoing
from verification.models import Attempt, Delivery, Webhook
from verification.reading import Standing
from verification.services.webhooks import TEST, secrets_of

#: How long a claimed call is left to whoever claimed it. Longer than a call can take.
CLAIMED = timedelta(minutes=2)
FIRST_WAIT = timedelta(seconds=30)
TRIED_FOR = timedelta(days=1)
DISABLED_AFTER = timedelta(days=3)
#: What is older than this is not news any more.
NEWS_FOR = timedelta(days=2)
KEPT = timedelta(days=30)
#: Event -> what `verification.selectors.state_of` says of the request then.
STATES = {
    "request.answered": "answered",
    "request.not_released": "not_released",
    "answer.withdrawn": "withdrawn",
    "answer.disputed": "answered",
    "answer.corrected": "answered",
}
#: A disabled address is called for its test alone, one of a closed organisation never. A suspended
#: organisation is told: it may have something to delete.
WANTED = (Q(webhook__disabled_at=None) | Q(event=TEST)) & ~Q(
    webhook__organisation__status=Status.CLOSED
)
NEWS = """
INSERT INTO verification_delivery
       (id, webhook_id, event, request_id, made_at, attempts, due_at)
SELECT gen_random_uuid(), w.id, n.event, n.request_id, %(now)s, 0, %(now)s
FROM verification_webhook w JOIN (
  SELECT r.org_ref, r.is_test, r.id AS request_id, v.event, v.at
  FROM consent_request r
  LEFT JOIN verification_answer a ON a.request_id = r.id AND a.handed_over_at IS NOT NULL
  LEFT JOIN verification_issuedanswer i ON i.id = a.answer_id
  CROSS JOIN LATERAL (VALUES
    ('request.answered', a.handed_over_at),
    ('answer.withdrawn', a.withdrawn_at),
    ('answer.disputed', CASE WHEN i.standing = %(disputed)s THEN %(now)s END),
    ('answer.corrected', CASE WHEN i.standing = %(corrected)s THEN %(now)s END),
    ('request.not_released',
     CASE WHEN a.request_id IS NULL AND r.cancelled_at IS NULL AND r.closes_at <= %(now)s
          THEN r.closes_at END)
  ) AS v (event, at)
  WHERE r.asked_at > %(oldest)s AND v.at IS NOT NULL
) n ON n.org_ref = w.organisation_id AND n.is_test = w.is_test
WHERE w.disabled_at IS NULL AND n.at >= w.created_at AND n.at > %(news)s
ON CONFLICT (webhook_id, event, request_id) DO NOTHING
"""


@transaction.atomic
def announce() -> int:
    """Write down what is to be told and was not yet; how much it was."""
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(
            NEWS,
            {
                "now": now,
                "news": now - NEWS_FOR,
                "oldest": now - KEPT,
                "disputed": Standing.DISPUTED.value,
                "corrected": Standing.CORRECTED.value,
            },
        )
        return int(cursor.rowcount)


def due() -> Iterator[UUID]:
    """Calls whose time has come, the oldest first."""
    waiting = Delivery.objects.filter(
        WANTED, due_at__lte=clock.now(), delivered_at=None, given_up_at=None
    )
    yield from waiting.order_by("due_at").values_list("id", flat=True)[:200]


def deliver(delivery_id: UUID) -> bool:
    """Make one call, if it is due and nobody else is at it. Any number of calls do no harm."""
    delivery = _claim(delivery_id)
    if delivery is None:
        return False
    try:
        outcome = str(_call(delivery))
    except outgoing.UnreachableError as error:
        outcome = str(error)
    _settle(delivery.id, outcome)
    return True


@transaction.atomic
def forget() -> int:
    """Delete what was told a month ago, or could not be; how much."""
    gone, _ = Delivery.objects.filter(made_at__lt=clock.now() - KEPT).delete()
    return record_purge(kind="requests", rows=gone)


@transaction.atomic
def _claim(delivery_id: UUID) -> Delivery | None:
    now = clock.now()
    found = (
        Delivery.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(WANTED, id=delivery_id, due_at__lte=now, delivered_at=None, given_up_at=None)
        .select_related("webhook")
        .first()
    )
    if found is not None:
        found.due_at, found.attempts = now + CLAIMED, found.attempts + 1
        found.save(update_fields=["due_at", "attempts"])
    return found


def _call(delivery: Delivery) -> int:
    sent = int(clock.now().timestamp())
    said = {
        "type": delivery.event,
        "timestamp": delivery.made_at.isoformat(),
        "data": _data(delivery),
    }
    body = json.dumps(said, separators=(",", ":")).encode()
    name = str(delivery.id)
    signatures = [
        outgoing.signature(secret=secret, message_id=name, sent_at=sent, body=body)
        for secret in secrets_of(delivery.webhook)
    ]
    headers = {
        "Content-Type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": str(sent),
        "webhook-signature": " ".join(signatures),
    }
    return outgoing.post(delivery.webhook.url, headers=headers, body=body)


def _data(delivery: Delivery) -> dict[str, str]:
    if delivery.event == TEST:
        return {}
    return {"request_id": str(delivery.request_id), "state": STATES[delivery.event]}


@transaction.atomic
def _settle(delivery_id: UUID, outcome: str) -> None:
    found = Delivery.objects.select_for_update().select_related("webhook").filter(id=delivery_id)
    delivery = found.first()
    if delivery is None:
        return  # its webhook was removed meanwhile
    hook, now = delivery.webhook, clock.now()
    Attempt.objects.create(delivery=delivery, at=now, outcome=outcome)
    if len(outcome) == 3 and outcome.startswith("2"):
        delivery.delivered_at, hook.failing_since = now, None
    elif delivery.event == TEST:
        delivery.given_up_at = now
    else:
        _put_off(delivery, now)
        _note_failure(hook, now)
    delivery.save(update_fields=["delivered_at", "given_up_at", "due_at"])
    hook.save(update_fields=["failing_since", "disabled_at"])


def _note_failure(hook: Webhook, now: datetime) -> None:
    """After days of nothing else the webhook is disabled, and its owners are told."""
    if hook.disabled_at is not None:
        return
    hook.failing_since = hook.failing_since or now
    if now - hook.failing_since < DISABLED_AFTER:
        return
    hook.disabled_at = now
    whose = hook.organisation_id
    page = reverse("portal:webhook", args=[whose, hook.id])
    told = {
        "organisation": selectors.names_of([whose])[whose],
        "host": outgoing.target(hook.url)[0],  # the rest of an address may be a secret
        "days": DISABLED_AFTER.days,
        "link": settings.PUBLIC_BASE_URL + page,
    }
    for address in selectors.addresses(organisation_id=whose, role=Role.OWNER):
        mail.send(to=address, template="webhook_disabled", context=told)


def _put_off(delivery: Delivery, now: datetime) -> None:
    """Twice as long each time, and up to half as long again at random; a day at most."""
    longest = FIRST_WAIT * 2 ** min(delivery.attempts - 1, 10)
    delivery.due_at = now + longest * (1 + secrets.randbelow(500) / 1000)
    if delivery.due_at > delivery.made_at + TRIED_FOR:
        delivery.given_up_at = now
