"""Writing entries: what goes in, in which bytes, and what is refused."""

import base64
import json
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime
from typing import Any

import psycopg
import pytest
from django.db import DataError, ProgrammingError, transaction

from audit import selectors, services
from audit.models import Entry

from .conftest import Connect

AsRole = Callable[[str], AbstractContextManager[None]]
SUBJECT = uuid.UUID("5b0a748c-4b95-4068-93fd-b554095bc9e7")
MOMENT = datetime(2026, 11, 23, 8, 15, 30, 120_000, tzinfo=UTC)
MSISDN = "8613800138000"


def viewed(**more: Any) -> int:
    return services.record(event="subject.viewed_log", by="person", subject_ref=SUBJECT, **more)


@pytest.mark.django_db
def test_the_bytes_of_an_entry(freeze_database: Callable[[datetime], None]) -> None:
    freeze_database(MOMENT)
    org, staff, key = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
    entry_id = services.record(
        event="staff.viewed_subject",
        by="staff",
        by_ref=staff,
        subject_ref=SUBJECT,
        org_ref=org,
        fields={
            "window_to": date(2026, 11, 22),
            "valid_until": MOMENT,
            "uses": 2,
            "categories": ["cities"],
            "reason": None,
        },
        sealed=b"\x01" * 100,
        key_id=key,
    )
    entry = Entry.objects.get(id=entry_id)
    expected = {
        "v": 1,
        "event": "staff.viewed_subject",
        "entry_uuid": str(entry.entry_uuid),
        "occurred_at": "2026-11-23T08:15:30.120000Z",
        "actor": {"type": "staff", "ref": str(staff), "role": "worker"},
        "subject_ref": str(SUBJECT),
        "org_ref": str(org),
        "window_to": "2026-11-22",
        "valid_until": "2026-11-23T08:15:30.120000Z",
        "uses": 2,
        "categories": ["cities"],
        "enc": {
            "alg": "A256GCM",
            "key_id": str(key),
            "ct": base64.b64encode(b"\x01" * 100).decode(),
        },
    }
    canonical = json.dumps(expected, sort_keys=True, separators=(",", ":")).encode()
    assert bytes(entry.body) == canonical
    assert entry.content == expected
    # The columns repeat the body.
    assert (entry.recorded_at, entry.event) == (MOMENT, "staff.viewed_subject")
    assert (entry.subject_ref, entry.org_ref, entry.consent_id) == (SUBJECT, org, None)


@pytest.mark.parametrize("role", ["web", "worker", "ingest", "auditor"])
def test_the_entry_says_which_process_wrote_it(
    role: str, as_role: AsRole, superuser: psycopg.Connection
) -> None:
    with as_role(role):
        services.record(event="export.made", by="system")
    row = superuser.execute("SELECT body FROM audit_entry").fetchone()
    assert row is not None
    assert json.loads(row[0])["actor"] == {"role": role, "type": "system"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "event",
    ["consent.granted", "consent.withdrawn", "access.claimed", "access.denied", "erasure.done"],
)
def test_what_only_the_gate_writes_nobody_else_can(event: str) -> None:
    with pytest.raises(ProgrammingError, match="by the gate alone"), transaction.atomic():
        services.record(event=event, by="system", subject_ref=SUBJECT)
    assert not Entry.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("event", ["", "consent", "subject.viewed", "SUBJECT.VIEWED_LOG", "x.y"])
def test_an_unknown_event_is_refused(event: str) -> None:
    with pytest.raises(DataError, match="no such event"), transaction.atomic():
        services.record(event=event, by="system")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name", ["city", "msisdn", "note", "v", "event", "entry_uuid", "occurred_at", "actor", "enc"]
)
def test_a_field_that_is_not_on_the_list_is_refused(name: str) -> None:
    with pytest.raises(DataError, match="not on the list"), transaction.atomic():
        viewed(fields={name: "x"})


@pytest.mark.django_db
def test_an_entry_about_a_person_names_them() -> None:
    with pytest.raises(DataError, match="lacks one of subject_ref"), transaction.atomic():
        services.record(event="subject.viewed_log", by="person")


PERSONAL = [MSISDN, f"+{MSISDN}", int(MSISDN), "Shanghai", "上海", "310000", "460001234567890"]
FIELDS = [
    "request_id", "consent_state", "uses", "purpose_code", "window_from", "valid_until",
    "terms_sha256", "language", "channel", "notice_version", "reason", "kind", "rows",
    "file_sha256", "through", "software_version",
]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("field", FIELDS)
def test_no_field_takes_a_number_or_a_city(field: str) -> None:
    for value in [*PERSONAL, [*PERSONAL], {"to": MSISDN}, True, "x" * 65]:
        with pytest.raises(DataError, match="does not fit") as refused, transaction.atomic():
            viewed(fields={field: value})
        assert "Shanghai" not in str(refused.value)
        assert MSISDN not in str(refused.value)
    assert not Entry.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("categories", MSISDN),
        ("categories", ["cities", "Shanghai"]),
        ("categories", ["cities"] * 5),
        ("request_id", str(uuid.uuid5(uuid.NAMESPACE_DNS, MSISDN))),  # a hash of the number
        ("request_id", str(uuid.UUID(int=int(MSISDN)))),
        ("request_id", str(SUBJECT).upper()),
        ("terms_sha256", "A" * 64),
        ("terms_sha256", "a" * 63),
        ("window_from", "2026-13-01"),
        ("valid_until", "2026-11-23 08:15:30Z"),
        ("valid_until", "2026-11-23T08:15:30+08:00"),
        ("notice_version", "138-0013-8000"),
        ("uses", -1),
        ("uses", 1.5),
        ("uses", "2"),
        ("reason", "asked\n"),
    ],
)
def test_values_out_of_shape_are_refused(field: str, value: object) -> None:
    with pytest.raises(DataError, match=f"does not fit: {field}"), transaction.atomic():
        viewed(fields={field: value})


