-- Which checkpoints count, and what stands under them. Bound late (plpgsql), because a first
-- migration meets this text before the tables are made.
SET LOCAL ROLE {gate};

-- The policy in force: so many of these witnesses (by their published key) must have cosigned.
CREATE OR REPLACE FUNCTION audit.policy(OUT quorum smallint, OUT witnesses text[])
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  SELECT p.quorum, p.witnesses INTO quorum, witnesses
  FROM public.audit_policy p ORDER BY p.id DESC LIMIT 1;
  IF NOT FOUND THEN
    quorum := 0;
    witnesses := '{}';
  END IF;
END $$;

-- A policy from now on; false when it is the one in force. No role of a process may call it, so
-- that no process can lower what its own work is held to.
CREATE OR REPLACE FUNCTION audit.set_policy(p_quorum smallint, p_witnesses text[]) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_witnesses constant text[] := ARRAY(SELECT w FROM unnest(p_witnesses) w ORDER BY w);
BEGIN
  IF (SELECT p.quorum = p_quorum AND p.witnesses = v_witnesses FROM audit.policy() p) THEN
    RETURN false;
  END IF;
  INSERT INTO public.audit_policy (quorum, witnesses, made_at)
  VALUES (p_quorum, v_witnesses, core.now());
  PERFORM audit.append('config.changed', jsonb_build_object(
    'by', 'operator', 'kind', 'policy', 'file_sha256',
    encode(sha256(convert_to(p_quorum || E'\n' || array_to_string(v_witnesses, E'\n'), 'UTF8')), 'hex')));
  RETURN true;
END $$;

-- The size of the first checkpoint of the log that covers the place and that the policy accepts.
CREATE OR REPLACE FUNCTION audit.accepted(p_log smallint, p_seq bigint) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_policy record;
BEGIN
  SELECT * INTO v_policy FROM audit.policy();
  IF v_policy.quorum = 0 THEN
    RETURN (SELECT c.size FROM public.audit_checkpoint c
            WHERE c.log = p_log AND c.size > p_seq ORDER BY c.size LIMIT 1);
  END IF;
  RETURN (SELECT s.size FROM public.audit_cosignature s
          WHERE s.log = p_log AND s.size > p_seq AND s.witness = ANY (v_policy.witnesses)
          GROUP BY s.size HAVING count(*) >= v_policy.quorum ORDER BY s.size LIMIT 1);
END $$;

-- Whether the entry is a leaf under a checkpoint that the policy accepts: only then may anything
-- be released.
CREATE OR REPLACE FUNCTION audit.checkpointed(p_entry_id bigint) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN EXISTS (SELECT FROM public.audit_leaf l WHERE l.entry_id = p_entry_id
                 AND audit.accepted(l.log, l.seq) IS NOT NULL);
END $$;

-- The latest size of the log that the policy accepts; 0 when there is none.
CREATE OR REPLACE FUNCTION audit.accepted_size(p_log smallint) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_policy record;
BEGIN
  SELECT * INTO v_policy FROM audit.policy();
  IF v_policy.quorum = 0 THEN
    RETURN coalesce((SELECT max(c.size) FROM public.audit_checkpoint c WHERE c.log = p_log), 0);
  END IF;
  RETURN coalesce((
    SELECT s.size FROM public.audit_cosignature s
    WHERE s.log = p_log AND s.witness = ANY (v_policy.witnesses)
    GROUP BY s.size HAVING count(*) >= v_policy.quorum ORDER BY s.size DESC LIMIT 1), 0);
END $$;

-- How long the oldest entry has been waiting for its place in the tree; zero when none is.
CREATE OR REPLACE FUNCTION audit.queue_lag() RETURNS interval
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN coalesce((
    SELECT greatest(core.now() - e.recorded_at, interval '0')
    FROM (SELECT q.entry_id FROM public.audit_queue q ORDER BY q.entry_id LIMIT 1) oldest
    JOIN public.audit_entry e ON e.id = oldest.entry_id), interval '0');
