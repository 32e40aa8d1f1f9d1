"""Many people text at once while the worker is killed and Redis loses everything, twice each.

`make test` runs it with 200 people; CROWD=2000 runs a larger one.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from tests.chaos import crowd
from tests.chaos.crowd import Texter
from tests.machine import wait_until
from tests.running import Demo, new_folder, running_demo

pytestmark = [pytest.mark.serial, pytest.mark.xdist_group("whole machine")]

SIZE = int(os.environ.get("CROWD", "200"))
PATIENCE = 60 + SIZE  # seconds


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    with new_folder() as folder, running_demo(folder) as running:
        yield running


def kill_worker(demo: Demo) -> None:
    """The worker and its children, without a word; the supervisor starts another."""
    before = demo.pid("worker")
    os.killpg(before, signal.SIGKILL)
    wait_until(lambda: demo.pid("worker") not in (0, before), 60, "a new worker")


def flush_redis(demo: Demo) -> None:
    with demo.redis() as client:
        client.flushall()


def count(connection: psycopg.Connection, query: str) -> int:
    row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])


def test_everybody_is_answered_once(demo: Demo, tmp_path: Path) -> None:
    people = crowd.make_crowd(SIZE)
    crowd.load(demo, people, tmp_path)

    crowd.all_ask(people, demo.address)
    with demo.database() as connection:
        disturb(demo, people, connection)
        wait_until(lambda: at_rest(connection), PATIENCE, "all work to be done")
        read_everything(people)
        assert sum(len(person.received) for person in people) == count(connection, TEXTS_THAT_CAME)
        for what, query in BOOKS.items():
            assert count(connection, query) == 0, what
        assert count(connection, "SELECT count(*) FROM consent_release") == SIZE


def disturb(demo: Demo, people: list[Texter], connection: psycopg.Connection) -> None:
    """Let everybody look again and again until they have their answer; meanwhile, break things."""
    done = {"notices": 0, "answers": 0}
    mishaps: list[tuple[str, int, Callable[[Demo], None]]] = [
        ("notices", SIZE // 4, kill_worker),
        ("notices", SIZE // 2, flush_redis),
        ("answers", SIZE // 8, flush_redis),
        ("answers", SIZE // 4, kill_worker),
    ]

    def everybody_has_an_answer() -> bool:
        crowd.all_look(people, connection)
        done["notices"] = sum(bool(person.notices) for person in people)
        done["answers"] = sum(bool(person.answers) for person in people)
        while mishaps and done[mishaps[0][0]] >= mishaps[0][1]:
            mishaps.pop(0)[2](demo)
        return done["answers"] == SIZE

    wait_until(everybody_has_an_answer, PATIENCE, f"an answer for everybody, have {done}")
    assert mishaps == []


def read_everything(people: list[Texter]) -> None:
    """What came after the answer would be one text too many."""
    for person in people:
        person.look()
        assert (len(person.notices), len(person.answers), person.others) == (1, 1, [])


def at_rest(connection: psycopg.Connection) -> bool:
    return count(connection, OPEN_WORK) == 0


OPEN_WORK = """
    SELECT (SELECT count(*) FROM sms_gateway_inboundmessage WHERE handled_at IS NULL)
         + (SELECT count(*) FROM sms_gateway_outboundmessage WHERE state IN ('queued', 'sending'))
         + (SELECT count(*) FROM sms_gateway_deliveryreport WHERE applied_at IS NULL)
         + (SELECT count(*) FROM audit_queue)"""
TEXTS_THAT_CAME = "SELECT count(*) FROM sms_gateway_sandboxtext WHERE incoming"

#: Each counts what must not be.
BOOKS = {
    "a release without a signed checkpoint over its entry": """
        SELECT count(*) FROM audit_entry e
        WHERE e.event = 'access.released' AND NOT audit.checkpointed(e.id)""",
    "an answer on its way before the checkpoint": """
        SELECT count(*) FROM sms_gateway_outboundmessage o JOIN audit_leaf l
            ON l.entry_id = o.after_entry
        WHERE o.kind = 'answer' AND o.sending_at <
            (SELECT min(c.made_at) FROM audit_checkpoint c WHERE c.log = l.log
              AND c.size > l.seq)""",
    "rows fetched before the claim was under a checkpoint": """
        SELECT count(*) FROM consent_release r JOIN audit_entry f ON f.id = r.fetch_entry
            JOIN audit_leaf l ON l.entry_id = r.claim_entry
        WHERE f.recorded_at <
            (SELECT min(c.made_at) FROM audit_checkpoint c WHERE c.log = l.log
              AND c.size > l.seq)""",
    "a claim that came to nothing": """
        SELECT count(*) FROM consent_release r WHERE r.state <> 'released'""",
    "a use counted without an answer, or an answer without a use": """
        SELECT count(*) FROM consent_consent c WHERE c.uses <>
            (SELECT count(*) FROM consent_release r JOIN sms_gateway_outboundmessage o
                 ON o.cause = 'release:' || r.id
             WHERE r.consent_id = c.id AND o.state = 'delivered')""",
    "an access in the log without its release": """
        SELECT count(*) FROM audit_entry e WHERE e.event = 'access.released'
            AND NOT EXISTS (SELECT FROM consent_release r WHERE r.release_entry = e.id)""",
    "two texts for one cause on a phone": """
        SELECT count(*) - count(DISTINCT ref) FROM sms_gateway_sandboxtext""",
    "a text that did not reach its phone": """
        SELECT count(*) FROM sms_gateway_outboundmessage WHERE state <> 'delivered'""",
}
