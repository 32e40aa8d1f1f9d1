"""What operators may see of ingestion: days and counters, nobody's events or stay-points."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from signaling import totals
from signaling.models import Day, IngestTotal


@dataclass(frozen=True, slots=True)
class DayState:
    """A local day with events. `sealed_at` is None while it still takes events.

    `events` were stored (a duplicate inside a file counts once), `late` came after it was sealed
    and were rejected; `subscribers` had at least one event.
    """

    day: date
    opened_at: datetime
    sealed_at: datetime | None
    events: int
    subscribers: int
    last_event_at: datetime | None
    late: int


@dataclass(frozen=True, slots=True)
class IngestTotals:
    """Counters since the service was set up; those of the last run say so.

    `rows` came in; `stored` passed the door. `rejected` (bad and late rows) and `left_out` (good
    rows of no use) are by reason. `unknown_cells` were stored by country alone. `subscribers` were
    compiled, `stay_points` written.
    """

    rows: int = 0
    stored: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    unknown_cells: int = 0
    late: int = 0
    subscribers: int = 0
    stay_points: int = 0
    runs: int = 0
    last_run_jumps: int = 0
    last_run_seconds: float = 0.0
    last_run_at: datetime | None = None


def days() -> list[DayState]:
    """Every day that is known, the oldest first."""
    names = DayState.__dataclass_fields__
    return [DayState(**row) for row in Day.objects.order_by("day").values(*names)]


def ingest_totals() -> IngestTotals:
    single: dict[str, int] = {}
    by_label: dict[str, dict[str, int]] = {totals.REJECTED: {}, totals.LEFT_OUT: {}}
    for name, label, value in IngestTotal.objects.values_list("name", "label", "value"):
        if label:
            by_label[name][label] = value
        else:
            single[name] = value
    plain = (
        totals.ROWS,
        totals.STORED,
        totals.UNKNOWN_CELLS,
        totals.LATE,
        totals.SUBSCRIBERS,
        totals.STAY_POINTS,
        totals.RUNS,
    )
    ended = single.get(totals.LAST_RUN_AT)
    return IngestTotals(
        **{name: single.get(name, 0) for name in plain},
        rejected=by_label[totals.REJECTED],
        left_out=by_label[totals.LEFT_OUT],
        last_run_jumps=single.get(totals.JUMPS, 0),
        last_run_seconds=single.get(totals.LAST_RUN_MS, 0) / 1000,
        last_run_at=datetime.fromtimestamp(ended, UTC) if ended else None,
    )
