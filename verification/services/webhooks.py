"""An organisation's own addresses, at which it wants to be told that there is something to see."""

import base64
import secrets
from uuid import UUID, uuid4

from django.db import IntegrityError, models, transaction

from audit.services import record
from core import clock, dispatch
from core.keys import derive
from core.sealing import seal, unseal
from organisations.models import Membership, Organisation
from organisations.services.members import owner_now
from verification import outgoing
from verification.models import Delivery, Webhook
from verification.services.requests import Asker

MOST = 5
#: What an address is sent to try it.
TEST = "webhook.test"
SECRET_BYTES = 32


class TooManyError(Exception):
    """The organisation has as many webhooks as it may have."""


class TakenError(Exception):
    """The organisation has this address already."""


def as_owner(member: Membership, *, is_test: bool = False) -> Asker:
    """An owner at a page, for the webhooks of live or of test keys. Raises NotAllowedError."""
    owner_now(member)
    return Asker(member.organisation, member.user_id, is_test)


@transaction.atomic
def register(*, by: Asker, url: str) -> tuple[Webhook, str]:
    """A new address, and its secret: the only time it is there to be seen.

    Raises outgoing.UnreachableError('address') for one that is not https, TooManyError, TakenError.
    """
    outgoing.target(url)
    organisation = Organisation.objects.select_for_update(no_key=True).get(id=by.organisation.id)
    if Webhook.objects.filter(organisation=organisation).count() >= MOST:
        raise TooManyError
    hook = Webhook(
        id=uuid4(), organisation=organisation, url=url, is_test=by.is_test, created_at=clock.now()
    )
    shown = _give_secret(hook)
    try:
        with transaction.atomic():
            hook.save(force_insert=True)
    except IntegrityError as error:
        raise TakenError from error
    _record("made", by)
    return hook, shown


@transaction.atomic
def remove(*, by: Asker, webhook_id: UUID) -> None:
    """With what still waits for it. Raises Webhook.DoesNotExist, also for one of somebody else."""
    own(by).get(id=webhook_id).delete()
    _record("removed", by)


@transaction.atomic
def rotate(*, by: Asker, webhook_id: UUID) -> tuple[Webhook, str]:
    """A new secret; until the next rotation the one before signs too. It also takes up a webhook
    again that was disabled. Raises Webhook.DoesNotExist."""
    hook = own(by).select_for_update(of=("self",)).get(id=webhook_id)
    hook.old_secret_sealed = hook.secret_sealed
    hook.disabled_at = hook.failing_since = None
    shown = _give_secret(hook)
    hook.save(update_fields=["secret_sealed", "old_secret_sealed", "disabled_at", "failing_since"])
    return hook, shown


@transaction.atomic
def end_old_secret(*, by: Asker, webhook_id: UUID) -> None:
    """Only the present secret signs from now on. Raises Webhook.DoesNotExist."""
    _change(by, webhook_id, old_secret_sealed=None)


@transaction.atomic
def disable(*, by: Asker, webhook_id: UUID) -> None:
    """Nothing is sent there until it is enabled; what waits goes on waiting.

    Raises Webhook.DoesNotExist.
    """
    _change(by, webhook_id, disabled_at=clock.now(), failing_since=None)


@transaction.atomic
def enable(*, by: Asker, webhook_id: UUID) -> None:
    """Raises Webhook.DoesNotExist."""
    _change(by, webhook_id, disabled_at=None, failing_since=None)


@transaction.atomic
def send_test(*, by: Asker, webhook_id: UUID) -> None:
    """Have the address called once, also one that is disabled. Raises Webhook.DoesNotExist."""
    now = clock.now()
    told = Delivery.objects.create(
        id=uuid4(), webhook=own(by).get(id=webhook_id), event=TEST, made_at=now, due_at=now
    )
    dispatch.on_commit("verification.tasks.deliver", str(told.id))


def of_organisation(organisation: Organisation) -> models.QuerySet[Webhook]:
    """Those of live and of test keys, the oldest first."""
    return Webhook.objects.filter(organisation=organisation).order_by("created_at", "id")


def own(by: Asker) -> models.QuerySet[Webhook]:
    """Those of the asker, of its kind of key, the oldest first."""
    return of_organisation(by.organisation).filter(is_test=by.is_test)


def secrets_of(hook: Webhook) -> list[bytes]:
    """What signs: the present secret, and the one before it."""
    sealed = [one for one in (hook.secret_sealed, hook.old_secret_sealed) if one is not None]
    return [unseal(derive("webhook"), bytes(one), _context(hook)) for one in sealed]


def _change(by: Asker, webhook_id: UUID, **fields: object) -> None:
    if not own(by).filter(id=webhook_id).update(**fields):
        raise Webhook.DoesNotExist


def _give_secret(hook: Webhook) -> str:
    secret = secrets.token_bytes(SECRET_BYTES)
    hook.secret_sealed = seal(derive("webhook"), secret, _context(hook))
    return "whsec_" + base64.b64encode(secret).decode()


def _context(hook: Webhook) -> bytes:
    return f"webhook:{hook.id}".encode()


def _record(what: str, by: Asker) -> None:
    record(
        event=f"organisation.webhook_{what}",
        by="organisation",
        by_ref=by.by_ref,
        org_ref=by.organisation.id,
    )
