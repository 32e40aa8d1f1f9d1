"""Answers and status lists as the service signs them, for tests that check them."""

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from verification.claims import ANSWER_TYPE, STATUS_TYPE, Listed, Statement, to_claims
from verification.reading import Standing
from verification.signing import Signer, jwk, packed

NOW = datetime(2026, 11, 23, 8, 15, tzinfo=UTC)
SIGNER, OTHER = Signer(b"1" * 32), Signer(b"2" * 32)
KEYS_TEXT = json.dumps({"keys": [jwk(SIGNER.public_key)]})
STATUS_URL = "https://travelcheck.example/answers/status/2026-11-23"

STATEMENT = Statement(
    issuer="https://travelcheck.example",
    audience=UUID("6f1c2b9e-0d7a-4c35-9f6a-2f4f0b8d1c11"),
    audience_name="River Works Ltd",
    id=UUID("0b0e3a54-7a55-4c1e-8a40-0c63a5c5a1d2"),
    nonce="q83vEjRWeJASNFZ4kBI0Vg",
    issued_at=NOW,
    expires_at=NOW + timedelta(hours=48),
    question="visited_any",
    places=("420100", "TH"),
    names={"420100": "Wuhan", "TH": "Thailand"},
    first_day=date(2026, 11, 9),
    days=14,
    answer="NO",
    listed=(),
    days_with_data=14,
    days_covered=13,
    hours_observed=211,
    data_through=date(2026, 11, 22),
    minimum_hours=4,
    rule_version="1",
    consent=UUID("3f9d4f0e-46c5-4f76-b5b5-5d9a6a0a7e01"),
    log_entry=UUID("5c1f7a60-3b1e-4d0c-9a57-7d1c2f0e9b34"),
    last_two="34",
    status_index=123_456,
)
ITINERARY = replace(
    STATEMENT,
    question="itinerary",
    answer="LISTED",
    places=(),
    names={"330100": "Hangzhou", "310000": "Shanghai", "320500": "Suzhou"},
    listed=(
        Listed(("330100",), (date(2026, 11, 21), date(2026, 11, 22))),
        Listed(("310000", "320500"), tuple(date(2026, 11, day) for day in (9, 10, 12))),
    ),
)


def signed(said: Statement = STATEMENT, signer: Signer = SIGNER) -> str:
    return signer.sign(ANSWER_TYPE, to_claims(said))


def status(
    standings: Mapping[int, Standing],
    *,
    made_at: datetime = NOW + timedelta(hours=1),
    signer: Signer = SIGNER,
    **other: Any,
) -> str:
    claims = {
        "sub": STATUS_URL,
        "iat": int(made_at.timestamp()),
        "exp": int((made_at + timedelta(hours=24)).timestamp()),
        "ttl": 300,
        "status_list": packed(standings),
    }
    return signer.sign(STATUS_TYPE, {**claims, **other})


def encode(value: object) -> str:
    """A part of a token: JSON in base64url."""
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(part: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
