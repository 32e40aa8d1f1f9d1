-- The way into the store of stay-points.
DROP TABLE IF EXISTS public.signaling_incoming_scope, public.signaling_incoming_staypoint,
    public.signaling_incoming_coverage;

SET LOCAL ROLE {gate};

DROP FUNCTION IF EXISTS signaling.replace(uuid);

-- Replace what is stored of (subscriber, day) pairs, all of them of one bucket, whose generation
-- becomes another one. For each pair: its hours of coverage, 0 if there are none. For each of their
-- stay-points: its columns, times in epoch milliseconds.
--
-- Days that have left the window by now are left out: their partitions may be gone.
-- Only subscribers who have a tenure get rows: their tenures are locked, so that an erasure either
-- comes first, and nothing is stored, or waits, and then deletes it.
-- Returns the number of stay-points stored and the new generation.
CREATE OR REPLACE FUNCTION signaling.replace(
    p_bucket integer,
    p_days date[], p_subscribers uuid[], p_hours integer[],
    p_point_days date[], p_point_subscribers uuid[], p_stays bigint[], p_kinds text[],
    p_cities text[], p_alternatives text[], p_starts bigint[], p_ends bigint[]
) RETURNS TABLE (stored bigint, generation uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_one record;
    v_first date;
BEGIN
    PERFORM FROM public.subscribers_tenure t
    WHERE t.subscriber_ref = ANY (ARRAY(SELECT DISTINCT unnest(p_subscribers)))
    ORDER BY t.id
    FOR KEY SHARE;
    -- Day by day, because then each statement looks into one partition, by its key.
    FOR v_one IN
        SELECT s.day, array_agg(s.subscriber) AS subscribers
        FROM unnest(p_days, p_subscribers) s (day, subscriber) GROUP BY s.day
    LOOP
        DELETE FROM public.signaling_staypoint p
        WHERE p.day = v_one.day AND p.subscriber_ref = ANY (v_one.subscribers);
        DELETE FROM public.signaling_coverage c
        WHERE c.day = v_one.day AND c.subscriber_ref = ANY (v_one.subscribers);
    END LOOP;
    -- Only now: having deleted from them, this holds the tables against detaching until it commits.
    v_first := core.service_day(core.now()) - core.window_days();
    INSERT INTO public.signaling_coverage (day, subscriber_ref, hours)
    SELECT i.day, i.subscriber, i.hours
    FROM unnest(p_days, p_subscribers, p_hours) i (day, subscriber, hours)
    JOIN public.subscribers_tenure t ON t.subscriber_ref = i.subscriber
    WHERE i.hours > 0 AND i.day >= v_first;
    INSERT INTO public.signaling_staypoint (day, subscriber_ref, stay_id, kind, city_code,
                                            alt_city_code, started_at, ended_at)
    SELECT i.day, i.subscriber, i.stay, i.kind, i.city, i.alternative,
           'epoch'::timestamptz + i.low * interval '1 millisecond',
           'epoch'::timestamptz + i.high * interval '1 millisecond'
    FROM unnest(p_point_days, p_point_subscribers, p_stays, p_kinds, p_cities, p_alternatives,
                p_starts, p_ends)
         i (day, subscriber, stay, kind, city, alternative, low, high)
    JOIN public.subscribers_tenure t ON t.subscriber_ref = i.subscriber
    WHERE i.day >= v_first;
    GET DIAGNOSTICS stored = ROW_COUNT;
    INSERT INTO public.signaling_bucket AS b (bucket, generation)
    VALUES (p_bucket, gen_random_uuid())
    ON CONFLICT (bucket) DO UPDATE SET generation = excluded.generation
    RETURNING b.generation INTO generation;
    RETURN NEXT;
END $$;

RESET ROLE;
