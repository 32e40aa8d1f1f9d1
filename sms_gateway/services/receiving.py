"""What webhooks store. The insert is the claim: a message id seen before changes nothing."""

import uuid
from collections.abc import Callable
from typing import cast

from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string

from core import person_keys
from core.numbers import number_index, parse
from sms_gateway import dispatch, sealed
from sms_gateway.classify import mended, problem_of
from sms_gateway.messages import Marks

MAX_BODY = 4000  # characters; far above 10 segments, so nothing that is read is ever cut

INSERT_INBOUND = """
INSERT INTO sms_gateway_inboundmessage
  (provider, provider_message_id, number_index, key_id, sender_sealed, body_sealed,
   problem, is_stop, agrees_to, answered_by_provider, received_at, due_at, enqueued_at,
   attempts)
SELECT %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, moment, moment, moment, 0 FROM core.now() AS moment
ON CONFLICT (provider, provider_message_id) DO NOTHING
RETURNING id
"""

INSERT_REPORT = """
INSERT INTO sms_gateway_deliveryreport
  (provider, provider_message_id, ref, status, error_code, received_at)
VALUES (%s, %s, %s, %s, %s, core.now())
ON CONFLICT (provider, provider_message_id, status) DO NOTHING
RETURNING id
"""


def receive(
    *,
    provider: str,
    provider_message_id: str,
    sender: str,
    recipient: str,
    body: str,
    problem: str = "",
    answered_by_provider: bool = False,
) -> int | None:
    """Store a text that came in and start work on it when that is committed.

    Returns its id, or None when this message id is known already. `problem` is what the provider's
    webhook alone can tell, such as attached media.
    """
    number, body = parse(mended(sender)), mended(body)[:MAX_BODY]
    index = number_index(number.address)
    found = problem_of(sender=number, recipient=recipient, body=body) or problem
    if problem and found == "empty":
        found = problem  # a picture without words is a picture
    marks = _marks(index, body)
    key = person_keys.current(index)
    # One statement, so it is its own transaction: a webhook costs this and the look for the key.
    with connection.cursor() as cursor:
        cursor.execute(
            INSERT_INBOUND,
            [
                provider,
                provider_message_id,
                index,
                key.id,
                key.seal(number.address, sealed.inbound_sender(provider, provider_message_id)),
                key.seal(body, sealed.inbound_body(provider, provider_message_id)),
                found,
                marks.is_stop,
                None if found else marks.agrees_to,
                answered_by_provider,
            ],
        )
        row = cursor.fetchone()
    if row is None:
        return None
    dispatch.on_commit("handle", row[0])
    return int(row[0])


def _marks(number_index: bytes, body: str) -> Marks:
    return cast(Callable[[bytes, str], Marks], import_string(settings.SMS_MARKS))(
        number_index, body
    )


def receive_report(
    *,
    provider: str,
    provider_message_id: str,
    status: str,
    ref: uuid.UUID | None = None,
    error_code: str = "",
) -> int | None:
    """Store a delivery report; its id, or None when this (message, status) is known already."""
    with connection.cursor() as cursor:
        cursor.execute(INSERT_REPORT, [provider, provider_message_id, ref, status, error_code[:40]])
        row = cursor.fetchone()
    if row is None:
        return None
    dispatch.on_commit("apply_report", row[0])
    return int(row[0])
