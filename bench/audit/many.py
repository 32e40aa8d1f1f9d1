"""A log of millions of entries, made inside the database by a superuser, and the auditors' pages
over it. Ten entries a person, spread evenly over the year so far, with a whole tree above them."""

from typing import Final

import psycopg

from audit.note import Checkpoint, Signer
from audit.tree import Frontier, edge_positions

SIGNER: Final = Signer("log.example/audit/many", bytes(32))
ORGANISATIONS: Final = 500

# The search's indexes are made after the rows are there, and nothing is written twice for a crash:
# what is measured is reading.
BEFORE: Final = """
CREATE FUNCTION pg_temp.random_like(text) RETURNS uuid LANGUAGE sql IMMUTABLE
  RETURN overlay(overlay(md5($1) PLACING '4' FROM 13) PLACING '8' FROM 17)::uuid;
ALTER TABLE audit_entry SET UNLOGGED;
ALTER TABLE audit_leaf SET UNLOGGED;
ALTER TABLE audit_node SET UNLOGGED;
ALTER TABLE audit_entry DISABLE TRIGGER enqueue;
ALTER TABLE audit_entry DROP CONSTRAINT audit_entry_entry_uuid_key;
CREATE TABLE bench_indexes AS SELECT indexname, indexdef FROM pg_indexes
  WHERE tablename = 'audit_entry' AND indexname LIKE 'audit_entry_of_%';
DO $$ DECLARE v_name text; BEGIN
  FOR v_name IN SELECT indexname FROM bench_indexes LOOP EXECUTE 'DROP INDEX ' || v_name; END LOOP;
END $$;
"""
ENTRIES: Final = """
INSERT INTO audit_entry (id, entry_uuid, recorded_at, event, org_ref, subject_ref, consent_id, body)
SELECT i.id, i.entry, i.at, i.event, i.org, i.person, i.consent, convert_to(
  '{"actor":{"role":"worker","type":"system"},"consent_id":"' || i.consent || '","entry_uuid":"'
  || i.entry || '","event":"' || i.event || '","occurred_at":"'
  || to_char(i.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '","org_ref":"' || i.org
  || '","purpose_code":"return_to_work","question":"visited_any","subject_ref":"' || i.person
  || '","v":1}', 'UTF8')
FROM (
  SELECT g AS id, gen_random_uuid() AS entry,
    %(begin)s::timestamptz
      + (%(end)s::timestamptz - %(begin)s::timestamptz) * (g::float8 / %(count)s) AS at,
    (ARRAY['organisation.asked', 'consent.requested', 'consent.notice_sent',
           'consent.notice_delivered', 'consent.granted', 'access.claimed', 'access.fetched',
           'access.released', 'access.delivered', 'consent.consumed'])[1 + g %% 10] AS event,
    pg_temp.random_like('o' || (g / 10 * 7919) %% %(organisations)s) AS org,
    pg_temp.random_like('p' || g / 20) AS person, pg_temp.random_like('c' || g / 10) AS consent
  FROM generate_series(%(first)s::bigint, %(last)s::bigint) g) i
"""
LEAVES: Final = """
INSERT INTO audit_leaf (log, seq, entry_id, leaf_hash)
SELECT %(log)s, id - 1, id, sha256('\\x00'::bytea || body) FROM audit_entry ORDER BY id
"""
FIRST_NODES: Final = """
INSERT INTO audit_node (log, level, idx, hash)
SELECT %(log)s, 1, seq / 2, sha256('\\x01'::bytea || string_agg(leaf_hash, ''::bytea ORDER BY seq))
FROM audit_leaf GROUP BY seq / 2 HAVING count(*) = 2
"""
NODES: Final = """
INSERT INTO audit_node (log, level, idx, hash)
SELECT %(log)s, %(level)s, idx / 2,
       sha256('\\x01'::bytea || string_agg(hash, ''::bytea ORDER BY idx))
FROM audit_node WHERE level = %(level)s::int - 1 GROUP BY idx / 2 HAVING count(*) = 2
"""
AFTER: Final = """
ALTER TABLE audit_entry ADD CONSTRAINT audit_entry_entry_uuid_key UNIQUE (entry_uuid);
DO $$ DECLARE v_text text; BEGIN
  FOR v_text IN SELECT indexdef FROM bench_indexes LOOP EXECUTE v_text; END LOOP;
END $$;
ALTER TABLE audit_entry ENABLE ALWAYS TRIGGER enqueue;
DROP TABLE bench_indexes;
SELECT setval(pg_get_serial_sequence('audit_entry', 'id'), max(id)) FROM audit_entry;
"""
STEP: Final = 500_000


def fill(admin: psycopg.Connection, count: int) -> None:
    """Fill an empty log with so many entries, all of this year, under one signed checkpoint."""
    row = admin.execute(
        "SELECT extract(year FROM now() AT TIME ZONE 'UTC')::int, date_trunc('year', now()), now()"
    ).fetchone()
    assert row is not None
    log, begin, end = row
    admin.execute("SET maintenance_work_mem = '1GB'")
    admin.execute("SET work_mem = '512MB'")
    admin.execute(BEFORE)
    given = {"begin": begin, "end": end, "count": count, "organisations": ORGANISATIONS}
    for first in range(1, count + 1, STEP):
        last = min(first + STEP - 1, count)
        admin.execute(ENTRIES, {**given, "first": first, "last": last})
    admin.execute(LEAVES, {"log": log})
    admin.execute(FIRST_NODES, {"log": log})
    for level in range(2, count.bit_length()):
        admin.execute(NODES, {"log": log, "level": level})
    admin.execute(AFTER)
    for table in ("audit_entry", "audit_leaf", "audit_node"):
        admin.execute(f"VACUUM ANALYZE {table}")
    frontier = Frontier(count, [_node(admin, *at) for at in edge_positions(count)])
    note = SIGNER.sign(Checkpoint(SIGNER.verifier.name, count, frontier.root()).text())
    admin.execute(
        "INSERT INTO audit_checkpoint (log, size, origin, root, note, made_at)"
        " VALUES (%s, %s, %s, %s, %s, now())",
        [log, count, SIGNER.verifier.name, frontier.root(), note],
    )


def _node(admin: psycopg.Connection, level: int, index: int) -> bytes:
    query = "SELECT leaf_hash FROM audit_leaf WHERE seq = %s"
    if level:
        query = f"SELECT hash FROM audit_node WHERE level = {level} AND idx = %s"
    row = admin.execute(query, [index]).fetchone()
    assert row is not None
    return bytes(row[0])
