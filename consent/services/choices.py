"""What people allow and forbid beforehand: codes they hand over, askers they block, pauses.

None of this opens anything: every question still needs its own notice and its own OK.
"""

import uuid
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from audit.services import record, record_purge
from consent import selectors, sharing_codes
from consent.models import Block, Pause, SharingCode
from core import clock, person_keys
from sms_gateway.messages import Inbound
from subscribers.models import Tenure

CODE_LIFE = timedelta(hours=24)
MOST_CODES = 3
PAUSE_LIFE = timedelta(days=30)


class TooManyCodesError(Exception):
    """So many codes of this person can still be used that there is no further one."""


@transaction.atomic
def share(*, inbound: Inbound, tenure: Tenure) -> tuple[str, datetime]:
    """A sharing code for one asker, and until when it works. Raises TooManyCodesError.

    The number is sealed beside it for the address of the notice: who hands over the code gives the
    asker no number.
    """
    if selectors.live_sharing_codes(tenure.id).count() >= MOST_CODES:
        raise TooManyCodesError
    key = person_keys.current(inbound.number_index)
    code, made_at, code_id = sharing_codes.new_code(), clock.now(), uuid.uuid4()
    SharingCode.objects.create(
        id=code_id,
        digest=sharing_codes.digest(code),
        tenure_id=tenure.id,
        number_index=inbound.number_index,
        number_sealed=key.seal(inbound.sender.address, f"sharing-code:{code_id}"),
        key_id=key.id,
        made_at=made_at,
        expires_at=made_at + CODE_LIFE,
    )
    _record("subject.shared_code", tenure)
    return code, made_at + CODE_LIFE


@transaction.atomic
def withdraw_codes(*, number_index: bytes) -> int:
    """The codes of a number that nobody has used lead nowhere any more; how many there were."""
    return SharingCode.objects.filter(number_index=number_index, used_by=None).delete()[0]


@transaction.atomic
def forget_codes() -> int:
    """Codes that no request can rest on any more, with the numbers that are sealed beside them."""
    oldest = clock.now() - timedelta(hours=settings.REQUEST_OPEN_HOURS)
    gone = SharingCode.objects.filter(expires_at__lt=oldest).delete()[0]
    return record_purge(kind="personal_data", rows=gone)


@transaction.atomic
def block(*, tenure: Tenure, org_ref: UUID) -> bool:
    """No more questions of this organisation. False when it was blocked before."""
    fresh = Block(tenure_id=tenure.id, org_ref=org_ref, blocked_at=clock.now())
    if Block.objects.filter(tenure_id=tenure.id, org_ref=org_ref).exists():
        return False
    Block.objects.bulk_create([fresh], ignore_conflicts=True)
    _record("subject.blocked", tenure, org_ref)
    return True


@transaction.atomic
def unblock(*, tenure: Tenure, org_ref: UUID) -> bool:
    """It may ask again. False when it was not blocked."""
    if not Block.objects.filter(tenure_id=tenure.id, org_ref=org_ref).delete()[0]:
        return False
    _record("subject.unblocked", tenure, org_ref)
    return True


@transaction.atomic
def pause(*, tenure: Tenure) -> datetime:
    """No organisation's questions until the moment that is returned."""
    until = clock.now() + PAUSE_LIFE
    Pause.objects.update_or_create(tenure_id=tenure.id, defaults={"until": until})
    _record("subject.paused", tenure)
    return until


@transaction.atomic
def resume(*, tenure: Tenure) -> bool:
    """Organisations may ask again. False when nothing was paused."""
    is_paused = selectors.paused_until(tenure.id) is not None
    Pause.objects.filter(tenure_id=tenure.id).delete()
    if is_paused:
        _record("subject.resumed", tenure)
    return is_paused


def _record(event: str, tenure: Tenure, org_ref: UUID | None = None) -> None:
    record(
        event=event,
        by="person",
        subject_ref=tenure.subject_ref,
        org_ref=org_ref,
        fields={"channel": "sms"},
    )
