"""The log read back and checked from its rows, naively and independently of `audit.tree`."""

import json
from hashlib import sha256

import psycopg

from audit.note import Verifier, verify_checkpoint


def root_of(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, by levels: an odd one out moves up as it is."""
    if not leaves:
        return sha256(b"").digest()
    level = leaves
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        above = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
        level = above + (level[-1:] if len(level) % 2 else [])
    return level[0]


def findings(connection: psycopg.Connection, verifier: Verifier) -> list[str]:
    """All that is wrong with the stored log that this key signs (its name ends with the year).

    Empty when it is whole and nothing waits.
    """
    wrong: list[str] = []
    year = int(verifier.name[-4:])
    rows = connection.execute(
        """SELECT l.seq, e.body, e.event, e.entry_uuid, e.recorded_at, l.leaf_hash
           FROM audit_leaf l FULL JOIN audit_entry e ON e.id = l.entry_id
           WHERE coalesce(l.log, extract(year FROM e.recorded_at AT TIME ZONE 'UTC')) = %s
           ORDER BY l.seq, e.id""",
        [year],
    ).fetchall()
    if [row[0] for row in rows] != list(range(len(rows))):
        return ["entries and leaves are not the same"]
    hashes = []
    for seq, body, event, entry_uuid, recorded_at, leaf_hash in rows:
        if body is None:
            return [f"leaf {seq} has no entry"]
        said = json.loads(body)
        moment = recorded_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        if [event, str(entry_uuid), moment] != [
            said["event"], said["entry_uuid"], said["occurred_at"]
        ]:  # fmt: skip
            wrong.append(f"columns of leaf {seq} are not its body's")
        hashes.append(sha256(b"\x00" + body).digest())
        if hashes[-1] != leaf_hash:
            wrong.append(f"leaf {seq} is not its body's")
    checkpoints = connection.execute(
        "SELECT size, origin, root, note FROM audit_checkpoint WHERE log = %s ORDER BY size", [year]
    ).fetchall()
    for size, origin, root, note in checkpoints:
        said_size, said_root = verify_checkpoint(note, origin, [verifier])[1:]
        if (said_size, said_root) != (size, root) or root_of(hashes[:size]) != root:
            wrong.append(f"checkpoint {size} is not of these entries")
    if (checkpoints[-1][0] if checkpoints else 0) != len(rows):
        wrong.append("the last checkpoint does not cover all")
    return wrong + _nodes(connection, year, hashes)


def _nodes(connection: psycopg.Connection, year: int, hashes: list[bytes]) -> list[str]:
    expected, level, depth = {}, hashes, 0
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        level = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
        depth += 1
        expected.update({(depth, index): value for index, value in enumerate(level)})
    query = "SELECT level, idx, hash FROM audit_node WHERE log = %s"
    stored = connection.execute(query, [year]).fetchall()
    same = {(level, index): value for level, index, value in stored} == expected
    return [] if same else ["the nodes are not of these entries"]