@pytest.mark.django_db
def test_large_counts_stand_in_entries_about_nobody_only() -> None:
    services.record(event="import.done", by="system", fields={"rows": 140_000_000})
    with pytest.raises(DataError, match="does not fit: rows"), transaction.atomic():
        viewed(fields={"rows": 1})


@pytest.mark.django_db
@pytest.mark.parametrize("by", ["", "me", MSISDN, "Person"])
def test_who_acted_is_one_of_a_few(by: str) -> None:
    with pytest.raises(DataError, match="does not fit: by"), transaction.atomic():
        services.record(event="export.made", by=by)


def test_references_beside_the_fields_are_random_too(web: psycopg.Connection) -> None:
    hashed = uuid.uuid5(uuid.NAMESPACE_DNS, MSISDN)
    call = "SELECT audit.record('export.made', %s, %s, %s)"
    random = uuid.uuid4()
    for arguments in (
        ("{}", hashed, None),
        (f'{{"by_ref": "{hashed}"}}', random, None),
        (f'{{"key_id": "{hashed}"}}', random, b"sealed"),
        (f'{{"key_id": "{random}"}}', random, None),  # a key of nothing
    ):
        with pytest.raises(psycopg.DataError, match="does not fit: by, by_ref, key_id or the id"):
            web.execute(call, arguments)
        web.rollback()


@pytest.mark.django_db
def test_a_value_of_another_kind_never_reaches_the_database() -> None:
    with pytest.raises(TypeError, match="a bytes has no place"):
        viewed(fields={"terms_sha256": b"x"})


@pytest.mark.django_db
def test_the_largest_sealed_part_that_fits() -> None:
    def size(sealed: int) -> int:
        with transaction.atomic():
            return len(bytes(Entry.objects.get(id=viewed(sealed=bytes(sealed))).body))

    # Base64 turns 3 bytes into 4: the body grows in these steps up to the bound.
    most = (65_535 - size(0)) // 4 * 3
    assert 65_532 <= size(most) <= 65_535
    with pytest.raises(DataError, match="over 65535 bytes"):
        size(most + 1)


def test_a_rolled_back_entry_was_never_there(
    web: psycopg.Connection, superuser: psycopg.Connection, sequence: Callable[[], None]
) -> None:
    for number in range(6):
        web.execute("SELECT audit.record('export.made', '{}')")
        if number % 2:
            web.commit()
        else:
            web.rollback()
    sequence()
    rows = superuser.execute("SELECT seq, entry_id FROM audit_leaf ORDER BY seq").fetchall()
    assert [seq for seq, _ in rows] == [0, 1, 2]
    ids = superuser.execute("SELECT id FROM audit_entry ORDER BY id").fetchall()
    assert [(entry_id,) for _, entry_id in rows] == ids
    # The ids have gaps where something was rolled back, the places in the tree have none.
    assert ids != [(1,), (2,), (3,)]


def test_checkpointed_from_the_sequencers_commit_on(
    connect_as: Connect, sequence: Callable[[], None], as_role: AsRole
) -> None:
    worker = connect_as("worker")
    row = worker.execute("SELECT audit.record('export.made', '{}')").fetchone()
    assert row is not None
    with as_role("web"):
        sequence()
        assert not selectors.checkpointed(row[0])
        worker.commit()
        assert not selectors.checkpointed(row[0])
        assert selectors.lag().total_seconds() > 0
        sequence()
        assert selectors.checkpointed(row[0])
        assert selectors.lag().total_seconds() == 0
        assert not selectors.checkpointed(row[0] + 1)


@pytest.mark.django_db
def test_entries_about_one_subject_the_latest_first() -> None:
    mine = [viewed() for _ in range(3)]
    services.record(event="subject.viewed_log", by="person", subject_ref=uuid.uuid4())
    read = services.record(event="staff.viewed_subject", by="staff", subject_ref=SUBJECT)
    about = selectors.entries_about(SUBJECT)
    assert [entry.id for entry in about] == [read, *reversed(mine)]
    assert [entry.id for entry in selectors.entries_about(SUBJECT, {"staff.viewed_subject"})] == [
        read
    ]
