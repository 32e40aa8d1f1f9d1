"""The rules of consent that the verifier reads back, each broken in one way."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from audit.verify.entries import FIELDS
from audit.verify.rules import Past, broken

Entry = dict[str, Any]
Story = list[Entry]

PERSON, OTHER = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
CONSENT, RELEASE = "33333333-3333-4333-8333-333333333333", "44444444-4444-4444-8444-444444444444"
ASKED = {
    "subject_ref": PERSON, "consent_id": CONSENT, "org_ref": OTHER,
    "purpose_code": "return_to_work", "question": "visited_any",
}  # fmt: skip
TERMS = {
    "window_days": 14, "max_uses": 1, "categories": ["been_to"], "granularity": "yes_no",
    "terms_sha256": "00" * 32,
}  # fmt: skip
UNTIL = "2026-11-30T08:00:00.000000Z"
DAYS = {"window_from": "2026-11-09", "window_to": "2026-11-22"}


def at(minute: int) -> str:
    return f"2026-11-23T08:{minute:02}:00.000000Z"


def story() -> Story:
    """From the request to the delivery; the claim is the fifth entry, then a checkpoint."""
    steps: list[tuple[str, int, Entry]] = [
        ("consent.requested", 1, TERMS),
        ("consent.notice_sent", 2, {}),
        ("consent.notice_delivered", 2, {}),
        ("consent.granted", 3, {**TERMS, "valid_until": UNTIL}),
        ("access.claimed", 3, {"release_id": RELEASE, "uses": 1, "max_uses": 1, **DAYS}),
        ("access.fetched", 3, {"release_id": RELEASE, **DAYS}),
        ("access.released", 3, {"release_id": RELEASE, **DAYS}),
        ("access.delivered", 3, {"release_id": RELEASE}),
        ("consent.consumed", 4, {}),
    ]
    return [
        {**dict.fromkeys(FIELDS), **ASKED, **fields, "event": event, "consent_state_seq": number,
         "occurred_at": at(minute)}
        for minute, (event, number, fields) in enumerate(steps)
    ]  # fmt: skip


def found(told: Story, sizes: list[int] | None = None) -> list[str]:
    records = [(0, place, *(entry[name] for name in FIELDS)) for place, entry in enumerate(told)]
    return [str(finding) for finding in broken(records, [sizes or [5, 9]], ["2026"], Past(True))]


def set_(place: int, **fields: Any) -> Callable[[Story], None]:
    return lambda told: told[place].update(fields)


def without(*events: str) -> Callable[[Story], None]:
    def drop(told: Story) -> None:
        told[:] = [entry for entry in told if entry["event"] not in events]

    return drop


def insert(place: int, event: str, number: int, **fields: Any) -> Callable[[Story], None]:
    def put(told: Story) -> None:
        entry = {**dict.fromkeys(FIELDS), **ASKED, "event": event, "occurred_at": at(30)}
        told.insert(place, {**entry, "consent_state_seq": number, **fields})

    return put


def swap(one: int, other: int) -> Callable[[Story], None]:
    def exchange(told: Story) -> None:
        told[one], told[other] = told[other], told[one]

    return exchange


BROKEN: dict[str, tuple[Callable[[Story], None], str]] = {
    "nobody asked": (without("consent.requested"), "without a request before it"),
    "no notice": (
        without("consent.notice_sent", "consent.notice_delivered"),
        "consent.granted of a consent that is requested",
    ),
    "no grant": (without("consent.granted"), "under a consent that is disclosed"),
    "no claim": (without("access.claimed"), "access.fetched without a claim before it"),
    "no fetch": (without("access.fetched"), "access.released of a release that is claimed"),
    "withdrawn before": (
        insert(5, "consent.withdrawn", 4),
        "access.fetched under a consent that is withdrawn",
    ),
    "withdrawn, and hidden": (set_(4, consent_state_seq=4), "missing or too many"),
    "another person's": (set_(4, subject_ref=OTHER), "without a request before it"),
    "another asker": (set_(4, org_ref=PERSON), "another asker"),
    "another question": (set_(6, question="itinerary"), "another asker, purpose or question"),
    "more than was asked": (set_(3, window_days=15), "something else than was asked"),
    "other terms": (set_(3, terms_sha256="11" * 32), "something else than was asked"),
    "more days": (set_(4, window_from="2026-11-08"), "for more days than were agreed"),
    "days not claimed": (set_(5, window_to="2026-11-23"), "for days that were not claimed"),
    "days of long ago": (
        set_(4, window_from="2025-01-01", window_to="2025-01-14"),
        "for days that do not end just before it",
    ),
    "tomorrow": (
        set_(4, window_from="2026-11-11", window_to="2026-11-24"),
        "for days that do not end just before it",
    ),
    "an end that sorts after every moment": (
        set_(3, valid_until="20261122T080000.000000000Z"),
        "a value is not what it must be",
    ),
    "other days": (set_(6, window_from="2026-11-10"), "other days than were fetched"),
    "too late": (set_(6, occurred_at="2026-11-30T08:01:01.000000Z"), "had run out"),
    "no end": (set_(3, valid_until=None), "a value is not what it must be"),
    "used too often": (
        insert(5, "access.claimed", 3, release_id=OTHER, uses=2, max_uses=1, **DAYS),
        "or too many",
    ),
    "uses not counted": (set_(4, uses=0), "does not count the uses"),
    "one release twice": (
        insert(5, "access.claimed", 3, release_id=RELEASE, uses=1, max_uses=1, **DAYS),
        "claimed a second time",
    ),
    "two consents, one name": (insert(4, "consent.requested", 1, **TERMS), "a second request"),
    "out of order": (swap(5, 6), "access.released of a release that is claimed"),
    "granted again": (insert(9, "consent.granted", 5, **TERMS), "of a consent that is consumed"),
    "superseded by nothing": (
        insert(4, "consent.superseded", 4, superseded_by=OTHER),
        "superseded by none",
    ),
    "denied after it left": (
        insert(8, "access.denied", 3, release_id=RELEASE),
        "of a release that is delivered",
    ),
    "after the erasure": (
        insert(4, "erasure.done", 0, consent_id=None),
        "access.claimed after this person was erased",
    ),
    "a visit looked at when that has ended": (
        insert(9, "dispute.viewed", 4),
        "dispute.viewed under a consent that is consumed",
    ),
    "a list for a number": (set_(4, uses=[1]), "does not count"),
    "a list for a name": (set_(4, release_id=[1]), "a value is not what it must be"),
}


def test_what_the_gate_writes_breaks_no_rule() -> None:
    assert found(story()) == []
    late = copy.deepcopy(story())
    late[6]["occurred_at"] = "2026-11-30T08:00:30.000000Z"
    assert found(late) == [], "the clock was looked at before the entry was written"


@pytest.mark.parametrize("how", BROKEN)
def test_what_the_gate_would_not_write_is_found(how: str) -> None:
    told = story()
    breaks, finding = BROKEN[how]
    breaks(told)
    assert any(finding in line for line in found(told)), found(told)


def test_a_denied_claim_gives_its_use_back() -> None:
    told = story()
    told[4:4] = [
        {**told[4], "release_id": OTHER},
        {**dict.fromkeys(FIELDS), **ASKED, "event": "access.denied", "release_id": OTHER,
         "consent_state_seq": 3, "occurred_at": at(40)},
    ]  # fmt: skip
    assert found(told, [7, 11]) == []


@pytest.mark.parametrize("sizes", [[4, 9], [6, 9], [9]])
def test_nothing_is_fetched_before_its_claim_is_under_a_checkpoint(sizes: list[int]) -> None:
    assert "before its claim was under a checkpoint" in found(story(), sizes)[0]


def test_what_began_before_the_copy_cannot_be_verified() -> None:
    records = [(0, 0, *(story()[4][name] for name in FIELDS))]
    kinds = [finding.kind for finding in broken(records, [[5]], ["2026"], Past(False))]
    assert kinds == [2]
