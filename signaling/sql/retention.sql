-- What has left the window goes. These functions belong to the owner of the tables.
--
-- Detaching needs an exclusive lock on the table that every release reads, for a moment; while it
-- waits for that lock, releases that come after it wait too. DETACH … CONCURRENTLY would not, but it
-- cannot run inside a function, and no process may be the tables' owner. So: one partition at a
-- time, at most a tenth of a second of waiting, and the caller tries again (retention.py).
DROP FUNCTION IF EXISTS signaling.drop_expired_days();

-- Detach one partition whose day has left the window, the oldest first; its table and day, or no
-- row when there is none.
CREATE FUNCTION signaling.detach_expired_day()
RETURNS TABLE (parent text, day date)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '100ms'
AS $$
DECLARE
    v_child text;
BEGIN
    SELECT p.parent, p.day, p.child INTO parent, day, v_child FROM (
        -- CASE, because a plan may look at every name there is before it looks at whose child it is.
        SELECT t.relname::text AS parent, c.relname::text AS child,
               CASE WHEN c.relname ~ '_[0-9]{8}$'
                    THEN to_date(right(c.relname, 8), 'YYYYMMDD') END AS day
        FROM pg_inherits i
        JOIN pg_class t ON t.oid = i.inhparent
        JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent IN ('public.signaling_staypoint'::regclass,
                              'public.signaling_coverage'::regclass)
    ) p
    WHERE p.day < core.service_day(core.now()) - core.window_days()
    ORDER BY p.day, p.parent LIMIT 1;
    IF FOUND THEN
        EXECUTE format('ALTER TABLE public.%I DETACH PARTITION public.%I', parent, v_child);
        RETURN NEXT;
    END IF;
END $$;

-- Drop what was detached; nobody can be reading it. The number of tables.
CREATE FUNCTION signaling.drop_detached_days() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '3s'
AS $$
DECLARE
    v_name text;
    v_dropped integer := 0;
BEGIN
    FOR v_name IN
        SELECT c.relname FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND NOT c.relispartition
          AND c.relname ~ '^signaling_(staypoint|coverage)_[0-9]{8}$'
        ORDER BY c.relname
    LOOP
        EXECUTE format('DROP TABLE public.%I', v_name);
        v_dropped := v_dropped + 1;
    END LOOP;
    RETURN v_dropped;
END $$;

REVOKE ALL ON FUNCTION signaling.detach_expired_day() FROM PUBLIC;
REVOKE ALL ON FUNCTION signaling.drop_detached_days() FROM PUBLIC;
