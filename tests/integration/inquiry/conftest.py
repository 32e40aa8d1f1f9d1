"""The whole conversation on a real PostgreSQL, with every process's own role."""

from collections.abc import Callable
from datetime import date, timedelta

import psycopg
import pytest

from core import dispatch as core_dispatch
from sms_gateway import dispatch as gateway_dispatch
from sms_gateway import tasks as gateway_tasks
from tests.integration.audit.conftest import new_sequencer
from tests.integration.consent.world import World
from tests.integration.inquiry.employers import Employer
from tests.integration.inquiry.talk import AsRole, Queue, Service

CITIES = (
    ("330100", "Hangzhou", "杭州", "CN", "Zhejiang"),
    ("310000", "Shanghai", "上海", "CN", "Shanghai"),
    ("320500", "Suzhou", "苏州", "CN", "Jiangsu"),
    ("TH-1609350", "Bangkok", "曼谷", "TH", "Thailand"),
    ("TH", "Thailand", "泰国", "TH", ""),
)


@pytest.fixture
def world(superuser: psycopg.Connection) -> World:
    with superuser.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO signaling_city (code, name, name_zh, country, admin1)"
            " VALUES (%s, %s, %s, %s, %s)",
            CITIES,
        )
    return World(superuser, lambda: new_sequencer().run(once=True))


@pytest.fixture
def service(as_role: AsRole, world: World, monkeypatch: pytest.MonkeyPatch) -> Service:
    queue = Queue()
    monkeypatch.setattr(gateway_dispatch, "enqueue", queue.put_for(gateway_tasks))
    monkeypatch.setattr(core_dispatch, "enqueue", queue.put_by_name)
    return Service(as_role, queue, world)


@pytest.fixture
def today(world: World) -> date:
    found = world.value("SELECT core.service_day(core.now())")
    assert isinstance(found, date)
    return found


@pytest.fixture
def subscriber(world: World, today: date) -> Callable[..., str]:
    """`subscriber("330100", "310000")`: a number whose phone was in these cities, one after the
    other from yesterday backwards, for a day each; with data on all 14 days."""

    def make(*cities: str, days_with_data: int = 14) -> str:
        number = world.number()
        tenure = world.subscribe(number)
        world.superuser.execute(
            "SELECT signaling.ensure_days(%s, %s)", [today - timedelta(days=15), today]
        )
        for back, city in enumerate(cities, 1):
            stay(world, tenure, today - timedelta(days=back), city)
        for back in range(1, days_with_data + 1):
            world.superuser.execute(
                "INSERT INTO signaling_coverage (day, subscriber_ref, hours)"
                " SELECT %s, subscriber_ref, 1 FROM subscribers_tenure WHERE id = %s",
                [today - timedelta(days=back), tenure],
            )
        return number

    return make


def stay(world: World, tenure: object, day: date, place: str) -> None:
    """A day at a place; `A|B` is a border."""
    city, _, other = place.partition("|")
    world.superuser.execute(
        "INSERT INTO signaling_staypoint (day, subscriber_ref, stay_id, kind, city_code,"
        " alt_city_code, started_at, ended_at)"
        " SELECT %s, subscriber_ref, 1, %s, %s, nullif(%s, ''),"
        " %s::timestamp AT TIME ZONE 'Asia/Shanghai', %s::timestamp AT TIME ZONE 'Asia/Shanghai'"
        " FROM subscribers_tenure WHERE id = %s",
        [day, "border" if other else "stay", city, other, f"{day} 08:00", f"{day} 20:00", tenure],
    )


@pytest.fixture
def employer(service: Service) -> Employer:
    """Somebody who asks."""
    return Employer(service)