END $$;

-- The years that have a log, the newest first.
CREATE OR REPLACE FUNCTION audit.logs() RETURNS SETOF smallint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_log smallint;
BEGIN
  SELECT max(c.log) INTO v_log FROM public.audit_checkpoint c;
  WHILE v_log IS NOT NULL LOOP
    RETURN NEXT v_log;
    SELECT max(c.log) INTO v_log FROM public.audit_checkpoint c WHERE c.log < v_log;
  END LOOP;
END $$;

-- How long the oldest entry has been waiting for a checkpoint that the policy accepts.
CREATE OR REPLACE FUNCTION audit.lag() RETURNS interval
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN greatest(audit.queue_lag(), coalesce((
    SELECT max(core.now() - e.recorded_at)
    FROM audit.logs() AS y (log)
    JOIN public.audit_leaf l ON l.log = y.log AND l.seq = audit.accepted_size(y.log)
    JOIN public.audit_entry e ON e.id = l.entry_id), interval '0'));
END $$;

-- The witnesses of the policy: the last size of the newest log that each cosigned, and when.
CREATE OR REPLACE FUNCTION audit.witnesses()
RETURNS TABLE (witness text, size bigint, made_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_log smallint;
BEGIN
  SELECT max(c.log) INTO v_log FROM public.audit_checkpoint c;
  RETURN QUERY
    SELECT w.vkey, last.size, last.made_at
    FROM audit.policy() p, unnest(p.witnesses) AS w (vkey)
    LEFT JOIN LATERAL (
      SELECT s.size, s.made_at FROM public.audit_cosignature s
      WHERE s.log = v_log AND s.witness = w.vkey ORDER BY s.size DESC LIMIT 1) last ON true;
END $$;

-- The leaf hash of an entry, in the tree already or not. It gives nothing away: a body holds
-- random references.
CREATE OR REPLACE FUNCTION audit.leaf_hash(p_entry_id bigint) RETURNS bytea
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN (SELECT sha256('\x00'::bytea || e.body) FROM public.audit_entry e WHERE e.id = p_entry_id);
END $$;

-- Where an entry stands, and the first checkpoint over it that the policy accepts, with the
-- cosignatures that the policy counts. No row while there is none.
CREATE OR REPLACE FUNCTION audit.place(p_entry_id bigint)
RETURNS TABLE (log smallint, seq bigint, size bigint, note text, witnesses text[], signatures bytea[])
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN QUERY
    SELECT l.log, l.seq, c.size, c.note,
           ARRAY(SELECT s.witness FROM public.audit_cosignature s
                 WHERE s.log = c.log AND s.size = c.size AND s.witness = ANY (p.witnesses)
                 ORDER BY s.witness),
           ARRAY(SELECT s.signature FROM public.audit_cosignature s
                 WHERE s.log = c.log AND s.size = c.size AND s.witness = ANY (p.witnesses)
                 ORDER BY s.witness)
    FROM public.audit_leaf l, audit.policy() p, public.audit_checkpoint c
    WHERE l.entry_id = p_entry_id AND c.log = l.log AND c.size = audit.accepted(l.log, l.seq);
END $$;

-- Hashes of perfect subtrees, in the order asked for; level 0 is the leaves.
CREATE OR REPLACE FUNCTION audit.nodes(p_log smallint, p_levels smallint[], p_places bigint[])
RETURNS TABLE (hash bytea)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN QUERY
    SELECT coalesce(
      (SELECT l.leaf_hash FROM public.audit_leaf l
       WHERE asked.level = 0 AND l.log = p_log AND l.seq = asked.place),
      (SELECT n.hash FROM public.audit_node n
       WHERE n.log = p_log AND n.level = asked.level AND n.idx = asked.place))
    FROM unnest(p_levels, p_places) WITH ORDINALITY AS asked (level, place, position)
    ORDER BY asked.position;
END $$;

RESET ROLE;
