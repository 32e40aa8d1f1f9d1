from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import psycopg
import pytest
from django.test import Client, override_settings
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from core import clock
from tests.factories import signaling as made
from tests.integration.signaling import conftest as world

Role = Callable[[str], AbstractContextManager[None]]
Found = dict[tuple[str, str], float]  # (name, label's value or '') -> value
TOKEN = "a-token-for-prometheus"


def scrape(client: Client) -> Found:
    answer = client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name.removeprefix("travelcheck_"), "".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


@pytest.mark.parametrize("given", [{}, {"authorization": "Bearer wrong"}, {"authorization": TOKEN}])
def test_nobody_reads_them_without_the_token(
    client: Client, settings: Settings, given: dict[str, str]
) -> None:
    settings.METRICS_TOKEN = TOKEN
    assert client.get("/metrics", headers=given).status_code == 404


@pytest.mark.parametrize("given", ["Bearer ", "Bearer", "", "Bearer None"])
def test_without_a_token_they_are_not_there(client: Client, given: str) -> None:
    assert client.get("/metrics", headers={"authorization": given}).status_code == 404


def test_a_fresh_service_has_metrics(as_role: Role, client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN
    with as_role("web"):
        found = scrape(client)
    assert found["signaling_rows_total", ""] == found["signaling_days_open", ""] == 0
    assert found["data_too_old", ""] == 1


def test_without_its_database_it_says_so(
    as_role: Role, client: Client, settings: Settings, superuser: psycopg.Connection
) -> None:
    settings.METRICS_TOKEN = TOKEN
    superuser.execute("DROP TABLE signaling_ingesttotal")
    with as_role("web"):
        answer = client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 503


def test_what_ingestion_did_can_be_read_and_names_nobody(
    tmp_path: Path, as_role: Role, superuser: psycopg.Connection, client: Client
) -> None:
    with override_settings(SIGNALING_STORE=tmp_path / "store", METRICS_TOKEN=TOKEN):
        with as_role("ingest"):
            service = world.prepared(tmp_path, superuser)
            service.subscribe(made.open_subscriptions(2))
            end = made.noon(service.yesterday, 24)
            events = [
                event
                for phone in range(3)
                for event in made.events_of(phone, [made.Leg(1, made.noon(service.yesterday), end)])
            ]
            path = service.write("events.csv", events)
            with path.open("a") as file:
                file.write(f"{made.imsi(0)},yesterday,{made.cgi(1, 3)},data\n")
            report = service.ingest(path)
            references = [service.reference(phone) for phone in range(2)]
        with as_role("web"):
            found = scrape(client)
            page = client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"}).content
    assert found["signaling_rows_total", ""] == report.rows == len(events) + 1
    assert found["signaling_stored_total", ""] == report.stored > 0
    assert found["signaling_stay_points_total", ""] == report.stay_points == 2
    for kind, counted in (("rejected", report.rejected), ("left_out", report.left_out)):
        name = f"signaling_{kind}_total"
        assert {reason: n for reason, n in counted.items() if n} == {
            label: n for (found_name, label), n in found.items() if found_name == name
        }
    assert found["signaling_last_event_timestamp_seconds", ""] < clock.now().timestamp()
    assert found["data_too_old", ""] == 0
    for phone in range(3):
        for secret in (made.imsi(phone), made.msisdn(phone)[1:]):
            assert secret.encode() not in page
    assert not any(str(reference).encode() in page for reference in references)
