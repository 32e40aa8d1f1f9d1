"""Reading tenures, without the two columns that the worker may not see."""

from datetime import datetime
from uuid import UUID

from django.db.models import DateTimeField, F, Func, Q, QuerySet

from subscribers.models import Tenure


class DatabaseNow(Func):
    """`core.now()`, the clock of every rule that the database holds."""

    function = "core.now"
    arity = 0
    output_field = DateTimeField()


def tenures() -> QuerySet[Tenure]:
    """All tenures, as the worker may see them."""
    return Tenure.objects.defer("imsi_index", "subscriber_ref")


def get(tenure_id: UUID) -> Tenure | None:
    """A tenure by its id; None once it was erased."""
    return tenures().filter(id=tenure_id).first()


def is_contested(tenure: Tenure) -> bool:
    """Whether the feed names somebody else for the number as well, so that nothing is released."""
    marked = tenures().filter(id=tenure.id, contested_from__lte=DatabaseNow())
    return tenure.contested_from is not None and marked.exists()


def has_changed_hands(number_index: bytes, *, since: datetime) -> bool:
    """Whether who held the number at a moment holds it no more."""
    held = tenures().filter(msisdn_index=number_index, valid_from__lte=since, valid_to__gt=since)
    return held.filter(valid_to__lte=DatabaseNow()).exists()


def current(number_index: bytes) -> Tenure | None:
    """The tenure that holds the number now."""
    now = DatabaseNow()
    return (
        tenures()
        .filter(Q(valid_to=None) | Q(valid_to__gt=now), msisdn_index=number_index)
        .filter(valid_from__lte=now)
        .order_by(F("valid_from").desc())
        .first()
    )
