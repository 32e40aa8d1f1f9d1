"""Finding entries for those who check the log: quick at ten million, whatever is asked for.

Pages follow one another by the entry's id (keyset), so the hundredth costs what the first does.
Each filter has an index that ends in the id; moments are turned into ids first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from audit.models import Entry

#: Ids are drawn before entries are committed, so an entry may be older than one before it: by as
#: long as a transaction may last.
DISORDER = timedelta(minutes=11)


@dataclass(frozen=True, slots=True)
class Filter:
    """What entries to show: those to which all that is given applies. `since` and `until` are the
    first moment and the first one after; `events` any of them, all when empty."""

    since: datetime | None = None
    until: datetime | None = None
    events: Sequence[str] = ()
    org_ref: UUID | None = None
    subject_ref: UUID | None = None
    consent_id: UUID | None = None

    def conditions(self) -> tuple[str, dict[str, Any]]:
        """SQL over the alias `e`, without the events, and its parameters."""
        parts, values = ["true"], dict[str, Any]()
        for name in ("org_ref", "subject_ref", "consent_id"):
            if (value := getattr(self, name)) is not None:
                parts.append(f"e.{name} = %({name})s")
                values[name] = value
        if self.since is not None:
            parts.append("e.recorded_at >= %(since)s AND e.id >= %(first_id)s")
            values |= {"since": self.since, "first_id": first_id_since(self.since)}
        if self.until is not None:
            parts.append("e.recorded_at < %(until)s AND e.id <= %(last_id)s")
            values |= {"until": self.until, "last_id": _id_at(self.until + DISORDER)}
        return " AND ".join(parts), values


def entries(wanted: Filter, *, before: int | None = None, limit: int = 50) -> list[Entry]:
    """The latest entries that `wanted` applies to, with an id below `before`; the latest first."""
    condition, values = wanted.conditions()
    if before is not None:
        condition += " AND e.id < %(before)s"
        values["before"] = before
    values["limit"] = limit
    if not wanted.events:
        query = (
            f"SELECT e.* FROM audit_entry e WHERE {condition} ORDER BY e.id DESC LIMIT %(limit)s"  # noqa: S608  (our own words)
        )
        return list(Entry.objects.raw(query, values))
    # Each event by its own index, and then the latest of all: a list of events would have none. By
    # its name and not by a join, so that the planner knows how rare it is.
    values |= {f"event_{number}": event for number, event in enumerate(wanted.events)}
    parts = [
        f"(SELECT e.* FROM audit_entry e WHERE e.event = %(event_{number})s AND {condition}"  # noqa: S608
        " ORDER BY e.id DESC LIMIT %(limit)s)"
        for number in range(len(wanted.events))
    ]
    query = f"""
        SELECT found.* FROM ({" UNION ALL ".join(parts)}) AS found
        ORDER BY found.id DESC LIMIT %(limit)s"""  # noqa: S608
    return list(Entry.objects.raw(query, values))


def entry(entry_id: int) -> Entry:
    """One entry. Raises Entry.DoesNotExist."""
    return Entry.objects.get(id=entry_id)


def drawn(wanted: Filter, *, size: int, newest: int = 100_000) -> list[int]:
    """Ids of `size` entries drawn by chance from the newest that `wanted` applies to."""
    condition, values = wanted.conditions()
    if wanted.events:
        condition += " AND e.event = ANY(%(events)s)"
        values["events"] = list(wanted.events)
    values |= {"size": size, "newest": newest}
    query = f"""
        SELECT id FROM (SELECT e.id FROM audit_entry e WHERE {condition}
                        ORDER BY e.id DESC LIMIT %(newest)s) AS newest
        ORDER BY random() LIMIT %(size)s"""  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return sorted(row[0] for row in cursor.fetchall())


def event_names() -> list[str]:
    """Every event there can be, in the order of the vocabulary."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM audit.events()")
        return [row[0] for row in cursor.fetchall()]


def entries_with(ids: Sequence[int]) -> QuerySet[Entry]:
    return Entry.objects.filter(id__in=ids).order_by("id")


def first_id_since(moment: datetime) -> int:
    """No entry with a smaller id was recorded since this moment."""
    return _id_at(moment - DISORDER)


#: Ids rise with time, as nearly as DISORDER says: the place of a moment is found by halving, in
#: some thirty steps, and an index by time, which every entry would pay for, is not needed. Where
#: ids are missing the next one stands for them.
_HALVING = """
WITH RECURSIVE span (low, high) AS (
  SELECT coalesce(min(id), 0) - 1, coalesce(max(id), 0) + 1 FROM audit_entry
  UNION ALL
  SELECT CASE WHEN e.recorded_at < %(moment)s THEN e.id ELSE s.low END,
         CASE WHEN e.recorded_at < %(moment)s THEN s.high ELSE (s.low + s.high) / 2 END
  FROM span s LEFT JOIN LATERAL (
    SELECT id, recorded_at FROM audit_entry
    WHERE id >= (s.low + s.high) / 2 AND id < s.high ORDER BY id LIMIT 1) e ON true
  WHERE s.high - s.low > 1)
SELECT min(high) FROM span
"""


def _id_at(moment: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_HALVING, {"moment": moment})
        row = cursor.fetchone()
    assert row is not None
    return int(row[0])
