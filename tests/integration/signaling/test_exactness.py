"""However events arrive, the database holds what one run over all of them would have put there."""

import random
import shutil
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from signaling import publication, retention, store, tidying
from signaling.models import Day
from signaling.selectors import days, ingest_totals
from tests.factories import signaling as made
from tests.integration.signaling.conftest import Freeze, Rows, Service
from tests.integration.signaling.lives import deliveries, lives

PHONES, DAYS = 9, 6


@pytest.fixture
def crowd(service: Service, monkeypatch: pytest.MonkeyPatch) -> Service:
    """Nine phones in two buckets, so that files and buckets hold several of them."""
    service.subscribe(made.open_subscriptions(PHONES))
    for module in (store, publication):
        monkeypatch.setattr(module, "BUCKETS", 2)
    monkeypatch.setattr(tidying, "MERGED", 3)
    return service


def fed_once(service: Service, events: list[made.Event]) -> tuple[Rows, Rows]:
    service.forget()
    service.take(events)
    return service.everything()


@settings(
    max_examples=1, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 10**9), restart=st.integers(0, 6))
@example(seed=7, restart=4)
def test_any_order_of_arrival_gives_the_same(
    crowd: Service, freeze: Freeze, seed: int, restart: int
) -> None:
    """Late, duplicate, overlapping and re-delivered, with days sealed in between; after one of the
    runs the store's memory of what was published is lost."""
    dice = random.Random(seed)
    crowd.forget()
    first = datetime(2026, 11, 9, 16, tzinfo=UTC)
    events = lives(dice, PHONES, first, DAYS)
    runs = [first + timedelta(hours=20 * n + dice.randrange(20)) for n in range(1, 7)]
    runs.append(first + timedelta(days=DAYS, hours=3))
    for number, delivery in enumerate(deliveries(dice, events, runs)):
        freeze(delivery.at)
        files = [crowd.write(f"{number}-{n}.csv", part) for n, part in enumerate(delivery.files)]
        crowd.ingest(*files)
        if number == restart:
            shutil.rmtree(crowd.store.digests)
    sealed = Day.objects.exclude(sealed_at=None).count()
    arrived = crowd.everything()
    assert sealed >= 2
    assert any(file.is_sketch for file in crowd.store.files())
    assert arrived == fed_once(crowd, events)


def test_a_sealed_day_takes_no_more_events_and_names_them(crowd: Service, freeze: Freeze) -> None:
    first = datetime(2026, 11, 9, 16, tzinfo=UTC)  # midnight in Shanghai
    day_one = made.Leg(1, first, first + timedelta(hours=20))
    events = made.events_of(0, [day_one], minutes=60)
    freeze(first + timedelta(hours=21))
    crowd.take(events[::2])
    for hours, taken in ((71.9, len(events[3::4])), (72.1, 0)):
        freeze(first + timedelta(hours=hours))
        crowd.ingest()
        before = crowd.everything()
        report = crowd.take(events[3::4] if taken else events[1::2])
        assert report.stored == taken
        assert report.late == len(events[1::2]) - taken if not taken else report.late == 0
    assert crowd.everything() == before
    assert report.rejected["late: its day takes no more events"] == len(events[1::2])
    assert report.reject_file is not None
    named = report.reject_file.read_text().splitlines()[1:]
    assert len(named) == len(events[1::2])
    assert all(line.endswith("late: its day takes no more events") for line in named)
    [state] = days()
    assert (state.late, state.subscribers) == (len(events[1::2]), 1)
    assert state.events == len(events[::2]) + len(events[3::4])
    assert state.sealed_at == first + timedelta(hours=72.1)
    assert ingest_totals().late == len(events[1::2])


def test_older_days_that_nobody_sealed_are_taken(crowd: Service, freeze: Freeze) -> None:
    """A backfill: days that ended long ago stay open for as long as a fresh one would."""
    now = datetime(2026, 11, 20, 4, tzinfo=UTC)
    long_ago = made.Leg(2, now - timedelta(days=9), now - timedelta(days=8))
    events = made.events_of(0, [long_ago], minutes=60)
    freeze(now)
    crowd.take(events[::2])
    freeze(now + timedelta(hours=47))
    assert crowd.take(events[1::2]).stored == len(events[1::2])
    arrived = crowd.everything()
    freeze(now + timedelta(hours=48))
    assert crowd.take(events[::3]).stored == 0
    assert crowd.everything() == arrived == fed_once(crowd, events)


def test_no_class_changes_because_days_left_the_window(crowd: Service, freeze: Freeze) -> None:
    """Day after day, without new events: what can count keeps its city and class, and nothing new
    appears. Only the padding before a person's first event that is left may go."""
    first = datetime(2026, 11, 1, 16, tzinfo=UTC)
    events = lives(random.Random(5), PHONES, first, 16)
    freeze(first + timedelta(days=15, hours=3))
    crowd.take(e for e in events if e.at < first + timedelta(days=15))
    for day in range(1, 12):
        before = crowd.rows("staypoint")
        freeze(first + timedelta(days=15 + day, hours=3))
        retention.purge()
        crowd.ingest()
        inside = (first + timedelta(days=1 + day, hours=12)).date()
        still = [row for row in before if row[0] >= inside]
        after = places(crowd.rows("staypoint"))
        assert places(row for row in still if row[7] - row[6] >= timedelta(hours=4)) <= after
        assert after <= places(still)
    assert after


def places(rows: Iterable[tuple[Any, ...]]) -> set[tuple[Any, ...]]:
    """(day, subscriber, kind, city, other city) of stay-points."""
    return {(day, who, kind, city, other) for day, who, _, kind, city, other, _, _ in rows}
