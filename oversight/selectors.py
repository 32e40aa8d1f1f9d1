"""What auditors see beside entries: how the log is, and patterns worth a look."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from accounts.models import User
from audit.models import Entry
from audit.search import first_id_since
from core import clock
from organisations.models import Organisation

PATTERN_DAYS = 30
#: Below so many questions a rate of refusals says nothing.
FEW = 20


@dataclass(frozen=True, slots=True)
class AskerPattern:
    """One organisation's questions in the last days, and what people made of them."""

    org_ref: UUID
    asked: int
    granted: int
    refused: int
    turned_down: int

    @property
    def refused_percent(self) -> int:
        """Of those that people decided on."""
        decided = self.granted + self.refused
        return round(100 * self.refused / decided) if decided else 0


@dataclass(frozen=True, slots=True)
class Burst:
    """An hour in which one organisation asked much more than in its usual one."""

    org_ref: UUID
    hour: datetime
    asked: int
    usual: float


@dataclass(frozen=True, slots=True)
class Reader:
    """Staff, and how many entries about people they looked at."""

    account_ref: UUID
    looks: int
    subjects: int


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A release that no delivery followed within a day."""

    entry_id: int
    at: datetime
    org_ref: UUID | None


def askers() -> list[AskerPattern]:
    """Those with most refusals first; ones with few questions last."""
    rows = _rows(
        """SELECT org_ref,
                  count(*) FILTER (WHERE event = 'organisation.asked'),
                  count(*) FILTER (WHERE event = 'consent.granted'),
                  count(*) FILTER (WHERE event = 'consent.refused'),
                  count(*) FILTER (WHERE event = 'access.denied')
           FROM audit_entry
           WHERE org_ref IS NOT NULL AND recorded_at >= %(since)s AND id >= %(first)s
             AND event IN ('organisation.asked', 'consent.granted', 'consent.refused',
                           'access.denied')
           GROUP BY org_ref""",
        **_recent(),
    )
    found = [AskerPattern(*row) for row in rows]
    return sorted(found, key=lambda p: (p.asked < FEW, -p.refused_percent, -p.asked))


def bursts(times: int = 5) -> list[Burst]:
    """Hours with over `times` of an organisation's usual number, and at least FEW questions."""
    rows = _rows(
        """WITH hourly AS (
             SELECT org_ref, date_trunc('hour', recorded_at) AS hour, count(*) AS asked
             FROM audit_entry
             WHERE event = 'organisation.asked' AND recorded_at >= %(since)s AND id >= %(first)s
             GROUP BY 1, 2),
           usual AS (
             SELECT org_ref, percentile_cont(0.5) WITHIN GROUP (ORDER BY asked) AS middle
             FROM hourly GROUP BY 1)
           SELECT h.org_ref, h.hour, h.asked, u.middle FROM hourly h JOIN usual u USING (org_ref)
           WHERE h.asked >= %(few)s AND h.asked > u.middle * %(times)s
           ORDER BY h.asked DESC LIMIT 50""",
        **_recent(),
        few=FEW,
        times=times,
    )
    return [Burst(*row) for row in rows]


def readers() -> list[Reader]:
    """Staff and auditors by how much they read about people, the most first."""
    rows = _rows(
        """SELECT (convert_from(body, 'UTF8')::jsonb #>> '{actor,ref}')::uuid, count(*),
                  count(DISTINCT subject_ref)
           FROM audit_entry
           WHERE event IN ('auditor.viewed_entry', 'auditor.searched', 'staff.viewed_subject',
                           'dispute.viewed', 'auditor.resolved')
             AND recorded_at >= %(since)s AND id >= %(first)s AND subject_ref IS NOT NULL
           GROUP BY 1 ORDER BY 2 DESC LIMIT 50""",
        **_recent(),
    )
    return [Reader(*row) for row in rows]


