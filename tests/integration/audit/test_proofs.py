"""Proofs and receipt codes as the processes get them, from the real tree."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from hashlib import sha256

import psycopg
import pytest

from audit import selectors
from audit.policy import Policy
from audit.proof import Proof, receipt_code
from audit.selectors import NoProofError

from .conftest import ORIGIN, VERIFIER, Connect
from .test_sequencer import record

AsRole = Callable[[str], AbstractContextManager[None]]


@pytest.mark.parametrize("role", ["web", "worker", "auditor"])
def test_each_entry_is_proved_under_the_first_checkpoint_over_it(
    role: str,
    web: psycopg.Connection,
    superuser: psycopg.Connection,
    sequence: Callable[[], None],
    as_role: AsRole,
) -> None:
    for count in (1, 2, 5):
        record(web, count)
        sequence()
    rows = superuser.execute("SELECT id, body FROM audit_entry ORDER BY id").fetchall()
    sizes = [1, 3, 3, 8, 8, 8, 8, 8]
    with as_role(role):
        for (entry_id, body), size in zip(rows, sizes, strict=True):
            leaf_hash = sha256(b"\0" + body).digest()
            proof = Proof.parse(selectors.proof(entry_id))
            assert proof.verify(leaf_hash, ORIGIN, Policy(), [VERIFIER]).size == size
            assert selectors.receipt_code(entry_id) == receipt_code(leaf_hash)


def test_what_is_not_in_the_tree_is_not_proved(
    web: psycopg.Connection, as_role: AsRole, connect_as: Connect
) -> None:
    record(web)
    with as_role("worker"):
        with pytest.raises(NoProofError):
            selectors.proof(1)
        assert len(selectors.receipt_code(1)) == 10  # the text may go out with the entry
        with pytest.raises(NoProofError):
            selectors.receipt_code(2)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connect_as("ingest").execute("SELECT audit.leaf_hash(1)")
