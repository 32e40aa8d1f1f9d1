"""Counting what ingestion did, for `/metrics`: in the database, where web can read it."""

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.db import connection

if TYPE_CHECKING:  # web reads the totals and has no use for what takes events in
    from signaling.intake import Intake

#: Counters that say how the last run went; the others only grow.
OF_THE_LAST_RUN: Final = ("jumps", "last_run_ms", "last_run_at")

# Names of counters; `rejected` and `left_out` have the reason as their label.
ROWS: Final = "rows"
STORED: Final = "stored"
REJECTED: Final = "rejected"
LEFT_OUT: Final = "left_out"
UNKNOWN_CELLS: Final = "unknown_cells"
LATE: Final = "late"
SUBSCRIBERS: Final = "subscribers"
STAY_POINTS: Final = "stay_points"
RUNS: Final = "runs"
JUMPS: Final = "jumps"
LAST_RUN_MS: Final = "last_run_ms"
LAST_RUN_AT: Final = "last_run_at"  # epoch seconds

ADD: Final = """
INSERT INTO signaling_ingesttotal AS t (name, label, value) VALUES (%s, %s, %s)
ON CONFLICT (name, label) DO UPDATE SET value = {} excluded.value"""


def add(counts: Counter[tuple[str, str]]) -> None:
    """Add to counters, by (name, label), in the caller's transaction; in one order, so that two
    processes never wait for each other."""
    with connection.cursor() as cursor:
        for (name, label), value in sorted(counts.items()):
            how = "" if name in OF_THE_LAST_RUN else "t.value +"
            if value or name in OF_THE_LAST_RUN:
                cursor.execute(ADD.format(how), [name, label, value])


def of_file(taken: "Intake") -> Counter[tuple[str, str]]:
    """What one file adds."""
    counts: Counter[tuple[str, str]] = Counter(
        {
            (ROWS, ""): taken.rows,
            (STORED, ""): taken.stored,
            (UNKNOWN_CELLS, ""): taken.unknown_cells,
            (LATE, ""): taken.late.total(),
        }
    )
    counts.update({(REJECTED, reason): rows for reason, rows in taken.rejected.items()})
    counts.update({(LEFT_OUT, reason): rows for reason, rows in taken.left_out.items()})
    return counts


def of_run(
    *, subscribers: int, stay_points: int, jumps: int, seconds: float, ended: datetime
) -> Counter[tuple[str, str]]:
    return Counter(
        {
            (RUNS, ""): 1,
            (SUBSCRIBERS, ""): subscribers,
            (STAY_POINTS, ""): stay_points,
            (JUMPS, ""): jumps,
            (LAST_RUN_MS, ""): round(seconds * 1000),
            (LAST_RUN_AT, ""): int(ended.timestamp()),
        }
    )
