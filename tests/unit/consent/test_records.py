"""A consent as a record of ISO/IEC TS 27560: complete in every state, and nobody's in clear."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from consent.models import Consent, Notice, State
from consent.records import Controller, receipt, record
from consent.terms import self_inquiry
from disputes.terms import one_visit

SCHEMA = json.loads(Path(__file__).with_name("record.schema.json").read_text())
CONTROLLER = Controller("China Example Mobile", "privacy@mobile.example", "CN")
NOON = datetime(2026, 11, 9, 12, tzinfo=UTC)
ASKED = {
    "asker": "River Works Ltd",
    "categories": ["been_to"],
    "granularity": "yes_no",
    "kept_days": 7,
    "places": {"cities": ["420100"], "countries": []},
}


def row(state: State, *, of_organisation: bool) -> tuple[Consent, Notice]:
    was_granted = state not in (State.REQUESTED, State.DISCLOSED, State.REFUSED, State.EXPIRED)
    is_over = state not in (State.REQUESTED, State.DISCLOSED, State.GRANTED)
    consent = Consent(
        org_ref=uuid.uuid4() if of_organisation else None,
        purpose="return_to_work" if of_organisation else "self_inquiry",
        question="visited_any" if of_organisation else "itinerary",
        terms=ASKED if of_organisation else self_inquiry(14),
        window_days=14,
        valid_days=2,
        max_uses=1 if of_organisation else None,
        tenure_id=uuid.uuid4(),
        subject_ref=uuid.uuid4(),
        number_index=b"\x07" * 32,
        code_digest=b"\x08" * 32,
        requested_at=NOON,
        state=state,
        granted_at=NOON + timedelta(minutes=2) if was_granted else None,
        valid_until=NOON + timedelta(days=2, minutes=2) if was_granted else None,
        ended_at=NOON + timedelta(hours=1) if is_over else None,
        end_reason="stop" if is_over else "",
    )
    notice = Notice(
        consent_id=consent.id,
        template="notice.self",
        version="1",
        locale="en",
        sha256=sha256(b"notice").digest(),
        sent_at=NOON + timedelta(seconds=1),
        delivered_at=NOON + timedelta(minutes=2) if was_granted else None,
        delivered_by="code",
    )
    return consent, notice


def made(state: State, *, of_organisation: bool, **how: Any) -> dict[str, Any]:
    return record(*row(state, of_organisation=of_organisation), CONTROLLER, **how)


@pytest.mark.parametrize("of_organisation", [False, True])
@pytest.mark.parametrize("state", list(State))
def test_every_state_has_a_record_that_fits(state: State, of_organisation: bool) -> None:
    found = made(state, of_organisation=of_organisation, notice_text="travelcheck: …")
    jsonschema.validate(found, SCHEMA)
    times = [event["event_time"] for event in found["events"]]
    assert times == sorted(times)


def test_only_a_grant_is_called_given() -> None:
    for state in State:
        given = [
            e for e in made(state, of_organisation=True)["events"] if e["event_state"] == "Given"
        ]
        assert bool(given) == (
            state
            in (
                State.GRANTED,
                State.CONSUMED,
                State.WITHDRAWN,
                State.INVALIDATED,
                State.SUPERSEDED,
            )
        )


def test_for_auditors_there_is_nothing_of_the_person() -> None:
    consent, notice = row(State.WITHDRAWN, of_organisation=True)
    written = json.dumps(record(consent, notice, CONTROLLER))
    assert "text" not in record(consent, notice, CONTROLLER)["processing"][0]["notice"]
    for secret in (consent.number_index, consent.code_digest):
        assert secret is not None
        assert bytes(secret).hex() not in written
    assert str(consent.tenure_id) not in written


def test_a_receipt_names_what_it_holds() -> None:
    found = made(State.GRANTED, of_organisation=True)
    held = receipt(found)
    written = json.dumps(found, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert held["header"]["record_sha256"] == sha256(written.encode()).hexdigest()
    assert held["record"] == found
    assert receipt(found) == held


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("stop", {"reason": "stop", "channel": "sms"}),
        ("complaint", {"reason": "complaint", "channel": "phone", "recorded_by": "controller"}),
    ],
)
def test_a_withdrawal_by_phone_is_recorded_as_one(reason: str, said: dict[str, str]) -> None:
    consent, notice = row(State.WITHDRAWN, of_organisation=True)
    consent.end_reason = reason
    recalled, _ = row(State.CONSUMED, of_organisation=True)
    recalled.end_reason = ""
    recalled.recalled_at, recalled.recall_reason = NOON + timedelta(hours=2), reason
    for one in (consent, recalled):
        found = record(one, notice, CONTROLLER)
        jsonschema.validate(found, SCHEMA)
        last = found["events"][-1]
        assert (last["event_state"], last["entity_id"]) == ("Withdrawn", "person")
        assert said.items() <= last.items()
        assert ("recorded_by" in last) == ("recorded_by" in said)


def test_a_look_at_one_visit_is_kept_until_it_is_decided_within_the_window() -> None:
    consent, notice = row(State.GRANTED, of_organisation=False)
    consent.terms, consent.purpose, consent.question = one_visit(14), "visit_review", "visit"
    found = record(consent, notice, CONTROLLER)
    jsonschema.validate(found, SCHEMA)
    assert found["processing"][0]["retention"] == "P14D"
    assert found["processing"][0]["recipients"] == ["operator"]
