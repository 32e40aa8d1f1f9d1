"""What the verifier takes for an entry."""

import json
from typing import Any

import pytest

from audit import vocabulary
from audit.verify.entries import Reader, moment
from audit.verify.findings import TAMPERED, UNVERIFIABLE

BODY: dict[str, Any] = {
    "actor": {"role": "web", "type": "system"},
    "entry_uuid": "11111111-1111-4111-8111-111111111111",
    "event": "export.made",
    "occurred_at": "2026-11-23T08:00:00.000000Z",
    "v": 1,
}


def written(content: Any) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def kinds(body: bytes) -> list[int]:
    reader = Reader("2026", 0)
    reader.columns(0, [body])
    return [finding.kind for finding in reader.findings]


def test_an_entry_is_an_entry() -> None:
    assert kinds(written(BODY)) == []


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"null", b"{}", b"{", b"\xff", b"[" * 60_000, b'{"v":1}',
        written(BODY) + b" ",
        written(BODY).replace(b'"v":1', b'"v":1,"v":1'),
        written(BODY).replace(b'"event":', b'"event":"config.changed","event":'),
        written(BODY).replace(b'"role":"web"', b'"role":"web","role":"worker"'),
        json.dumps(BODY, separators=(",", ":")).replace('"actor"', '"z"').encode(),
        json.dumps(dict(reversed(BODY.items())), separators=(",", ":")).encode(),
        written({**BODY, "event": ["export.made"]}),
        written({**BODY, "actor": "web"}),
        written({**BODY, "event": "access.released"}),
        written({**BODY, "entry_uuid": "xyz"}),
        written({**BODY, "event": "erasure.done", "subject_ref": "../other"}),
        written({**BODY, "event": "export.m\u00e4de"}),
    ],
)  # fmt: skip
def test_anything_else_is_none(body: bytes) -> None:
    assert TAMPERED in kinds(body)


@pytest.mark.parametrize(
    "when",
    ["2026-W48-1T08:00:00.000000Z", "20261123T080000.000000000Z", "2026-11-23T08:00:00,000000Z",
     "2026-11-23", "2025-11-23T08:00:00.000000Z", 5, None],
)  # fmt: skip
def test_a_time_has_one_spelling_and_is_of_the_logs_year(when: Any) -> None:
    reader = Reader("2026", 0, 2026)
    reader.columns(0, [written({**BODY, "occurred_at": when})])
    assert [finding.kind for finding in reader.findings] == [TAMPERED]


def test_an_entry_is_not_older_than_a_transaction_lasts() -> None:
    reader = Reader("2026", 0, 2026)
    moments = ["08:11:00", "08:00:00", "08:12:00", "08:01:00", "08:00:59", "08:12:01"]
    bodies = [written({**BODY, "occurred_at": f"2026-11-23T{at}.000000Z"}) for at in moments]
    reader.columns(0, bodies)
    found = [finding.where for finding in reader.findings]
    assert found == ["2026 entry 4"]
    assert reader.earliest == (moment("2026-11-23T08:00:00.000000Z"), 1)


@pytest.mark.parametrize(
    "change", [{"v": 2}, {"v": True}, {"event": "export.unmade"}, {"zone": "x"}, {"v": "1"}]
)
def test_what_is_newer_than_the_verifier_cannot_be_verified(change: dict[str, Any]) -> None:
    assert kinds(written({**BODY, **change})) == [UNVERIFIABLE]


def test_the_lists_are_read_whole() -> None:
    assert len(vocabulary.events()) > 70
    assert {"notice_sha256", "provider", "subject_ref"} <= vocabulary.members()
    assert vocabulary.events()["access.claimed"] >= {"release_id", "consent_id", "subject_ref"}
