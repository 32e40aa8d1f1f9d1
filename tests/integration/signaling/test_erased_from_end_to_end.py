"""An erasure as far as it can be shown: by the store, by the keys and by the log.

The log proves that the service *said* so at that time, under a tree nobody can change unnoticed.
That no copy exists anywhere, no log can prove (docs/log.md).
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from io import StringIO
from pathlib import Path

import duckdb
import psycopg
import pytest
from django.core.management import call_command

from audit.models import Entry
from audit.verify.__main__ import main
from consent import gate, services
from consent.models import Notice
from core import person_keys
from signaling import erasure
from subscribers.services import identify
from tests.factories import signaling as made
from tests.integration.audit.conftest import VERIFIER, new_sequencer
from tests.integration.audit.stories import answered
from tests.integration.consent.world import Person, World
from tests.integration.signaling.conftest import Service

pytestmark = pytest.mark.django_db(transaction=True)

AsRole = Callable[[str], AbstractContextManager[None]]


def stored(service: Service) -> int:
    """Rows of events and sketches about anybody."""
    files = [str(file.path) for file in service.store.files()]
    counted = [
        duckdb.execute("SELECT count(*) FROM read_parquet(?)", [f]).fetchone() for f in files
    ]
    return sum(row[0] for row in counted if row)


def test_an_erasure_is_shown_by_store_keys_and_log(
    service: Service, superuser: psycopg.Connection, as_role: AsRole, tmp_path: Path
) -> None:
    end = made.noon(service.yesterday, 24)
    events = service.write(
        "events.csv", made.events_of(0, [made.Leg(1, end - timedelta(hours=40), end)])
    )
    subscriptions = made.open_subscriptions(1)
    service.subscribe(subscriptions)
    service.ingest(events)
    assert stored(service)
    assert all(service.everything())

    world = World(superuser, lambda: new_sequencer().run(once=True))
    with as_role("worker"):
        person = Person(made.msisdn(0), identify(inbound=world.text(made.msisdn(0), "TRIP")))
        answered(world, world.agreed(person))
        notice = Notice.objects.get(consent_id=person.consent)
        granted = Entry.objects.get(event="consent.granted")
        assert granted.content["enc"]["key_id"] == str(person.tenure.key_id)
        key = person_keys.get(notice.key_id)
        assert key is not None
        assert key.unseal(bytes(notice.sealed), f"notice|{person.tenure.subject_ref}")
        entry = services.erase(
            inbound=world.text(person.number, "ERASE"), tenure=person.tenure
        ).entry_id
        # The key is gone and nothing unwraps it; the sealed bytes stay, and say nothing.
        assert person_keys.get(notice.key_id) is None
        assert world.value("SELECT count(*) FROM core_personkey") == 0
        assert Notice.objects.get(consent_id=person.consent).sealed
        assert Entry.objects.get(id=granted.id).content["enc"]["ct"]
        # The statement stands in the log, about the pseudonym.
        assert Entry.objects.get(id=entry).content["event"] == "erasure.done"
        assert Entry.objects.get(id=entry).subject_ref == person.tenure.subject_ref
    world.sequence()
    # Stay-points at once, events and sketches with the next run of ingestion.
    assert service.everything() == ([], [])
    assert erasure.erase_pending() == 1
    assert stored(service) == 0

    # The same files again bring nothing back.
    assert service.subscribe(subscriptions).erased == 1
    service.ingest(events)
    service.ingest(service.write("again.csv", made.events_of(0, [made.Leg(1, end, end)])))
    assert stored(service) == 0
    assert service.everything() == ([], [])
    assert world.value("SELECT count(*) FROM subscribers_tenure") == 0

    # And the tree still verifies, with everything that happened before.
    world.sequence()
    with as_role("worker"):
        assert gate.erasures_due() == []
    with as_role("auditor"):
        call_command("audit_export", str(tmp_path / "copy"), stdout=StringIO())
    assert main([str(tmp_path / "copy"), "--key", VERIFIER.vkey, "--jobs", "1"]) == 0
