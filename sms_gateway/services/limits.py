"""How many texts go out: for a number, a country, an organisation, a second, and for how much money
a day. Somebody who makes numbers ask for texts (SMS pumping) meets the first; the last is the fuse.

Counts are in Redis. When it is away nothing is counted, for then the queue is away too and only the
sweep's few texts go; money alone is then added up from the rows.
"""

from enum import Enum, auto

from django.conf import settings
from django.db import connection

from core import limits
from core.limits import Limit, Verdict
from sms_gateway.kinds import ERASED, PROBE, STOP
from sms_gateway.models import OutboundMessage, Why
from sms_gateway.providers.routes import names
from sms_gateway.services import health

DAY = 24 * 3600
#: Ending is always confirmed, whatever it costs; a probe that is held back would be a false alarm.
UNLIMITED = frozenset({STOP, ERASED, PROBE})

SPENT = """
SELECT coalesce(sum(cost), 0) FROM sms_gateway_outboundmessage
WHERE sending_at >= date_trunc('day', core.now(), 'UTC')
"""


class Check(Enum):
    PASSED = auto()
    SOON = auto()  # the provider's rate
    LATER = auto()  # today's money is spent
    NEVER = auto()  # too many, or a country we do not text


def check(row: OutboundMessage, number: str) -> Check:
    """Take this text from what is left of everything it counts for."""
    digits = number.removeprefix("+")
    if not is_allowed(digits):
        return Check.NEVER
    if settings.SMS_PER_SECOND:
        rate = Limit("sends", settings.SMS_PER_SECOND, 1)
        if limits.take(rate, b"all") is not Verdict.ALLOWED:
            return Check.SOON
    if row.kind in UNLIMITED:
        return Check.PASSED
    # Money first: a text that waits for it takes nothing else each time it is tried.
    cost = cost_of(row.segments, digits)
    if not _afford(cost):
        return Check.LATER
    if any(limits.take(limit, key) is not Verdict.ALLOWED for limit, key in _counted(row, digits)):
        _spend(-cost)  # or whoever makes one number ask could spend everybody's
        return Check.NEVER
    return Check.PASSED


def is_allowed(digits: str) -> bool:
    """Whether the number's country is one that we text; all are when none is named."""
    allowed = settings.SMS_COUNTRIES.split()
    return not allowed or digits.startswith(tuple(allowed))


def cost_of(segments: int, digits: str) -> int:
    """In thousandths of the currency's unit."""
    return segments * by_prefix(settings.SMS_PRICES, digits)[1]


def by_prefix(table: str, digits: str) -> tuple[str, int]:
    """The longest prefix that fits in "86:40 *:100", and its value; 0 when none fits."""
    best = ("", 0)
    for word in table.split():
        prefix, _, value = word.partition(":")
        prefix = prefix.rstrip("*")
        if digits.startswith(prefix) and len(prefix) >= len(best[0]):
            best = (prefix, int(value))
    return best


def _counted(row: OutboundMessage, digits: str) -> list[tuple[Limit, bytes]]:
    found = [(Limit("sent-to-number", settings.SMS_PER_NUMBER_DAY, DAY), bytes(row.number_index))]
    country, per_hour = by_prefix(settings.SMS_PER_COUNTRY_HOUR, digits)
    if per_hour:
        found.append((Limit("sent-to-country", per_hour, 3600), country.encode()))
    if row.org_ref is not None:
        per_day = Limit("sent-for-organisation", settings.SMS_PER_ORGANISATION_DAY, DAY)
        found.append((per_day, row.org_ref.bytes))
    return found


def _afford(cost: int) -> bool:
    """Whether today's money lasts. When it does not, everybody who looks after it is told."""
    if not settings.SMS_BUDGET_PER_DAY:
        return True
    spent = _spend(cost)
    if spent is None:
        spent = spent_today() + cost <= settings.SMS_BUDGET_PER_DAY * 1000
    if not spent:
        health.open_incident(provider=names()[0], why=Why.OVER_BUDGET)
    return spent


def _spend(cost: int) -> bool | None:
    """Add to what is spent today, if the budget allows it; None when Redis is away."""
    budget = settings.SMS_BUDGET_PER_DAY * 1000
    if not budget:
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_char(core.now() AT TIME ZONE 'UTC', 'YYYY-MM-DD')")
        (day,) = cursor.fetchone() or ("",)
    return limits.spend(f"sms-cost:{day}", amount=cost, limit=budget, seconds=2 * DAY)


def spent_today() -> int:
    """In thousandths, from the rows: what went out since midnight (UTC)."""
    with connection.cursor() as cursor:
        cursor.execute(SPENT)
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def close_when_affordable() -> None:
    """A new day, or a larger budget."""
    if spent_today() < settings.SMS_BUDGET_PER_DAY * 1000 or not settings.SMS_BUDGET_PER_DAY:
        health.close_incident(provider=names()[0], why=Why.OVER_BUDGET)
