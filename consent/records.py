"""A consent as a record and a receipt in the terms of ISO/IEC TS 27560:2023.

Pure functions of rows: the same rows give the same record. The person gets the notice as they were
shown it; for auditors `notice_text` is left out, and nothing in a record says whose it is: the
principal is the log's random reference.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from consent.models import Consent, Notice, State, WithdrawalByPhone

SCHEMA = "ISO/IEC TS 27560:2023"
#: Our states -> those of the technical specification.
STATES = {
    State.REQUESTED: "Requested",
    State.DISCLOSED: "Requested",
    State.GRANTED: "Given",
    State.REFUSED: "Refused",
    State.EXPIRED: "Expired",
    State.CONSUMED: "Terminated",
    State.WITHDRAWN: "Withdrawn",
    State.INVALIDATED: "Invalidated",
    State.SUPERSEDED: "Terminated",
}


@dataclass(frozen=True, slots=True)
class Controller:
    """Who runs the service, as the operator gives it: name, how to reach them, and the country
    (ISO 3166-1) whose law they keep."""

    name: str
    contact: str
    jurisdiction: str


def record(
    consent: Consent, notice: Notice, controller: Controller, *, notice_text: str | None = None
) -> dict[str, Any]:
    """The record of one consent as it stands."""
    return {
        "header": {
            "schema_version": f"{SCHEMA}; {consent.schema_version}",
            "record_id": str(consent.id),
            "pii_principal_id": str(consent.subject_ref),
        },
        "processing": [_processing(consent, notice, controller, notice_text)],
        "parties": _parties(consent, controller),
        "events": list(_events(consent, notice)),
    }


def receipt(of: dict[str, Any]) -> dict[str, Any]:
    """What the person keeps: the record, a name for this receipt, and the hash of the record as
    sorted JSON in UTF-8 without white space. Another state of the consent is another receipt."""
    written = json.dumps(of, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    digest = sha256(written.encode()).hexdigest()
    return {
        "header": {
            "schema_version": of["header"]["schema_version"],
            "receipt_id": f"{of['header']['record_id']}/{len(of['events'])}",
            "record_sha256": digest,
        },
        "record": of,
    }


def _processing(
    consent: Consent, notice: Notice, controller: Controller, text: str | None
) -> dict[str, Any]:
    terms = consent.terms
    shown: dict[str, Any] = {
        "template": notice.template,
        "version": notice.version,
        "language": notice.locale,
        "sha256": bytes(notice.sha256).hex(),
    }
    if text is not None:
        shown["text"] = text
    return {
        "notice": shown,
        "purpose": consent.purpose,
        "question": consent.question,
        "lawful_basis": terms.get("lawful_basis", "consent"),
        "collection_method": terms.get("collection_method", "sms"),
        "pii_categories": terms.get("categories", []),
        "granularity": terms.get("granularity"),
        "days_looked_at": consent.window_days,
        "places_asked_about": terms.get("places", {}),
        "uses": {"most": consent.max_uses, "made": consent.uses},
        "controllers": ["controller"],
        "recipients": ["asker"] if consent.org_ref else terms.get("recipients", ["self"]),
        "resharing_allowed": bool(terms.get("resharing", False)),
        "retention": _retention(terms),
        "storage": "with the controller, sealed under the person's key",
        "jurisdiction": controller.jurisdiction,
        "withdrawal_methods": [*terms.get("withdrawal", ["STOP", "DROP"]), "phone"],
    }


def _retention(terms: dict[str, Any]) -> str:
    """How long the answer may be kept at most, as a duration of ISO 8601."""
    if "kept_days" in terms:
        return f"P{terms['kept_days']}D"
    if terms.get("kept_until") == "decided":  # a look at one visit: until it has left the window
        return f"P{terms['window_days']}D"
    return f"PT{terms.get('answer_kept_hours', 24)}H"


def _parties(consent: Consent, controller: Controller) -> list[dict[str, Any]]:
    parties = [
        {
            "party_id": "controller",
            "party_type": "pii_controller",
            "name": controller.name,
            "contact": controller.contact,
        },
        {"party_id": "person", "party_type": "pii_principal", "ref": str(consent.subject_ref)},
    ]
    if consent.org_ref:
        parties.append(
            {
                "party_id": "asker",
                "party_type": "third_party",
                "name": str(consent.terms.get("asker", "")),
                "ref": str(consent.org_ref),
            }
        )
    return parties


def _events(consent: Consent, notice: Notice) -> Iterable[dict[str, Any]]:
    """Each with its time (UTC), the state it led to, and who made it."""
    asker = "asker" if consent.org_ref else "person"
    yield _event(consent.requested_at, "Requested", asker)
    if notice.sent_at:
        yield _event(notice.sent_at, "NoticeSent", "controller")
    if notice.delivered_at:
        by = "person" if notice.delivered_by == "code" else "controller"
        yield _event(notice.delivered_at, "NoticeDelivered", by)
    if consent.granted_at and consent.valid_until:
        given = _event(consent.granted_at, "Given", "person")
        yield {**given, "expression": "text message with the code of the notice"} | {
            "validity_duration": _duration(consent.valid_until - consent.granted_at),
            "valid_until": _moment(consent.valid_until),
        }
    if consent.ended_at:
        state = State(consent.state)
        own = (State.REFUSED, State.WITHDRAWN)
        ended = _event(consent.ended_at, STATES[state], "person" if state in own else "controller")
        yield ended | _why(consent.end_reason, own=state in own)
    if consent.recalled_at:
        recalled = _event(consent.recalled_at, "Withdrawn", "person")
        yield recalled | _why(consent.recall_reason, own=True)


def _why(reason: str, *, own: bool) -> dict[str, str]:
    """Why something ended, and by which channel its person said so. What they said by phone a
    member of the operator's staff wrote down."""
    if not reason:
        return {}
    if reason in WithdrawalByPhone.Reason.values:
        return {"reason": reason, "channel": "phone", "recorded_by": "controller"}
    return {"reason": reason, "channel": "sms"} if own else {"reason": reason}


def _event(at: datetime, state: str, by: str) -> dict[str, Any]:
    return {"event_time": _moment(at), "event_state": state, "entity_id": by}


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _duration(of: timedelta) -> str:
    return f"P{of.days}D"
