"""When subscriptions count as fresh: releases wait while they do not."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from core import clock
from core.models import Feed
from tests.factories import signaling as made
from tests.integration.signaling.conftest import Service

SINCE, ENDED = "2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z"
GOOD = (made.msisdn(0), made.imsi(0), SINCE, "")


@pytest.fixture
def yesterday(service: Service) -> object:
    """Subscriptions were loaded a day ago."""
    service.subscribe([GOOD])
    moment = clock.now() - timedelta(days=1)
    Feed.objects.filter(name="subscriptions").update(refreshed_at=moment)
    return moment


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [("12", made.imsi(1), SINCE, ""), (made.msisdn(2), "46000x", SINCE, "")],
        [(made.msisdn(0), made.imsi(1), ENDED, "")],
    ],
    ids=["empty", "unusable", "all refused"],
)
def test_a_load_without_one_usable_row_refreshes_nothing(
    service: Service, yesterday: object, rows: Sequence[Sequence[object]]
) -> None:
    service.subscribe(rows)
    assert Feed.objects.get(name="subscriptions").refreshed_at == yesterday


@pytest.mark.parametrize("others", [0, 1])
def test_one_usable_row_is_enough(service: Service, yesterday: object, others: int) -> None:
    """That it says nothing new is news as well."""
    began = clock.now()
    service.subscribe([GOOD, *[("12", made.imsi(1), SINCE, "")] * others])
    assert began <= Feed.objects.get(name="subscriptions").refreshed_at <= clock.now()
