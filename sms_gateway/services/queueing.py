"""Putting a text on its way: a row first."""

import logging
import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

from core import person_keys, segments
from core.dispatch import NEXT_CHECKPOINT
from sms_gateway import dispatch, sealed
from sms_gateway.kinds import KEYWORD_REPLIES
from sms_gateway.messages import Address
from sms_gateway.models import InboundMessage, OutboundMessage, Reason, State

log = logging.getLogger(__name__)

# No text is worth sending after 24 hours, and no body is kept longer.
LONGEST_LIFE = timedelta(hours=24)
FEW_STRAYS, SHORT = 2, 20

INSERT = """
INSERT INTO sms_gateway_outboundmessage
  (ref, cause, kind, number_index, key_id, address_sealed, body_sealed, segments, reply_to,
   hold_ref, after_entry, state, reason, error_code, attempts, provider, due_at, enqueued_at,
   created_at, expires_at, org_ref, cost)
SELECT %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, '', 0, '', moment, moment, moment,
       least(%s::timestamptz, moment + make_interval(secs => %s)), %s, 0
FROM core.now() AS moment
ON CONFLICT (cause) DO NOTHING
RETURNING id
"""


@transaction.atomic
def queue(
    *,
    to: Address,
    body: str,
    kind: str,
    cause: str,
    hold_ref: uuid.UUID | None = None,
    after_entry: int | None = None,
    expires_at: datetime | None = None,
    reply_to: int | None = None,
    org_ref: uuid.UUID | None = None,
) -> int:
    """Queue a text and start sending it when that is committed. Returns the row's id.

    At most one text exists per `cause`: the second call returns the first one's row. `hold_ref`:
    what settings.SMS_HOLD must still uphold when it is sent. `after_entry`: the log entry that must
    be under a checkpoint before. `expires_at`: when it is worth nothing any more, if that is before
    the end of its kind's life (settings.SMS_LIVES, else 24 h). `org_ref`: whom it counts for.
    """
    if 0 < segments.strays(body) <= FEW_STRAYS and len(body) > SHORT:
        # Most of it would fit into GSM-7: somebody may want to write the rest otherwise.
        log.info("a few characters make a text cost double", extra={"kind": kind})
    ref = uuid.uuid4()
    key = person_keys.current(to.number_index)
    reason = _reason_not_to_send(to, kind, reply_to)
    with connection.cursor() as cursor:
        cursor.execute(
            INSERT,
            [
                ref,
                cause,
                kind,
                to.number_index,
                key.id,
                key.seal(to.number, sealed.outbound_address(ref)),
                None if reason else key.seal(body, sealed.outbound_body(ref)),
                segments.count(body).count,
                reply_to,
                hold_ref,
                after_entry,
                State.SUPPRESSED if reason else State.QUEUED,
                reason,
                expires_at,
                min(settings.SMS_LIVES.get(kind, LONGEST_LIFE), LONGEST_LIFE).total_seconds(),
                org_ref,
            ],
        )
        row = cursor.fetchone()
    if row is None:
        return OutboundMessage.objects.only("id").get(cause=cause).id
    if not reason:
        soon = NEXT_CHECKPOINT if after_entry is not None else 0
        dispatch.on_commit("send", row[0], countdown=soon)
    return int(row[0])


def _reason_not_to_send(to: Address, kind: str, reply_to: int | None) -> str:
    """Why this text is recorded but never sent, or ""."""
    if not to.is_reachable():
        return Reason.UNREACHABLE
    if kind in KEYWORD_REPLIES and reply_to is not None:
        # One confirmation: the provider sends it for its own words, we for all the others.
        asked = InboundMessage.objects.filter(id=reply_to, answered_by_provider=True)
        return Reason.ANSWERED_BY_PROVIDER if asked.exists() else ""
    return ""
