"""Tenures from a subscription feed: set by set, in the database, by blind index alone.

A row says that a number and an IMSI belonged together over one period. The same rows again change
nothing. What a row cannot change is refused and named; it is never repaired by guessing.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.db import connection, transaction

from core import clock
from core.models import Feed

FEED: Final = "subscriptions"
CHANGES: Final = "tenures"  # noted beside the feeds: when a load last changed any
REFUSALS: Final = {  # verdict in the table -> reason
    "overlaps_file": "overlaps an earlier row of the same number or IMSI",
    "overlaps_known": "overlaps a known tenure of the same number or IMSI",
    "contests": "names another holder: the known one is not answered until its row is closed",
    "reopens": "would reopen an ended tenure",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One usable row; `line` is where it stood, `valid_to` is exclusive, None means open."""

    line: int
    msisdn_index: bytes
    imsi_index: bytes
    valid_from: datetime
    valid_to: datetime | None
    id_digest: bytes | None = field(default=None, repr=False)  # `subscribers.ids.digest`


@dataclass
class Loaded:
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    erased: int = 0  # rows of people who had everything erased: not taken
    rows: int = 0
    refused: Counter[str] = field(default_factory=Counter)  # by reason
    named: list[tuple[int, str]] = field(default_factory=list)  # (line, reason), the first of them


@transaction.atomic
def load(*, rows: Iterable[Row], most: int = 100_000) -> Loaded:
    """Bring the tenures to what one file's rows say. At most `most` refused rows are named."""
    loaded = Loaded()
    with connection.cursor() as cursor:
        cursor.execute(STAGE)
        with cursor.copy("COPY incoming (line, msisdn, imsi, low, high, id) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(
                    (
                        row.line,
                        row.msisdn_index,
                        row.imsi_index,
                        row.valid_from,
                        row.valid_to,
                        row.id_digest,
                    )
                )
        cursor.execute("ANALYZE incoming")
        for statement in (REPEATED, ERASED, OVERLAPPING, LOCK, KNOWN, REOPENING):
            cursor.execute(statement)
        for statement in (CHANGE, FIRST_IMSI):
            cursor.execute(statement)
            loaded.changed += cursor.rowcount
        cursor.execute(END_WAITING)
        cursor.execute(CLASHING)
        cursor.execute(ADD)
        loaded.added = cursor.rowcount
        cursor.execute(IDENTIFY)
        cursor.execute(CONTEST)
        cursor.execute("SELECT verdict, count(*) FROM incoming GROUP BY 1")
        counted = {verdict: int(rows) for verdict, rows in cursor.fetchall()}
        loaded.rows = sum(counted.values())
        loaded.unchanged = counted.get("unchanged", 0)
        loaded.erased = counted.get("erased", 0) + counted.get(None, 0)
        loaded.refused.update({REFUSALS[v]: n for v, n in counted.items() if v in REFUSALS})
        cursor.execute(
            "SELECT line, verdict FROM incoming WHERE verdict = ANY (%s) ORDER BY line LIMIT %s",
            [list(REFUSALS), most],
        )
        loaded.named = [(int(line), REFUSALS[verdict]) for line, verdict in cursor.fetchall()]
        cursor.execute("DROP TABLE incoming")
    if loaded.added or loaded.changed:
        Feed.objects.update_or_create(name=CHANGES, defaults={"refreshed_at": clock.now()})
    return loaded


def changed_at() -> datetime | None:
    """When a load last changed tenures, whatever became of its other files.

    Two equal answers mean the same tenures; it is not for asking which of two moments is later,
    since what is noted here is seen only when the load's transaction has ended.
    """
    return Feed.objects.filter(name=CHANGES).values_list("refreshed_at", flat=True).first()


def note_fresh() -> None:
    """All files of a load went in: what is held of subscriptions is of now."""
    Feed.objects.update_or_create(name=FEED, defaults={"refreshed_at": clock.now()})


# `verdict` is NULL while a row is still to be dealt with.
STAGE: Final = """
CREATE TEMPORARY TABLE incoming (
    line bigint NOT NULL, msisdn bytea NOT NULL, imsi bytea NOT NULL,
    low timestamptz NOT NULL, high timestamptz, verdict text, id bytea
)"""

