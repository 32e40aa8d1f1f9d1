"""Reading the log. Which of these a process may call is decided by its database role."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from audit.cosignature import Witness
from audit.models import Checkpoint, Entry
from audit.proof import Proof
from audit.proof import receipt_code as code_of
from audit.sequencer import LOCK
from audit.tree import ProofError, inclusion_proof, with_nodes


class NoProofError(LookupError):
    """There is nothing to prove, or not yet."""


def entry_uuid(entry_id: int) -> UUID:
    """The name of an entry that says nothing of its place. Raises Entry.DoesNotExist."""
    found: UUID = Entry.objects.values_list("entry_uuid", flat=True).get(id=entry_id)
    return found


def checkpointed(entry_id: int) -> bool:
    """Whether the entry is under a checkpoint that the policy accepts."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit.checkpointed(%s)", [entry_id])
        row = cursor.fetchone()
    return bool(row and row[0])


def entries_about(subject_ref: UUID, events: Collection[str] = ()) -> QuerySet[Entry]:
    """Entries about one subject, the latest first; of the given events, if any are given."""
    entries = Entry.objects.filter(subject_ref=subject_ref).order_by("-id")
    return entries.filter(event__in=events) if events else entries


def latest_checkpoint(log: int | None = None) -> Checkpoint | None:
    """The log of a year, or the newest one, at its largest signed size; accepted or not."""
    found = Checkpoint.objects.order_by("-log", "-size")
    return (found if log is None else found.filter(log=log)).first()


def proof(entry_id: int) -> str:
    """The entry's place under the first accepted checkpoint over it, as a C2SP tlog-proof.

    Raises NoProofError while there is no such checkpoint, or no such entry.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM audit.place(%s)", [entry_id])
        row = cursor.fetchone()
    if row is None:
        raise NoProofError(f"entry {entry_id} is not under an accepted checkpoint")
    log, place, size, note, witnesses, signatures = row
    path = with_nodes(lambda read: inclusion_proof(read, place, size), partial(nodes, log))
    return Proof(place, tuple(path), cosigned(note, witnesses, signatures)).text()


def cosigned(note: str, witnesses: Sequence[str], signatures: Sequence[bytes]) -> str:
    """The checkpoint with the cosignatures of these witnesses (by their vkey)."""
    lines = [
        f"{Witness.parse(witness).line(bytes(signature))}\n"
        for witness, signature in zip(witnesses, signatures, strict=True)
    ]
    return note + "".join(lines)


def nodes(log: int, positions: Sequence[tuple[int, int]]) -> list[bytes]:
    """Hashes of perfect subtrees (level, index) of a year's tree. Raises ProofError."""
    levels, places = [level for level, _ in positions], [place for _, place in positions]
    with connection.cursor() as cursor:
        query = "SELECT hash FROM audit.nodes(%s::smallint, %s::smallint[], %s)"
        cursor.execute(query, [log, levels, places])
        found = [row[0] for row in cursor.fetchall()]
    if None in found:
        raise ProofError(f"the tree of {log} lacks a node")
    return [bytes(hash_) for hash_ in found]


def receipt_code(entry_id: int) -> str:
    """The 10 characters that stand for an entry in a text (`audit.proof.receipt_code`).

    There from the entry's own transaction on. Raises NoProofError when there is no such entry.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit.leaf_hash(%s)", [entry_id])
        row = cursor.fetchone()
    if row is None or row[0] is None:
        raise NoProofError(f"no entry {entry_id}")
    return code_of(bytes(row[0]))


def lag() -> timedelta:
    """How long the oldest entry has been waiting for an accepted checkpoint; zero when none is."""
    return _interval("SELECT audit.lag()")


def queue_lag() -> timedelta:
    """How long the oldest entry has been waiting for the sequencer; zero when none is."""
    return _interval("SELECT audit.queue_lag()")


def _interval(query: str) -> timedelta:
    with connection.cursor() as cursor:
        cursor.execute(query)
        row = cursor.fetchone()
    assert row is not None
    waiting: timedelta = row[0]
    return waiting


class WitnessState(NamedTuple):
    """A witness of the policy: what it cosigned last of the newest log, and when (or nothing)."""

    name: str
    size: int | None
    cosigned_at: datetime | None


def witnesses() -> list[WitnessState]:
    """The witnesses of the policy in force."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT witness, size, made_at FROM audit.witnesses()")
        rows = cursor.fetchall()
    return [WitnessState(vkey.partition("+")[0], size, at) for vkey, size, at in rows]


def quorum() -> int:
    """How many of the witnesses must have cosigned; 0 when none is asked."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT quorum FROM audit.policy()")
        row = cursor.fetchone()
    assert row is not None
    return int(row[0])


def sequencer_runs() -> bool:
    """Whether a sequencer is connected and has its turn. One that hangs shows in `lag`."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT EXISTS (
                 SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                 AND classid = %s::bigint::oid AND objid = %s::bigint::oid)""",
            [LOCK >> 32, LOCK & 0xFFFFFFFF],
        )
        row = cursor.fetchone()
    return bool(row and row[0])
