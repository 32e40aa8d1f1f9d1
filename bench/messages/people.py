"""`python -m bench.messages.people COUNT ORGANISATIONS ADMIN_URL FILE`: who is asked about.

Writes {"keys": [API key], "targets": {class: [number or sharing code]}} to FILE. Target i of each
class is for organisation i modulo ORGANISATIONS. Whoever is to refuse is asked once before.
"""

import itertools
import json
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import django
import psycopg

from bench.processes import Measured

NUMBERS: Final = ("known", "unknown", "blocking", "refusing", "paused")
CODES: Final = ("code", "unknown code")
CITY: Final = "420100"
ORGANISATION: Final = """
INSERT INTO organisations_organisation (id, name, name_key, legal_id, contact_name, contact_email,
  status, purposes, itinerary_purposes, may_ask_by_number, requests_per_day, open_requests,
  applied_at, approved_at)
VALUES (%s, %s, %s, %s, 'Ada', 'ada@example.org', 'approved', '{return_to_work}', '{}', true,
  100000, 100000, core.now(), core.now())
"""
KEY: Final = """
INSERT INTO organisations_apikey (id, organisation_id, name, prefix, secret_hash, scopes, is_test,
  created_at, expires_at)
VALUES (gen_random_uuid(), %s, 'bench', %s, %s, '{requests:write}', false, core.now(),
  core.now() + interval '9 days')
"""
TENURE: Final = """
INSERT INTO subscribers_tenure (id, msisdn_index, subscriber_ref, subject_ref, valid_from, key_id,
  language)
VALUES (%s, %s, gen_random_uuid(), gen_random_uuid(), core.now() - interval '90 days', %s, 'en')
"""
ASKED: Final = """
INSERT INTO consent_request (id, org_ref, purpose, question, places, days, kept_days, asked_by,
  number_index, number_sealed, key_id, nonce, reference, is_test, asked_at, closes_at, outcome)
VALUES (%s, %s, 'return_to_work', 'visited_any', '{"cities":["420100"],"countries":[]}', 14, 7,
  'number', %s, %s, %s, 'nonce123', '', false, core.now(), core.now() + interval '1 day', '')
"""
CODE: Final = """
INSERT INTO consent_sharingcode (id, digest, tenure_id, number_index, number_sealed, key_id,
  made_at, expires_at)
VALUES (%s, %s, %s, %s, %s, %s, core.now(), core.now() + interval '1 day')
"""


class People:
    """Makes them, as what the service's own processes would have stored."""

    def __init__(self, admin: psycopg.Connection) -> None:
        self.admin = admin
        self.numbers: Iterator[str] = (f"+86139{n:08d}" for n in itertools.count(10_000_000))

    def asker(self, place: int) -> tuple[uuid.UUID, str]:
        from organisations import key_text

        org, key, name = uuid.uuid4(), key_text.make(is_test=False), f"Works {place}"
        self.admin.execute(ORGANISATION, [org, name, name.lower(), org.hex[:16]])
        self.admin.execute(KEY, [org, key.prefix, key_text.digest(key)])
        return org, key_text.written(key)

    def target(self, kind: str, org: uuid.UUID) -> str:
        """A number or a code of this class."""
        from consent import sharing_codes
        from core import person_keys
        from core.numbers import number_index
        from verification.services import asking

        number, tenure, code = next(self.numbers), uuid.uuid4(), sharing_codes.new_code()
        if kind in ("unknown", "unknown code"):
            return number if kind == "unknown" else code
        index = number_index(number)
        key = person_keys.current(index)
        self.admin.execute(TENURE, [tenure, index, key.id])
        if kind == "code":
            made, digest = uuid.uuid4(), sharing_codes.digest(code)
            sealed = key.seal(number, f"sharing-code:{made}")
            self.admin.execute(CODE, [made, digest, tenure, index, sealed, key.id])
            return code
        if kind == "blocking":
            self.admin.execute(
                "INSERT INTO consent_block (id, tenure_id, org_ref, blocked_at)"
                " VALUES (gen_random_uuid(), %s, %s, core.now())",
                [tenure, org],
            )
        if kind == "paused":
            self.admin.execute(
                "INSERT INTO consent_pause (tenure_id, until)"
                " VALUES (%s, core.now() + interval '9 days')",
                [tenure],
            )
        if kind == "refusing":
            request = uuid.uuid4()
            sealed = key.seal(number, f"request:{request}")
            self.admin.execute(ASKED, [request, org, index, sealed, key.id])
            asking.consider(request)
        return number


def main(count: int, organisations: int, admin_url: str, file: Path) -> Measured:
    django.setup()
    measured = Measured()
    with psycopg.connect(admin_url, dbname="travelcheck", autocommit=True) as admin:
        admin.execute(
            "INSERT INTO signaling_city (code, name, name_zh, country, admin1)"
            " VALUES (%s, 'Wuhan', '武汉', 'CN', 'Hubei')",
            [CITY],
        )
        people = People(admin)
        askers = [people.asker(place) for place in range(organisations)]
        targets = {
            kind: [people.target(kind, askers[n % organisations][0]) for n in range(count)]
            for kind in (*NUMBERS, *CODES)
        }
    keys = [key for _, key in askers]
    file.write_text(json.dumps({"keys": keys, "targets": targets}))
    measured.facts["people"] = count * len(targets)
    return measured


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], Path(sys.argv[4])).say()
