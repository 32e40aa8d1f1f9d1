-- Years: each log says how the one before it ended, and after its time a whole year goes. Bound late.
SET LOCAL ROLE {gate};

-- The published policy: for so many full years after its own the entries of a log are kept. The
-- verifier has the same number (audit/copy.py), and a test holds both to each other.
CREATE OR REPLACE FUNCTION audit.kept_years() RETURNS integer
LANGUAGE sql IMMUTABLE RETURN 3;

-- The entry that says how a log ended, if one says that it ended like this.
CREATE OR REPLACE FUNCTION audit.link_to(p_log smallint, p_size bigint, p_root bytea) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN (SELECT max(e.id) FROM public.audit_entry e
          WHERE e.event = 'log.began' AND audit.says(e.body, p_log, p_size, p_root));
END $$;

-- Whether an entry is about this log at this size.
CREATE OR REPLACE FUNCTION audit.says(p_body bytea, p_log smallint, p_size bigint, p_root bytea)
RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN convert_from(p_body, 'UTF8')::jsonb @> jsonb_build_object(
  'log_year', p_log, 'rows', p_size, 'root_sha256', encode(p_root, 'hex'));

-- Writes how each earlier log ended into the present one, once nothing can be added to it any more:
-- an hour after New Year, when nothing of it waits and its last checkpoint is accepted. Whether
-- something was written. Should an entry come even later, it is written again.
CREATE OR REPLACE FUNCTION audit.link_years() RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_end record;
  v_done boolean := false;
BEGIN
  FOR v_end IN
    SELECT y.log, c.size, c.root FROM audit.logs() AS y (log)
    CROSS JOIN LATERAL (SELECT c.size, c.root FROM public.audit_checkpoint c
                        WHERE c.log = y.log ORDER BY c.size DESC LIMIT 1) c
    WHERE y.log < (SELECT max(n.log) FROM audit.logs() AS n (log))
      AND core.now() >= make_timestamptz(y.log + 1, 1, 1, 1, 0, 0, 'UTC')
    ORDER BY y.log
  LOOP
    IF audit.accepted_size(v_end.log) = v_end.size
       AND audit.link_to(v_end.log, v_end.size, v_end.root) IS NULL
       AND NOT audit.is_waited_for(v_end.log)
    THEN
      PERFORM audit.append('log.began', jsonb_build_object(
        'log_year', v_end.log, 'rows', v_end.size, 'root_sha256', encode(v_end.root, 'hex')));
      v_done := true;
    END IF;
  END LOOP;
  RETURN v_done;
END $$;

-- Whether something that was recorded in this year, or before, is in no tree yet.
CREATE OR REPLACE FUNCTION audit.is_waited_for(p_log smallint) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN EXISTS (SELECT FROM public.audit_queue q JOIN public.audit_entry e ON e.id = q.entry_id
                 WHERE e.recorded_at < make_timestamptz(p_log + 1, 1, 1, 0, 0, 0, 'UTC'));
END $$;

