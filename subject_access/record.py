"""All that is held about one holder of a number, as it is shown and taken away.

Read by the worker. What is not in it: where the phone was (that leaves by TRIP and OK alone), the
words of texts (they hold codes, and the phone has them), and anything about anybody else.
"""

import base64
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from audit.models import Entry
from audit.proof import receipt_code
from audit.selectors import NoProofError, entries_about, proof
from audit.tree import hash_leaf
from consent import selectors as consents
from consent.codes import DIGITS
from consent.looks import all_looks
from consent.models import Consent, Notice, WithdrawalByPhone
from consent.records import Controller, record
from core import person_keys
from core.person_keys import Key
from core.sealing import UnsealError
from disputes.selectors import of_tenure
from organisations.selectors import names_of
from sms_gateway.models import InboundMessage, OutboundMessage
from subscribers.models import Tenure
from verification.claims import Statement
from verification.models import Answer
from verification.selectors import said_by

FORMAT = "travelcheck-subject-access/1"
NO_CODE = "0" * DIGITS


def of(tenure: Tenure) -> dict[str, Any]:
    """The record of one tenure, ready for JSON: times in UTC, codes as the log writes them.

    `entries` are those of the log, each with its exact bytes, its receipt code and its proof (C2SP
    tlog-proof; None for one that is under no checkpoint yet).
    """
    key = person_keys.get(tenure.key_id)
    entries = list(entries_about(tenure.subject_ref).order_by("id"))
    found = list(Consent.objects.filter(tenure_id=tenure.id).order_by("requested_at", "id"))
    names = names_of([entry.org_ref for entry in entries if entry.org_ref])
    whole: dict[str, Any] = _written(
        {
            "format": FORMAT,
            "subject_ref": tenure.subject_ref,
            "held_since": tenure.valid_from,
            "language": tenure.language,
            "records_since": entries[0].recorded_at if entries else None,
            "looks": _looks(tenure, entries, names),
            "consents": _consents(tenure, found, names, key),
            "answers": _answers(found, names),
            "disputes": _disputes(tenure),
            "texts": _texts(tenure),
            "choices": _choices(tenure),
            "entries": [_entry(tenure, entry, key) for entry in entries],
        }
    )
    return whole


def _looks(
    tenure: Tenure, entries: Iterable[Entry], names: Mapping[UUID, str]
) -> list[dict[str, Any]]:
    """Who looked, or tried to, as LOG has it; `entry` is the one that proves it."""
    uuids = {entry.id: entry.entry_uuid for entry in entries}
    return [
        {
            "at": look.at,
            "who": look.who,
            "org_ref": look.org_ref,
            "asker": names.get(look.org_ref) if look.org_ref else None,
            "purpose": look.purpose,
            "question": look.question,
            "event": look.event,
            "reason": look.reason,
            "days": look.period,
            "entry": uuids[look.entry_id],
        }
        for look in all_looks(tenure.subject_ref)
        if look.entry_id in uuids  # one that came while we read is in the next record
    ]


def _consents(
    tenure: Tenure, found: Iterable[Consent], names: Mapping[UUID, str], key: Key | None
) -> list[dict[str, Any]]:
    """What was asked and agreed to, the latest first, each with its notice and as a record of
    ISO/IEC TS 27560."""
    notices = Notice.objects.in_bulk([consent.id for consent in found])
    controller = Controller(
        settings.OPERATOR_NAME, settings.OPERATOR_CONTACT, settings.OPERATOR_COUNTRY
    )
    listed = []
    for consent in found:
        notice = notices[consent.id]
        shown = _notice(tenure, notice, key)
        listed.append(
            {
                "id": consent.id,
                "asker": names.get(consent.org_ref) if consent.org_ref else None,
                "org_ref": consent.org_ref,
                "purpose": consent.purpose,
                "question": consent.question,
                "state": consent.state,
                "asked_at": consent.requested_at,
                "granted_at": consent.granted_at,
                "valid_until": consent.valid_until,
                "ended_at": consent.ended_at,
                "recalled_at": consent.recalled_at,
                "notice": shown,
                "record": record(consent, notice, controller, notice_text=shown),
            }
        )
    return listed[::-1]


def _notice(tenure: Tenure, notice: Notice, key: Key | None) -> str | None:
    """What the person was shown, with 0 for every digit of the code: so its hash is the log's, and
    a code that is still open is not shown a second time."""
    if key is None or notice.key_id != key.id:
        return None
    try:
        text = key.unseal(bytes(notice.sealed), f"notice|{tenure.subject_ref}")
    except UnsealError:
        return None
    # Each notice ends with what to reply: OK and the code.
    code = text[-DIGITS:]
    return text.replace(code, NO_CODE) if code.isdigit() else None


