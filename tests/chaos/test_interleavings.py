"""Withdrawal wins every race: no `sending` commits after a committed withdrawal.

INTERLEAVINGS=10000 runs them all (some minutes); `make test` runs enough to notice.
"""

import asyncio
import logging
import os
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator

import psycopg
import pytest

from audit import sequencer
from tests.chaos.interleaving import Run, prepare
from tests.database import plan
from tests.integration.audit.conftest import new_sequencer

pytestmark = pytest.mark.django_db(transaction=True)

INTERLEAVINGS = int(os.environ.get("INTERLEAVINGS", "600"))
BATCH = 1000
LANES = 5
STATEMENTS = 17  # of a conversation that is not disturbed

Connect = Callable[[str], psycopg.Connection]


@pytest.fixture
def running_sequencer(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The real one, as its own role, quicker than in service so that more fits into a minute."""
    monkeypatch.setattr(sequencer, "INTERVAL", 0.004)
    logging.getLogger("audit.sequencer").setLevel(logging.WARNING)
    work = new_sequencer()
    thread = threading.Thread(target=work.run)
    thread.start()
    yield
    work.stop.set()
    thread.join(timeout=30)
    assert not thread.is_alive()


def test_no_sending_commits_after_a_committed_withdrawal(
    running_sequencer: None, superuser: psycopg.Connection, connect_as: Connect
) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    seen: Counter[str] = Counter()
    left, worker = INTERLEAVINGS, connect_as("worker")
    while left:
        cases = prepare(superuser, worker, min(BATCH, left))
        left -= len(cases)
        for case in cases:
            case.stop_before = chance.randrange(STATEMENTS + 2)
        asyncio.run(Run(plan().addresses["worker"], chance.randrange(2**32)).all(cases, LANES))
        for case in cases:
            assert case.problems() == [], f"seed {seed}"
            seen["sent before the withdrawal"] += case.sending_asked is not None
            seen["stopped with a claim"] += case.sending_asked is None and bool(case.release)
            seen["stopped before a claim"] += case.release is None
        check_the_books(superuser)
    print(dict(seen))
    assert sum(seen.values()) == INTERLEAVINGS
    for kind in ("sent before the withdrawal", "stopped with a claim", "stopped before a claim"):
        assert seen[kind] > INTERLEAVINGS / 50, seen


def check_the_books(superuser: psycopg.Connection) -> None:
    """What must hold whatever the order was."""
    for rule, query in {
        "everything has ended": """
            SELECT count(*) FROM consent_consent WHERE state IN ('requested', 'granted')""",
        "uses are answers": """
            SELECT count(*) FROM consent_consent c WHERE uses <> (
              SELECT count(*) FROM consent_release r
              WHERE r.consent_id = c.id AND r.state = 'released')""",
        "nothing hangs": """
            SELECT count(*) FROM consent_release r JOIN consent_consent c ON c.id = r.consent_id
            WHERE r.state IN ('claimed', 'fetched') AND NOT EXISTS (
              SELECT FROM consent_release o WHERE o.id = r.id AND c.state = 'withdrawn')""",
        "a release follows its claim's checkpoint": """
            SELECT count(*) FROM consent_release r WHERE r.state = 'released' AND NOT EXISTS (
              SELECT FROM audit_leaf l WHERE l.entry_id = r.claim_entry)""",
        "one answer to a release": """
            SELECT count(*) FROM (SELECT hold_ref FROM sms_gateway_outboundmessage
              GROUP BY hold_ref HAVING count(*) > 1) twice""",
        "nothing leaves without a release": """
            SELECT count(*) FROM sms_gateway_outboundmessage o WHERE NOT EXISTS (
              SELECT FROM consent_release r WHERE r.consent_id = o.hold_ref
              AND r.state = 'released')""",
    }.items():
        row = superuser.execute(query).fetchone()
        assert row == (0,), rule
