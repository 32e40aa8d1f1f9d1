"""`python -m bench.messages.crowd COUNT AGREED ADMIN_URL FILE`: people with two weeks of stays
who with AGREED 1 have agreed to be looked up. Writes each number and its blind index to FILE.

Set-based where the database allows; consents come about by the gate's own functions.
"""

import secrets
import sys
import uuid
from pathlib import Path
from typing import Final

import django
import psycopg

from bench.processes import Measured

#: Code, name and name in Chinese.
CITIES: Final = (
    ("330100", "Hangzhou", "杭州"), ("310100", "Shanghai", "上海"), ("420100", "Wuhan", "武汉"),
    ("440100", "Guangzhou", "广州"), ("510100", "Chengdu", "成都"),
)  # fmt: skip
FIRST: Final = 13_700_000_000
PEOPLE: Final = """
CREATE TEMPORARY TABLE people (n integer, number bytea, key uuid, wrapped bytea, sealed bytea)
"""
STORE: Final = (
    "INSERT INTO core_feed (name, refreshed_at, data_through) VALUES"
    " ('subscriptions', core.now(), NULL), ('events', core.now(), core.service_day(core.now()) - 1)"
    " ON CONFLICT DO NOTHING",
    "INSERT INTO core_personkey (id, number_index, wrapped, created_at)"
    " SELECT key, number, wrapped, core.now() FROM people",
    "INSERT INTO subscribers_tenure (id, msisdn_index, imsi_index, subscriber_ref, subject_ref,"
    " valid_from, key_id, language) SELECT gen_random_uuid(), number, sha256(number),"
    " gen_random_uuid(), gen_random_uuid(), core.now() - interval '90 days', key, 'en' FROM people",
    "SELECT signaling.ensure_days(core.service_day(core.now()) - 14,"
    " core.service_day(core.now()) - 1)",
    "INSERT INTO signaling_coverage (day, subscriber_ref, hours)"
    " SELECT core.service_day(core.now()) - d, t.subscriber_ref, 16777215"
    " FROM people JOIN subscribers_tenure t ON t.msisdn_index = number, generate_series(1, 14) d",
    # The first four days in one city, then six in another, then four in the first again.
    "INSERT INTO signaling_staypoint (day, subscriber_ref, stay_id, kind, city_code, started_at,"
    " ended_at) SELECT core.service_day(core.now()) - d, t.subscriber_ref, 1 + (d > 4)::int"
    " + (d > 10)::int, 'stay', (%s::text[])[1 + (n + ((d BETWEEN 5 AND 10)::int)) %% 5],"
    " (core.service_day(core.now()) - d)::timestamp AT TIME ZONE 'Asia/Shanghai',"
    " (core.service_day(core.now()) - d + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'"
    " FROM people JOIN subscribers_tenure t ON t.msisdn_index = number, generate_series(1, 14) d",
)
#: Each has texted TRIP, and answers what comes then with OK and a code.
TEXT: Final = """
INSERT INTO sms_gateway_inboundmessage (provider, provider_message_id, number_index, key_id,
    sender_sealed, problem, is_stop, agrees_to, answered_by_provider, received_at, due_at,
    handled_at, enqueued_at, attempts)
SELECT 'twilio', %(word)s::text || n, number, key, sealed, '', false,
    CASE WHEN %(word)s::text = 'OK' THEN sha256(number) END, false, moment, moment, moment,
    moment, 0
FROM people, core.now() moment
"""
ASK: Final = """
SELECT gate.request(t.id, i.id, '{"purpose": "self_inquiry", "question": "itinerary",
    "window_days": 14, "valid_days": 30}', sha256(t.msisdn_index), jsonb_build_object(
    'template', 't', 'version', '1', 'locale', 'en', 'segments', 1, 'sha256', repeat('0', 64),
    'key_id', t.key_id), '')
FROM sms_gateway_inboundmessage i JOIN subscribers_tenure t ON t.msisdn_index = i.number_index
WHERE i.agrees_to IS NULL
"""
GRANT: Final = """
SELECT count(*) FILTER (WHERE (gate.grant(i.id)).outcome = 'granted')
FROM sms_gateway_inboundmessage i WHERE i.agrees_to IS NOT NULL
"""


def main(count: int, agreed: bool, admin_url: str, file: Path) -> Measured:
    django.setup()
    from core import person_keys
    from core.keys import derive
    from core.numbers import number_index
    from core.sealing import seal

    numbers = [f"+86{FIRST + n}" for n in range(count)]
    measured = Measured()
    with psycopg.connect(admin_url, dbname="travelcheck", autocommit=True) as admin:
        with admin.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO signaling_city (code, name, name_zh, country, admin1)"
                " VALUES (%s, %s, %s, 'CN', '') ON CONFLICT DO NOTHING",
                CITIES,
            )
        admin.execute(PEOPLE)
        with admin.cursor() as cursor, cursor.copy("COPY people FROM STDIN BINARY") as copy:
            copy.set_types(["int4", "bytea", "uuid", "bytea", "bytea"])
            for n, number in enumerate(numbers):
                key = person_keys.Key(uuid.uuid4(), secrets.token_bytes(32))
                wrapped = seal(derive("person-key"), key.secret, key.id.bytes)
                sender = key.seal(number, f"sms-inbound-sender:twilio:OK{n}")
                copy.write_row((n, number_index(number), key.id, wrapped, sender))
        for statement in STORE:
            admin.execute(statement, [[code for code, *_ in CITIES]] if "%s" in statement else None)
        admin.execute("ANALYZE")
        if agreed:
            _agree(admin, count)
    file.write_text("\n".join(f"{number} {number_index(number).hex()}" for number in numbers))
    return measured


def _agree(admin: psycopg.Connection, count: int) -> None:
    from django.conf import settings

    given = settings.DATABASES["default"]
    with psycopg.connect(
        dbname=given["NAME"], user=given["USER"], password=given["PASSWORD"], host=given["HOST"],
        options="-c statement_timeout=0", autocommit=True,
    ) as worker:  # fmt: skip
        admin.execute(TEXT, {"word": "TRIP"})
        worker.execute(ASK)
        admin.execute(TEXT, {"word": "OK"})
        granted = worker.execute(GRANT).fetchone()
        assert granted == (count,), granted


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2] == "1", sys.argv[3], Path(sys.argv[4])).say()