def undelivered() -> list[Undelivered]:
    """Releases of the last days without a delivery, the latest first."""
    rows = _rows(
        """SELECT r.id, r.recorded_at, r.org_ref FROM audit_entry r
           WHERE r.event = 'access.released' AND r.recorded_at >= %(since)s AND r.id >= %(first)s
             AND r.recorded_at < %(until)s
             AND NOT EXISTS (
               SELECT FROM audit_entry d
               WHERE d.consent_id = r.consent_id AND d.event = 'access.delivered' AND d.id > r.id)
           ORDER BY r.id DESC LIMIT 50""",
        **_recent(),
        until=clock.now() - timedelta(days=1),
    )
    return [Undelivered(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class WitnessState:
    """`size`: the largest tree of `log` (a year) that it cosigned; None when it never did."""

    name: str
    log: int | None
    size: int | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Check:
    """The verifier's last run that was reported. `verdict`: intact, tampered or unverifiable;
    `log` and `size`: how far the newest log was intact."""

    at: datetime
    verdict: str
    log: int | None
    size: int | None


def last_check() -> Check | None:
    """None when no run was ever reported."""
    entry = Entry.objects.filter(event="log.checked").order_by("-id").first()
    if entry is None:
        return None
    content = entry.content
    said = content["verdict"], content.get("log_year"), content.get("rows")
    return Check(entry.recorded_at, *said)


def quorum() -> int:
    """How many witnesses a checkpoint needs before anything is released."""
    rows = _rows("SELECT quorum FROM audit_policy ORDER BY id DESC LIMIT 1")
    return int(rows[0][0]) if rows else 0


def witnesses() -> list[WitnessState]:
    """Those of the policy in force, and how far each has come."""
    rows = _rows(
        """SELECT split_part(name, '+', 1), c.log, c.size, c.made_at
           FROM (SELECT unnest(witnesses) AS name FROM audit_policy p
                 WHERE p.id = (SELECT max(id) FROM audit_policy)) named
           LEFT JOIN LATERAL (
             SELECT log, size, made_at FROM audit_cosignature c WHERE c.witness = named.name
             ORDER BY log DESC, size DESC LIMIT 1) c ON true
           ORDER BY 1"""
    )
    return [WitnessState(*row) for row in rows]


def asked_by_day(days: int = PATTERN_DAYS) -> list[tuple[datetime, int]]:
    """Questions of organisations by UTC day, the oldest first."""
    since = clock.now() - timedelta(days=days - 1)
    rows = _rows(
        """WITH asked AS (
             SELECT date_trunc('day', recorded_at AT TIME ZONE 'UTC') AS day, count(*) AS count
             FROM audit_entry WHERE event = 'organisation.asked' AND id >= %(first)s GROUP BY 1)
           SELECT day AT TIME ZONE 'UTC', coalesce(asked.count, 0)
           FROM generate_series(date_trunc('day', %(since)s::timestamptz AT TIME ZONE 'UTC'),
                                core.now() AT TIME ZONE 'UTC', interval '1 day') AS day
           LEFT JOIN asked USING (day) ORDER BY 1""",
        since=since,
        first=first_id_since(since - timedelta(days=1)),
    )
    return [(day, count) for day, count in rows]


def names(org_refs: Sequence[UUID]) -> dict[UUID, str]:
    """Registered names by reference."""
    found = Organisation.objects.filter(id__in=set(org_refs)).values_list("id", "name")
    return dict(found)


def people(account_refs: Sequence[UUID]) -> dict[UUID, str]:
    """Who staff are, by reference."""
    found = User.objects.filter(id__in=set(account_refs)).values_list("id", "name", "email")
    return {account: name or email for account, name, email in found}


def _recent() -> dict[str, Any]:
    """Where the last days begin: as a moment, and as an id, which the indexes end in."""
    since = clock.now() - timedelta(days=PATTERN_DAYS)
    return {"since": since, "first": first_id_since(since)}


def _rows(query: str, **values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())
