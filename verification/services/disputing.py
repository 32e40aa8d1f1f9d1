"""Answers that were given over days with a visit which its person says is wrong."""

from datetime import date
from uuid import UUID

from django.db import transaction

from consent.models import Consent, Release
from core import advisory
from disputes import selectors
from disputes.models import Dispute, State
from verification.models import IssuedAnswer
from verification.reading import Standing
from verification.services.issuing import mark

#: One holder of a number at a time ("DSP").
LOCK_SPACE = 0x445350


def one_at_a_time(tenure_id: UUID) -> None:
    """Until the transaction ends nobody else answers for this holder of a number, or opens or ends
    a dispute of theirs: else each would miss what the other is about to commit."""
    advisory.lock(LOCK_SPACE, tenure_id.bytes)


@transaction.atomic
def dispute_opened(case: Dispute) -> int:
    """Somebody looks at it: of how many answers this is news."""
    one_at_a_time(case.tenure_id)
    found = _over(case.tenure_id, case.first_day, case.last_day)
    return mark(answers=found, standing=Standing.DISPUTED)


@transaction.atomic
def dispute_over(case: Dispute) -> int:
    """An error corrects the answers. Without one, or when the person has ended the case, they stand
    again, unless another visit of theirs is still looked at. What nobody decided stays disputed."""
    one_at_a_time(case.tenure_id)
    found = _over(case.tenure_id, case.first_day, case.last_day)
    if case.state == State.CONFIRMED:
        return mark(answers=found, standing=Standing.CORRECTED)
    if case.state == State.ENDED and case.reason == "time_up":
        return 0
    for other in selectors.open_of(case.tenure_id):
        found -= _over(other.tenure_id, other.first_day, other.last_day)
    return mark(answers=found, standing=Standing.STANDS)


@transaction.atomic
def answer_given(*, answer_id: UUID, tenure_id: UUID, first: date, last: date) -> int:
    """An answer over these days is signed while a visit of them is looked at. The caller has
    called `one_at_a_time` before it fetched them."""
    if not selectors.open_over(tenure_id=tenure_id, first=first, last=last):
        return 0
    return mark(answers=[answer_id], standing=Standing.DISPUTED)


def _over(tenure_id: UUID, first: date, last: date) -> set[UUID]:
    """The answers to organisations that these days are in."""
    asked = Consent.objects.filter(tenure_id=tenure_id, org_ref__isnull=False)
    released = Release.objects.filter(
        consent_id__in=asked.values("id"),
        state="released",
        window_from__lte=last,
        window_to__gte=first,
    )
    answers = IssuedAnswer.objects.filter(consent_id__in=released.values("consent_id"))
    return set(answers.values_list("id", flat=True))
