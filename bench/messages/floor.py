"""The least that a service of texts does, on the same servers: what ours is compared with.

A signed webhook, the number's blind index, the sealed body, one insert, one task; the task reads
its row, opens it and sends it. No people, no consent, no log, no order, no second look.
"""

import http.client
import os
import threading
from collections.abc import Callable, Iterable
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

import psycopg
from celery import Celery
from django.conf import settings
from twilio.request_validator import RequestValidator

from bench.messages.carrier import MESSAGES, NUMBER, TOKEN
from core.keys import derive
from core.numbers import number_index
from core.sealing import seal, unseal

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "travelcheck.settings")

from travelcheck.celery import app as service  # its settings, and nothing else

TABLE: Final = """
CREATE TABLE public.floor_text (
    id bigserial PRIMARY KEY, provider_message_id text NOT NULL UNIQUE,
    number_index bytea NOT NULL, number_sealed bytea NOT NULL, body_sealed bytea NOT NULL,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp());
GRANT ALL ON public.floor_text, public.floor_text_id_seq TO PUBLIC
"""
INSERT: Final = """
INSERT INTO floor_text (provider_message_id, number_index, number_sealed, body_sealed)
VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING RETURNING id
"""
SELECT: Final = "SELECT number_sealed, body_sealed FROM floor_text WHERE id = %s"
CONTEXT: Final = b"floor"

app = Celery("floor")
app.conf.update(
    {
        name: service.conf[name]
        for name in (
            "broker_url",
            "broker_transport_options",
            "task_ignore_result",
            "task_serializer",
            "accept_content",
            "task_acks_late",
            "task_reject_on_worker_lost",
            "worker_prefetch_multiplier",
            "worker_hijack_root_logger",
            "task_default_queue",
        )
    }
)
_mine = threading.local()


def _database() -> psycopg.Connection:
    if not hasattr(_mine, "database"):
        given = settings.DATABASES["default"]
        _mine.database = psycopg.connect(
            dbname=given["NAME"], user=given["USER"], password=given["PASSWORD"],
            host=given["HOST"], port=given["PORT"], autocommit=True,
        )  # fmt: skip
    connection: psycopg.Connection = _mine.database
    return connection


def application(
    environ: dict[str, Any], start_response: Callable[[str, list[tuple[str, str]]], object]
) -> Iterable[bytes]:
    if environ["REQUEST_METHOD"] == "GET":
        start_response("200 OK", [("Content-Length", "0")])
        return [b""]
    length = int(environ["CONTENT_LENGTH"])
    form = dict(parse_qsl(environ["wsgi.input"].read(length).decode(), keep_blank_values=True))
    address = settings.PUBLIC_BASE_URL + environ["PATH_INFO"]
    if not RequestValidator(TOKEN).validate(address, form, environ["HTTP_X_TWILIO_SIGNATURE"]):
        start_response("403 Forbidden", [("Content-Length", "0")])
        return [b""]
    key, number = derive("floor"), form["From"]
    row = (
        _database()
        .execute(
            INSERT,
            [
                form["MessageSid"],
                number_index(number),
                seal(key, number.encode(), CONTEXT),
                seal(key, form["Body"].encode(), CONTEXT),
            ],
        )
        .fetchone()
    )
    if row is not None:
        send.apply_async(args=(row[0],), retry=False)
    start_response("200 OK", [("Content-Type", "text/xml"), ("Content-Length", "11")])
    return [b"<Response/>"]


@app.task(name="floor.send")
def send(text_id: int) -> None:
    row = _database().execute(SELECT, [text_id]).fetchone()
    assert row is not None
    number, body = (unseal(derive("floor"), bytes(value), CONTEXT).decode() for value in row)
    if not hasattr(_mine, "carrier"):
        _mine.carrier = http.client.HTTPConnection(urlsplit(settings.TWILIO_API_BASE_URL).netloc)
    form = urlencode({"To": number, "From": NUMBER, "Body": body})
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    _mine.carrier.request("POST", MESSAGES, form, headers)
    _mine.carrier.getresponse().read()