# The very same row twice in a file is one row.
REPEATED: Final = """
UPDATE incoming i SET verdict = 'repeated'
FROM (SELECT line, row_number() OVER (PARTITION BY msisdn, imsi, low, high ORDER BY line) AS n
      FROM incoming) r
WHERE r.line = i.line AND r.n > 1"""

# What was known when somebody had everything erased does not come back with a file.
ERASED: Final = """
UPDATE incoming i SET verdict = 'erased'
FROM subscribers_tombstone t
WHERE t.imsi_index = i.imsi AND i.low <= t.erased_at AND i.verdict IS NULL"""

# Periods are compared with the longest reach of all earlier ones of the number, and of the IMSI.
OVERLAPPING: Final = """
UPDATE incoming i SET verdict = 'overlaps_file'
FROM (
    SELECT line,
           max(coalesce(high, 'infinity')) OVER (
               PARTITION BY msisdn ORDER BY low, line
               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS number_until,
           max(coalesce(high, 'infinity')) OVER (
               PARTITION BY imsi ORDER BY low, line
               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS imsi_until
    FROM incoming WHERE verdict IS NULL
) o
WHERE o.line = i.line AND (o.number_until > i.low OR o.imsi_until > i.low)"""

# From here to the commit no first text makes a tenure for one of these numbers: the rows that are
# free now are free when they are added. Such a text waits (`subscribers.services.identify`).
LOCK: Final = """
SELECT gate.lock_holders(1, set_byte('\\x00', 0, n))
FROM (SELECT DISTINCT get_byte(msisdn, 0) AS n FROM incoming WHERE verdict IS NULL ORDER BY 1) i"""

KNOWN: Final = """
UPDATE incoming i SET verdict = 'unchanged'
FROM subscribers_tenure t
WHERE t.msisdn_index = i.msisdn AND t.imsi_index = i.imsi AND t.valid_from = i.low
  AND t.valid_to IS NOT DISTINCT FROM i.high AND i.verdict IS NULL"""

REOPENING: Final = """
UPDATE incoming i SET verdict = 'reopens'
FROM subscribers_tenure t
WHERE t.msisdn_index = i.msisdn AND t.imsi_index = i.imsi AND t.valid_from = i.low
  AND t.valid_to <= core.now() AND (i.high IS NULL OR i.high > t.valid_to)
  AND i.verdict IS NULL"""

# A changed end: closing comes first, so that the next holder's row finds the number free.
CHANGE: Final = """
WITH changed AS (
    UPDATE incoming i SET verdict = 'changed'
    FROM subscribers_tenure t
    WHERE t.msisdn_index = i.msisdn AND t.imsi_index = i.imsi AND t.valid_from = i.low
      AND i.verdict IS NULL
      AND NOT EXISTS (SELECT FROM subscribers_tenure o
                      WHERE o.id <> t.id AND o.msisdn_index = i.msisdn
                        AND tstzrange(o.valid_from, o.valid_to) && tstzrange(i.low, i.high))
      AND NOT EXISTS (SELECT FROM subscribers_tenure o
                      WHERE o.id <> t.id AND o.imsi_index = i.imsi
                        AND tstzrange(o.valid_from, o.valid_to) && tstzrange(i.low, i.high))
    RETURNING t.id, i.high
)
UPDATE subscribers_tenure t
SET valid_to = c.high,
    contested_from = CASE WHEN c.high <= t.contested_from THEN NULL ELSE t.contested_from END
FROM changed c WHERE c.id = t.id"""

# A number that texted before its subscription began: its tenure without IMSI ends there.
END_WAITING: Final = """
UPDATE subscribers_tenure t SET valid_to = i.low
FROM incoming i
WHERE t.msisdn_index = i.msisdn AND t.imsi_index IS NULL AND t.valid_from < i.low
  AND (t.valid_to IS NULL OR t.valid_to > i.low) AND i.verdict IS NULL"""

