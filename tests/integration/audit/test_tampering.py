"""A superuser switches the triggers off and changes the past: recomputation shows it."""

from collections.abc import Callable

import psycopg
import pytest

from .conftest import VERIFIER
from .ledger import findings
from .test_sequencer import record

# Leaves are counted, ids are not: a transaction that was rolled back leaves a hole in them.
THIRD = "(SELECT entry_id FROM audit_leaf WHERE seq = 2)"
SWAP = """UPDATE audit_entry e SET body = o.body FROM audit_entry o
          JOIN audit_leaf theirs ON theirs.entry_id = o.id
          JOIN audit_leaf mine ON mine.seq = 5 - theirs.seq
          WHERE e.id = mine.entry_id AND mine.seq IN (2, 3)"""
TAMPERING = {
    "edited body": (
        "UPDATE audit_entry SET body = replace(encode(body, 'escape'), 'system', 'person')::bytea"
        " WHERE id = " + THIRD,
        "leaf 2 is not its body's",
    ),
    "edited body and leaf": (
        "WITH e AS (UPDATE audit_entry SET body = body || '\\x20' WHERE id = "
        + THIRD
        + " RETURNING body)"
        " UPDATE audit_leaf SET leaf_hash = sha256('\\x00'::bytea || e.body) FROM e WHERE seq = 2",
        "checkpoint 5 is not of these entries",
    ),
    "edited column": (
        "UPDATE audit_entry SET recorded_at = recorded_at - interval '1 day' WHERE id = " + THIRD,
        "columns of leaf 2 are not its body's",
    ),
    "swapped bodies": (SWAP, "leaf 2 is not its body's"),
    "deleted entry": ("DELETE FROM audit_entry WHERE id = " + THIRD, "leaf 2 has no entry"),
    "deleted leaf": (
        "DELETE FROM audit_leaf WHERE seq = 2",
        "entries and leaves are not the same",
    ),
    "deleted in the middle, the rest moved up": (
        "WITH gone AS (DELETE FROM audit_entry WHERE id = " + THIRD + " RETURNING id),"
        " l AS (DELETE FROM audit_leaf WHERE seq >= 2 RETURNING seq, entry_id, leaf_hash)"
        " SELECT 1 FROM gone, l",
        "entries and leaves are not the same",
    ),
    "swapped leaves": (
        "UPDATE audit_leaf SET entry_id = -entry_id WHERE seq IN (2, 3);"
        "UPDATE audit_leaf SET entry_id = entry_id -"
        " (SELECT sum(entry_id) FROM audit_leaf WHERE seq IN (2, 3)) WHERE seq IN (2, 3)",
        "leaf 2 is not its body's",
    ),
    "replaced root": (
        "UPDATE audit_checkpoint SET root = sha256('') WHERE size = 5",
        "checkpoint 5 is not of these entries",
    ),
    "rolled back checkpoint": (
        "DELETE FROM audit_checkpoint WHERE size = 9",
        "the last checkpoint does not cover all",
    ),
    "changed node": (
        "UPDATE audit_node SET hash = sha256('') WHERE level = 2",
        "the nodes are not of these entries",
    ),
}


@pytest.mark.parametrize("how", TAMPERING)
def test_tampering_shows(
    how: str,
    web: psycopg.Connection,
    superuser: psycopg.Connection,
    sequence: Callable[[], None],
) -> None:
    record(web, 5)
    sequence()
    record(web, 4)
    sequence()
    assert findings(superuser, VERIFIER) == []
    for table in ("audit_entry", "audit_node", "audit_leaf", "audit_checkpoint"):
        superuser.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
    statement, finding = TAMPERING[how]
    superuser.execute(statement)
    assert finding in findings(superuser, VERIFIER)
