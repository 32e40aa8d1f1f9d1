-- The way into the store of stay-points.
SET LOCAL ROLE {gate};

DROP FUNCTION IF EXISTS signaling.replace(uuid);

-- Replace what is stored of the batch's (subscriber, day) pairs by what the batch brings for them,
-- and empty it. Its subscribers are of the bucket p_bucket, whose generation becomes another one.
-- Only subscribers who have a tenure get rows: their tenures are locked, so that an erasure either
-- comes first, and nothing is stored, or waits, and then deletes it.
-- Returns the number of stay-points stored and the new generation.
CREATE FUNCTION signaling.replace(p_batch uuid, p_bucket integer)
RETURNS TABLE (stored bigint, generation uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_known uuid[];
    v_one record;
BEGIN
    v_known := ARRAY(
        SELECT t.subscriber_ref FROM public.subscribers_tenure t
        WHERE t.subscriber_ref IN (SELECT s.subscriber_ref FROM public.signaling_incoming_scope s
                                   WHERE s.batch = p_batch)
        ORDER BY t.id
        FOR KEY SHARE
    );
    -- Day by day, because then each statement looks into one partition, by its key.
    FOR v_one IN
        SELECT s.day, array_agg(s.subscriber_ref) AS subscribers
        FROM public.signaling_incoming_scope s WHERE s.batch = p_batch GROUP BY s.day
    LOOP
        DELETE FROM public.signaling_staypoint p
        WHERE p.day = v_one.day AND p.subscriber_ref = ANY (v_one.subscribers);
        DELETE FROM public.signaling_coverage c
        WHERE c.day = v_one.day AND c.subscriber_ref = ANY (v_one.subscribers);
    END LOOP;
    INSERT INTO public.signaling_coverage (day, subscriber_ref, hours)
    SELECT i.day, i.subscriber_ref, i.hours
    FROM public.signaling_incoming_coverage i
    JOIN unnest(v_known) known (subscriber_ref) USING (subscriber_ref)
    JOIN public.signaling_incoming_scope s
      ON s.batch = i.batch AND s.day = i.day AND s.subscriber_ref = i.subscriber_ref
    WHERE i.batch = p_batch;
    INSERT INTO public.signaling_staypoint (day, subscriber_ref, stay_id, kind, city_code,
                                            alt_city_code, started_at, ended_at)
    SELECT i.day, i.subscriber_ref, i.stay_id, i.kind, i.city_code, i.alt_city_code,
           i.started_at, i.ended_at
    FROM public.signaling_incoming_staypoint i
    JOIN unnest(v_known) known (subscriber_ref) USING (subscriber_ref)
    JOIN public.signaling_incoming_scope s
      ON s.batch = i.batch AND s.day = i.day AND s.subscriber_ref = i.subscriber_ref
    WHERE i.batch = p_batch;
    GET DIAGNOSTICS stored = ROW_COUNT;
    DELETE FROM public.signaling_incoming_scope s WHERE s.batch = p_batch;
    DELETE FROM public.signaling_incoming_staypoint i WHERE i.batch = p_batch;
    DELETE FROM public.signaling_incoming_coverage i WHERE i.batch = p_batch;
    INSERT INTO public.signaling_bucket AS b (bucket, generation)
    VALUES (p_bucket, gen_random_uuid())
    ON CONFLICT (bucket) DO UPDATE SET generation = excluded.generation
    RETURNING b.generation INTO generation;
    RETURN NEXT;
END $$;

RESET ROLE;