def _answers(found: Iterable[Consent], names: Mapping[UUID, str]) -> list[dict[str, Any]]:
    """What organisations were given, the latest first, and what it said while that is kept."""
    by_id = {consent.id: consent for consent in found}
    answers = Answer.objects.filter(consent_id__in=by_id, handed_over_at__isnull=False)
    listed = []
    for answer in answers.order_by("-handed_over_at"):
        consent, said = by_id[answer.consent_id], said_by(answer)
        listed.append(
            {
                "asker": names.get(answer.org_ref),
                "question": consent.question,
                "handed_over_at": answer.handed_over_at,
                "first_read_at": answer.first_read_at,
                "taken_back_at": answer.withdrawn_at or consent.recalled_at,
                "may_be_kept_until": consents.kept_until(consent),
                "said": said.answer if said else None,
                "listed": _listed(said) if said else [],
            }
        )
    return listed


def _listed(said: Statement) -> list[dict[str, Any]]:
    return [
        {"place": " / ".join(said.names.get(code, code) for code in one.codes), "days": one.days}
        for one in said.listed
    ]


def _disputes(tenure: Tenure) -> list[dict[str, Any]]:
    return [
        {
            "days": (case.first_day, case.last_day),
            "state": case.state,
            "due_on": case.due_on,
            "decided_at": case.decided_at,
            "reason": case.reason,
            "is_replaced": case.is_replaced,
        }
        for case in of_tenure(tenure.id)
    ]


def _texts(tenure: Tenure) -> list[dict[str, Any]]:
    """Texts from and to this holder, the latest first: when, of which kind, how they fared."""
    ours = {"number_index": bytes(tenure.msisdn_index), "key_id": tenure.key_id}
    came = InboundMessage.objects.filter(**ours).only("received_at", "is_stop")
    went = OutboundMessage.objects.filter(**ours).only(
        "kind", "created_at", "delivered_at", "state"
    )
    texts: list[dict[str, Any]] = [
        {"at": one.received_at, "way": "in", "kind": "stop" if one.is_stop else "", "state": ""}
        for one in came
    ]
    texts += [
        {"at": one.created_at, "way": "out", "kind": one.kind, "state": one.state} for one in went
    ]
    return sorted(texts, key=lambda text: text["at"], reverse=True)


def _choices(tenure: Tenure) -> dict[str, Any]:
    """What they allowed and forbade beforehand, and calls that ended things for this number."""
    blocked = list(consents.blocked(tenure.id))
    names = names_of([one.org_ref for one in blocked])
    calls = WithdrawalByPhone.objects.filter(
        number_index=tenure.msisdn_index, told_at__gte=tenure.valid_from
    )
    return {
        "blocked": [{"asker": names.get(one.org_ref), "since": one.blocked_at} for one in blocked],
        "paused_until": consents.paused_until(tenure.id),
        "sharing_codes": [
            {"made_at": one.made_at, "until": one.expires_at}
            for one in consents.live_sharing_codes(tenure.id)
        ],
        "withdrawals_by_phone": [
            {"at": one.told_at, "reason": one.reason} for one in calls.order_by("told_at")
        ],
    }


def _entry(tenure: Tenure, entry: Entry, key: Key | None) -> dict[str, Any]:
    body = bytes(entry.body)
    return {
        "entry_uuid": entry.entry_uuid,
        "at": entry.recorded_at,
        "event": entry.event,
        "receipt": receipt_code(hash_leaf(body)),
        "body": body.decode(),
        "unsealed": _unsealed(tenure, entry, key),
        "proof": _proof(entry),
    }


def _unsealed(tenure: Tenure, entry: Entry, key: Key | None) -> str | None:
    """What was sealed for the entry under the person's key: their OK, what opens a commitment."""
    sealed = entry.content.get("enc")
    if sealed is None or key is None:
        return None
    try:
        return key.unseal(
            base64.b64decode(sealed["ct"]), f"{tenure.subject_ref}|{entry.entry_uuid}"
        )
    except UnsealError:
        return None


def _proof(entry: Entry) -> str | None:
    try:
        return proof(entry.id)
    except NoProofError:
        return None


def _written(value: Any) -> Any:
    """As JSON has it: moments in UTC as the log writes them, days, references."""
    match value:
        case dict():
            return {name: _written(one) for name, one in value.items()}
        case list() | tuple():
            return [_written(one) for one in value]
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        case date() | UUID():
            return str(value)
    return value
