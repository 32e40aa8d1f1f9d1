-- What the web process may hand out of the log, and to whom. Bound late, as acceptance.sql.
--
-- Everybody: checkpoints and hashes, a day late and in steps of a whole tile, so that nobody can
-- watch the log grow while somebody else is asked something. Mirrors (auditors, whoever runs a
-- witness) with a token: all of it at once, the entries too. The token is looked at here, so that
-- the web process alone reads no entry.
SET LOCAL ROLE {gate};

-- The size that everybody may know: the first accepted checkpoint past the last whole tile of what
-- was there at midnight (UTC). A year that is over is shown to its end. 0 when nothing is.
CREATE OR REPLACE FUNCTION audit.published_size(p_log smallint) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_today constant timestamp := date_trunc('day', core.now() AT TIME ZONE 'UTC');
  v_step constant integer := CASE WHEN p_log = extract(year FROM v_today) THEN 256 ELSE 1 END;
  v_last bigint;
BEGIN
  SELECT c.size INTO v_last FROM public.audit_checkpoint c
  WHERE c.log = p_log AND c.made_at < v_today AT TIME ZONE 'UTC' ORDER BY c.made_at DESC LIMIT 1;
  v_last := v_last / v_step * v_step;
  IF v_last > 0 AND audit.accepted(p_log, v_last - 1) IS NULL THEN
    v_last := audit.accepted_size(p_log) / v_step * v_step;  -- too few witnesses since
  END IF;
  RETURN CASE WHEN v_last > 0 THEN audit.accepted(p_log, v_last - 1) ELSE 0 END;
END $$;

-- The mirror that this token belongs to; null when there is none.
CREATE OR REPLACE FUNCTION audit.mirror(p_token text) RETURNS uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN (SELECT m.id FROM public.audit_mirror m
          WHERE m.token_sha256 = sha256(convert_to(p_token, 'UTF8')) AND m.revoked_at IS NULL);
END $$;

-- The size that the bearer of this token may know; without a token the published one. Raises
-- insufficient_privilege for a token that is nobody's.
CREATE OR REPLACE FUNCTION audit.visible_size(p_log smallint, p_token text) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF p_token IS NULL THEN
    RETURN audit.published_size(p_log);
  ELSIF audit.mirror(p_token) IS NULL THEN
    RAISE EXCEPTION 'audit: no such mirror' USING ERRCODE = '42501';
  END IF;
  RETURN audit.accepted_size(p_log);
END $$;

CREATE OR REPLACE FUNCTION audit.read_checkpoint(p_log smallint, p_token text)
RETURNS TABLE (note text, witnesses text[], signatures bytea[])
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN QUERY
    SELECT c.note,
           ARRAY(SELECT s.witness FROM public.audit_cosignature s
                 WHERE s.log = c.log AND s.size = c.size AND s.witness = ANY (p.witnesses)
                 ORDER BY s.witness),
           ARRAY(SELECT s.signature FROM public.audit_cosignature s
                 WHERE s.log = c.log AND s.size = c.size AND s.witness = ANY (p.witnesses)
                 ORDER BY s.witness)
    FROM public.audit_checkpoint c, audit.policy() p
    WHERE c.log = p_log AND c.size = audit.visible_size(p_log, p_token);
END $$;

-- The hashes of a tile; none when the tile is not wholly within the visible size.
CREATE OR REPLACE FUNCTION audit.read_hashes(
  p_log smallint, p_level smallint, p_place bigint, p_width integer, p_token text
) RETURNS SETOF bytea
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_size constant bigint := audit.visible_size(p_log, p_token);
BEGIN
  IF p_place NOT BETWEEN 0 AND 1::bigint << 40 THEN
    RETURN;  -- what is below would overflow
  ELSIF p_level NOT BETWEEN 0 AND 7 OR p_width NOT BETWEEN 1 AND 256
     OR p_place * 256 + p_width > v_size >> (8 * p_level) THEN
    RETURN;
  ELSIF p_level = 0 THEN
    RETURN QUERY SELECT l.leaf_hash FROM public.audit_leaf l WHERE l.log = p_log
      AND l.seq >= p_place * 256 AND l.seq < p_place * 256 + p_width ORDER BY l.seq;
  ELSE
    RETURN QUERY SELECT n.hash FROM public.audit_node n
      WHERE n.log = p_log AND n.level = 8 * p_level
      AND n.idx >= p_place * 256 AND n.idx < p_place * 256 + p_width ORDER BY n.idx;
  END IF;
END $$;

-- The entries of a bundle, for mirrors alone. The first one a mirror reads on a day is an entry
-- itself; one for each would make the log grow for as long as somebody follows it.
CREATE OR REPLACE FUNCTION audit.read_entries(
  p_log smallint, p_place bigint, p_width integer, p_token text
) RETURNS SETOF bytea
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_mirror constant uuid := audit.mirror(p_token);
  v_today constant date := (core.now() AT TIME ZONE 'UTC')::date;
BEGIN
  IF v_mirror IS NULL THEN
    RAISE EXCEPTION 'audit: no such mirror' USING ERRCODE = '42501';
  END IF;
  IF p_place NOT BETWEEN 0 AND 1::bigint << 40 THEN
    RETURN;
  ELSIF p_width NOT BETWEEN 1 AND 256 OR p_place * 256 + p_width > audit.accepted_size(p_log) THEN
    RETURN;
  END IF;
  UPDATE public.audit_mirror m SET read_on = v_today
  WHERE m.id = v_mirror AND m.read_on IS DISTINCT FROM v_today;
  IF FOUND THEN
    PERFORM audit.append('export.made', jsonb_build_object(
      'by', 'auditor', 'by_ref', v_mirror, 'kind', 'log', 'channel', 'api'));
  END IF;
  RETURN QUERY
    SELECT e.body FROM public.audit_leaf l JOIN public.audit_entry e ON e.id = l.entry_id
    WHERE l.log = p_log AND l.seq >= p_place * 256 AND l.seq < p_place * 256 + p_width
    ORDER BY l.seq;
END $$;

RESET ROLE;
