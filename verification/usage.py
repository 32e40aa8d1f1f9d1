"""What an organisation has used of what an operator allows it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Count
from django.db.models.functions import TruncDate

from core import clock
from organisations.models import Organisation
from verification.models import Answer
from verification.selectors import open_requests, requests_of

DAYS = 14


@dataclass(frozen=True, slots=True)
class Day:
    """Requests and answers of one UTC day, those of test keys left out."""

    day: date
    asked: int
    answered: int


@dataclass(frozen=True, slots=True)
class Usage:
    """`asked` in the last 24 hours and `open` now, beside what is allowed of each."""

    asked: int
    asked_allowed: int
    open: int
    open_allowed: int
    days: list[Day]

    @property
    def room(self) -> int:
        """How many more requests can be sent now."""
        return max(0, min(self.asked_allowed - self.asked, self.open_allowed - self.open))


def usage(organisation: Organisation) -> Usage:
    """As of now, and for the last 14 UTC days, the newest first."""
    now = clock.now()
    today = now.astimezone(UTC).date()
    start = datetime.combine(today - timedelta(days=DAYS - 1), time(), UTC)
    asked = dict(
        requests_of(organisation)
        .filter(asked_at__gte=start)
        .annotate(day=TruncDate("asked_at", tzinfo=UTC))
        .order_by()
        .values_list("day")
        .annotate(Count("id"))
    )
    answered = dict(
        Answer.objects.filter(
            request_id__in=requests_of(organisation).order_by().values("id"),
            handed_over_at__gte=start,
        )
        .annotate(day=TruncDate("handed_over_at", tzinfo=UTC))
        .values_list("day")
        .annotate(Count("request_id"))
    )
    days = [today - timedelta(days=n) for n in range(DAYS)]
    # Counted as `services.requests` counts them: test requests take room as well.
    last_day = now - timedelta(days=1)
    return Usage(
        asked=sum(
            requests_of(organisation, is_test=is_test).filter(asked_at__gt=last_day).count()
            for is_test in (False, True)
        ),
        asked_allowed=organisation.requests_per_day,
        open=open_requests(organisation).count(),
        open_allowed=organisation.open_requests,
        days=[Day(day, asked.get(day, 0), answered.get(day, 0)) for day in days],
    )
