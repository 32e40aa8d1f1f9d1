"""Real processes that are killed, and a queue that is emptied, while people text."""

import os
import re
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
import requests

from sms_gateway import tasks
from tests.integration.sms_gateway.processes import Service
from tests.machine import wait_until

pytestmark = [pytest.mark.serial, pytest.mark.xdist_group("whole machine")]

PHONES = 20
ROUNDS = 3


def send(service: Service, number: str, body: str, message_id: str) -> int:
    """One text, delivered twice, as networks do."""
    wanted = {"number": number, "body": body, "message_id": message_id}
    for _ in range(2):
        answer = requests.post(f"{service.base_url}/sandbox/texts", json=wanted, timeout=30)
        assert answer.status_code == 201
    return int(answer.json()["number_id"])


def replies(service: Service, number_id: int) -> list[str]:
    answer = requests.get(
        f"{service.base_url}/sandbox/texts", params={"number_id": number_id}, timeout=30
    )
    texts: list[dict[str, Any]] = answer.json()["texts"]
    return [text["body"] for text in texts if text["incoming"]]


def count(superuser: psycopg.Connection, query: str) -> int:
    row = superuser.execute(query.encode()).fetchone()
    assert row is not None
    return int(row[0])


def test_killed_workers_and_a_flushed_queue_lose_and_double_nothing(
    service: Service, superuser: psycopg.Connection
) -> None:
    def converse(phone: int) -> int:
        number = f"+86138{phone:08}"
        sent = [send(service, number, f"text {n}", f"{phone}-{n}") for n in range(ROUNDS)]
        return sent[0]

    def handled() -> int:
        query = "SELECT count(*) FROM sms_gateway_inboundmessage WHERE handled_at IS NOT NULL"
        return count(superuser, query)

    def handled_more_than(some: int) -> bool:
        return handled() > some

    total = PHONES * ROUNDS
    with ThreadPoolExecutor(8) as people:
        conversations = [people.submit(converse, phone) for phone in range(PHONES)]
        for share in (4, 2):
            wait_until(partial(handled_more_than, total // share // 2), what="work is under way")
            service.kill("worker")
            redis.Redis.from_url(service.redis_url).flushdb()
            service.start("worker")
        ids = [conversation.result() for conversation in conversations]

    outbox = "SELECT count(*) FROM sms_gateway_outboundmessage WHERE state"
    still_open, delivered = f"{outbox} IN ('queued', 'sending')", f"{outbox} = 'delivered'"
    wait_until(lambda: handled() == total, what="every text is handled")
    wait_until(lambda: count(superuser, still_open) == 0, what="every reply is sent")
    expected = [f"You said: text {n}" for n in range(ROUNDS)]
    assert [replies(service, number_id) for number_id in ids] == [expected] * PHONES
    wait_until(lambda: count(superuser, delivered) == total, what="receipts have come back")
    logs = "".join(service.log(name) for name in ("web", "worker", "beat"))
    assert "+86138" not in logs
    assert "You said" not in logs


def test_a_web_process_without_redis_still_takes_texts_at_once(
    service: Service, superuser: psycopg.Connection, tmp_path: Path
) -> None:
    alone = Service(tmp_path, "redis://127.0.0.1:1/0", extra={"WEB": "alone"})
    try:
        alone.start("web")
        wait_until(alone.is_answering, what="the web process answers")
        number_id = send(alone, "+8613800000001", "TRIP", "one")
        # The other processes share the database and have a queue: their sweep finds the text.
        wait_until(
            lambda: replies(service, number_id) == ["You said: TRIP"], what="the sweep finds it"
        )
    finally:
        alone.stop()


def test_a_text_to_ourselves_comes_back_or_somebody_is_told(
    transactional_db: None, tmp_path: Path, superuser: psycopg.Connection
) -> None:
    ours, token = "+8613900000009", "t" * 32
    service = Service(
        tmp_path,
        os.environ["REDIS_URL"],
        extra={"SMS_PROBE_NUMBER": ours, "METRICS_TOKEN": token},
    )

    def probes(phone: int) -> list[str]:
        return [body for body in replies(service, phone) if body.startswith("PROBE ")]

    def incidents() -> str:
        answer = requests.get(
            f"{service.base_url}/metrics", headers={"Authorization": f"Bearer {token}"}, timeout=30
        )
        (line,) = re.findall(r'incidents_open\{reason="time_up"\} (.*)', answer.text)
        return str(line)

    try:
        service.start("web")
        service.start("worker")
        wait_until(service.is_answering, what="the web process answers")
        phone = send(service, ours, "hello", "hello")
        tasks.probe.delay()
        wait_until(lambda: probes(phone), what="the first text to ourselves")
        send(service, ours, probes(phone)[0], "back")
        back = "SELECT count(*) FROM sms_gateway_probe WHERE back_at IS NOT NULL"
        wait_until(lambda: count(superuser, back) == 1, what="it is known to be back")
        tasks.probe.delay()
        wait_until(lambda: len(probes(phone)) == 2, what="the second")
        superuser.execute("UPDATE sms_gateway_probe SET sent_at = sent_at - interval '6 minutes'")
        tasks.watch_probes.delay()
        wait_until(lambda: incidents() == "1.0", what="the alarm")
        send(service, ours, probes(phone)[1], "late")
        wait_until(lambda: count(superuser, back) == 2, what="the second is back, late")
        tasks.watch_probes.delay()
        wait_until(lambda: incidents() == "0.0", what="the alarm's end")
    finally:
        service.stop()
