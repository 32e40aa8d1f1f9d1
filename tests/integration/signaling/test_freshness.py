"""What an operator sees of the data's age, at the limits the service itself goes by."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from core.models import Feed
from signaling.freshness import Freshness, freshness
from tests.factories import signaling as made
from tests.integration.signaling.conftest import Service

MOMENT = timedelta(microseconds=1)


@pytest.fixture
def seen_at(service: Service, monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], Freshness]:
    """The freshness as it is seen at a moment."""

    def look(moment: datetime) -> Freshness:
        monkeypatch.setattr("core.clock.now", lambda: moment)
        return freshness()

    return look


def ingest_yesterday(service: Service, *, until: float = 24) -> None:
    service.subscribe(made.open_subscriptions(3))
    end = made.noon(service.yesterday, until)
    start = made.noon(service.yesterday, -24)
    service.take(e for p in range(3) for e in made.events_of(p, [made.Leg(1, start, end)]))


def test_the_table(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    ingest_yesterday(service)
    capsys.readouterr()
    call_command("data_freshness")
    shown = capsys.readouterr().out
    assert all(len(line) <= 80 for line in shown.splitlines())
    assert f"complete        through {service.yesterday}\n" in shown
    days = [line for line in shown.splitlines() if line[:2] == "20"][1:]
    assert len(days) == 15
    assert [line[10:].strip() for line in days[:12]] == ["no data"] * 12
    counted = sum(int(line.split()[2].replace(",", "")) for line in days[12:14])
    assert counted == sum(report_rows(service))
    assert [line.split()[3] for line in days[12:14]] == ["3", "3"]


def report_rows(service: Service) -> list[int]:
    return [row[1] for row in service.superuser.execute(
        "SELECT day, events FROM signaling_day ORDER BY day").fetchall()]  # fmt: skip


def test_nothing_loaded_fails_and_says_what_to_do(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CommandError) as failed:
        call_command("data_freshness")
    assert "answers wait until they are loaded" in str(failed.value)
    assert "answers end earlier" in str(failed.value)
    assert "subscriptions   never" in capsys.readouterr().out


def test_subscriptions_are_too_old_after_24_hours(
    service: Service, seen_at: Callable[[datetime], Freshness]
) -> None:
    ingest_yesterday(service)
    loaded = made.noon(service.yesterday, 30)
    Feed.objects.filter(name="subscriptions").update(refreshed_at=loaded)
    assert seen_at(loaded + timedelta(hours=17)).complaints == []
    Feed.objects.filter(name="events").update(data_through=service.yesterday)
    (complaint,) = seen_at(loaded + timedelta(hours=24) + MOMENT).complaints[:1]
    assert complaint.startswith("subscriptions are older than 24 h")
    assert not any("subscriptions" in c for c in seen_at(loaded + timedelta(hours=24)).complaints)


def test_yesterdays_end_may_take_three_hours_to_arrive(
    service: Service, seen_at: Callable[[datetime], Freshness]
) -> None:
    ingest_yesterday(service, until=12)
    midnight = made.noon(service.yesterday, 24)
    Feed.objects.filter(name="subscriptions").update(refreshed_at=midnight)
    assert seen_at(midnight + timedelta(hours=3) - MOMENT).complaints == []
    (complaint,) = seen_at(midnight + timedelta(hours=3)).complaints
    assert complaint.startswith("events are not complete through")