# A number that texted before any file knew it has a tenure without IMSI; it gets its first one.
FIRST_IMSI: Final = """
WITH given AS (
    UPDATE incoming i SET verdict = 'changed'
    FROM subscribers_tenure t
    WHERE t.msisdn_index = i.msisdn AND t.imsi_index IS NULL
      AND (t.valid_to IS NULL OR t.valid_to > core.now())
      AND i.low <= t.valid_from AND (i.high IS NULL OR i.high > t.valid_from)
      AND i.verdict IS NULL
      AND NOT EXISTS (
          SELECT FROM subscribers_tenure o
          WHERE o.id <> t.id AND (o.msisdn_index = i.msisdn OR o.imsi_index = i.imsi)
            AND tstzrange(o.valid_from, o.valid_to) && tstzrange(i.low, i.high))
      AND NOT EXISTS (SELECT FROM subscribers_tombstone e
                      WHERE e.imsi_index = i.imsi AND i.low <= e.erased_at)
    RETURNING t.id, i.imsi, i.low, i.high
)
UPDATE subscribers_tenure t SET imsi_index = g.imsi, valid_from = g.low, valid_to = g.high
FROM given g WHERE g.id = t.id"""

CLASHING: Final = """
UPDATE incoming i SET verdict = 'overlaps_known'
WHERE i.verdict IS NULL AND (
    EXISTS (SELECT FROM subscribers_tenure t
            WHERE t.msisdn_index = i.msisdn
              AND tstzrange(t.valid_from, t.valid_to) && tstzrange(i.low, i.high))
    OR EXISTS (SELECT FROM subscribers_tenure t
               WHERE t.imsi_index = i.imsi
                 AND tstzrange(t.valid_from, t.valid_to) && tstzrange(i.low, i.high)))"""

ADD: Final = """
WITH added AS (
    UPDATE incoming i SET verdict = 'added'
    WHERE i.verdict IS NULL
      -- Somebody may have erased everything since this load looked for tombstones.
      AND NOT EXISTS (SELECT FROM subscribers_tombstone e
                      WHERE e.imsi_index = i.imsi AND i.low <= e.erased_at)
    RETURNING *
)
INSERT INTO subscribers_tenure
    (id, msisdn_index, imsi_index, subscriber_ref, subject_ref, valid_from, valid_to, language)
SELECT gen_random_uuid(), msisdn, imsi, gen_random_uuid(), gen_random_uuid(), low, high, ''
FROM added ORDER BY msisdn"""

# What the row says of the holder's ID, also when nothing else of it is new.
IDENTIFY: Final = """
UPDATE subscribers_tenure t SET id_digest = i.id
FROM incoming i
WHERE t.msisdn_index = i.msisdn AND t.imsi_index = i.imsi AND t.valid_from = i.low
  AND i.id IS NOT NULL AND i.verdict IN ('unchanged', 'changed', 'added')
  AND t.id_digest IS DISTINCT FROM i.id"""

# A refused row that gives the number, or the IMSI, to somebody else while a tenure has not ended:
# the phone may be in other hands by now, so that tenure is not answered any more.
CONTEST: Final = """
WITH contested AS (
    SELECT t.id, i.line, greatest(i.low, t.valid_from) AS since
    FROM incoming i JOIN subscribers_tenure t
      ON t.msisdn_index = i.msisdn AND t.imsi_index <> i.imsi
    WHERE i.verdict IN ('overlaps_file', 'overlaps_known')
      AND (t.valid_to IS NULL OR t.valid_to > core.now())
      AND tstzrange(t.valid_from, t.valid_to) && tstzrange(i.low, i.high)
    UNION ALL
    SELECT t.id, i.line, greatest(i.low, t.valid_from)
    FROM incoming i JOIN subscribers_tenure t
      ON t.imsi_index = i.imsi AND t.msisdn_index <> i.msisdn
    WHERE i.verdict IN ('overlaps_file', 'overlaps_known')
      AND (t.valid_to IS NULL OR t.valid_to > core.now())
      AND tstzrange(t.valid_from, t.valid_to) && tstzrange(i.low, i.high)
), named AS (
    UPDATE incoming i SET verdict = 'contests' FROM contested c WHERE c.line = i.line
)
UPDATE subscribers_tenure t SET contested_from = c.since
FROM (SELECT id, min(since) AS since FROM contested GROUP BY id) c
WHERE c.id = t.id AND (t.contested_from IS NULL OR t.contested_from > c.since)"""
