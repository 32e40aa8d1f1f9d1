"""An asker reads an answer. The web process does this."""

from uuid import UUID

from django.db import transaction

from audit.services import record
from core import clock
from verification.models import Answer
from verification.selectors import requests_of, token_of
from verification.services.requests import Asker


@transaction.atomic
def read(*, by: Asker, request_id: UUID) -> str:
    """The signed answer. The first time, an entry `organisation.read_answer` says that it was read.

    Raises Answer.DoesNotExist when there is none: for somebody else's too, and when it was taken
    back or is not kept any more.
    """
    # A test key reads what test keys asked, and no other does.
    own = requests_of(by.organisation, is_test=by.is_test).filter(id=request_id).order_by()
    answer = Answer.objects.defer("release_entry").get(
        request_id__in=own.values("id"), org_ref=by.organisation.id, withdrawn_at=None
    )
    token = token_of(answer)
    if token is None:
        raise Answer.DoesNotExist
    first = Answer.objects.filter(request_id=request_id, first_read_at=None)
    if first.update(first_read_at=clock.now()):
        record(
            event="organisation.read_answer",
            by="organisation",
            by_ref=by.by_ref,
            org_ref=by.organisation.id,
            fields={"request_id": request_id},
        )
    return token