-- By the published policy the entries, hashes and older checkpoints of a year go: pruned | or why not:
-- unknown | pruned_before | too_young | not_the_oldest | waiting | not_linked | no_copy | held. They are
-- deleted by audit.clear_pruned, piece by piece.
CREATE OR REPLACE FUNCTION audit.prune(p_log smallint) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_end record;
  v_link bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('audit.prune'));
  SELECT c.size, c.root INTO v_end FROM public.audit_checkpoint c
  WHERE c.log = p_log ORDER BY c.size DESC LIMIT 1;
  IF NOT FOUND THEN
    RETURN 'unknown';
  ELSIF EXISTS (SELECT FROM public.audit_pruned p WHERE p.log = p_log) THEN
    RETURN 'pruned_before';
  ELSIF core.now() < make_timestamptz(p_log + 1 + audit.kept_years(), 1, 1, 0, 0, 0, 'UTC') THEN
    RETURN 'too_young';
  ELSIF EXISTS (SELECT FROM audit.logs() AS y (log) WHERE y.log < p_log AND NOT EXISTS (
                  SELECT FROM public.audit_pruned p WHERE p.log = y.log)) THEN
    RETURN 'not_the_oldest';
  ELSIF audit.is_waited_for(p_log) THEN
    RETURN 'waiting';
  END IF;
  v_link := audit.link_to(p_log, v_end.size, v_end.root);
  IF v_link IS NULL OR NOT audit.checkpointed(v_link) THEN
    RETURN 'not_linked';
  ELSIF NOT EXISTS (
    SELECT FROM public.audit_entry e
    WHERE e.event = 'log.checked' AND audit.says(e.body, p_log, v_end.size, v_end.root)
      -- The role is that of the connection: no other process can say it in the auditors' place.
      AND convert_from(e.body, 'UTF8')::jsonb @> '{"verdict": "intact", "actor": {"role": "auditor"}}'
  ) THEN
    RETURN 'no_copy';
  ELSIF EXISTS (
    SELECT FROM public.oversight_hold h JOIN public.audit_entry e ON e.subject_ref = h.subject_ref
    WHERE h.is_granted AND h.lifted_at IS NULL AND h.until > core.now()
      AND e.recorded_at >= make_timestamptz(p_log, 1, 1, 0, 0, 0, 'UTC')
      AND e.recorded_at < make_timestamptz(p_log + 1, 1, 1, 0, 0, 0, 'UTC')
  ) THEN
    RETURN 'held';
  END IF;
  INSERT INTO public.audit_pruned (log, size, pruned_at) VALUES (p_log, v_end.size, core.now());
  PERFORM audit.append('log.pruned', jsonb_build_object(
    'log_year', p_log, 'rows', v_end.size, 'root_sha256', encode(v_end.root, 'hex')));
  RETURN 'pruned';
END $$;

-- Delete some of what is left of pruned years; how many rows, 0 when nothing is left.
CREATE OR REPLACE FUNCTION audit.clear_pruned(p_limit integer DEFAULT 2000) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_year record;
  v_count integer;
BEGIN
  FOR v_year IN SELECT p.log, p.size FROM public.audit_pruned p ORDER BY p.log LOOP
    WITH picked AS (
      SELECT l.seq, l.entry_id FROM public.audit_leaf l WHERE l.log = v_year.log
      ORDER BY l.seq LIMIT p_limit
    ), gone AS (
      DELETE FROM public.audit_entry e USING picked s WHERE e.id = s.entry_id
    )
    DELETE FROM public.audit_leaf l USING picked s WHERE l.log = v_year.log AND l.seq = s.seq;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    IF v_count = 0 THEN
      DELETE FROM public.audit_node n WHERE n.log = v_year.log AND (n.level, n.idx) IN (
        SELECT o.level, o.idx FROM public.audit_node o WHERE o.log = v_year.log LIMIT p_limit);
      GET DIAGNOSTICS v_count = ROW_COUNT;
    END IF;
    IF v_count = 0 THEN
      DELETE FROM public.audit_cosignature c
      WHERE c.log = v_year.log AND (c.size, c.witness) IN (
        SELECT o.size, o.witness FROM public.audit_cosignature o
        WHERE o.log = v_year.log AND o.size < v_year.size LIMIT p_limit);
      GET DIAGNOSTICS v_count = ROW_COUNT;
    END IF;
    IF v_count = 0 THEN
      DELETE FROM public.audit_checkpoint c WHERE c.log = v_year.log AND c.size IN (
        SELECT o.size FROM public.audit_checkpoint o
        WHERE o.log = v_year.log AND o.size < v_year.size LIMIT p_limit);
      GET DIAGNOSTICS v_count = ROW_COUNT;
    END IF;
    IF v_count > 0 THEN
      RETURN v_count;
    END IF;
  END LOOP;
  RETURN 0;
END $$;

-- Years of which only the end is left, for everybody who is served the log.
CREATE OR REPLACE FUNCTION audit.is_pruned(p_log smallint) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN EXISTS (SELECT FROM public.audit_pruned p WHERE p.log = p_log);
END $$;

RESET ROLE;
