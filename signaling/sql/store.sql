-- The store of stay-points. Nobody may select from it but the owner and the gate's functions; what
-- ingestion has made goes in through signaling.replace, whole subscribers at a time.
CREATE SCHEMA signaling AUTHORIZATION {gate};

CREATE TABLE public.signaling_staypoint (
    day date NOT NULL,  -- local day in the service's time zone
    subscriber_ref uuid NOT NULL,
    stay_id bigint NOT NULL,  -- the same in every piece of one stay
    kind text NOT NULL CHECK (kind IN ('stay', 'border')),
    city_code text NOT NULL,
    alt_city_code text,  -- border: the other city that the evidence fits
    started_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL,
    PRIMARY KEY (subscriber_ref, day, stay_id),
    CHECK (started_at < ended_at),
    CHECK ((kind = 'border') = (alt_city_code IS NOT NULL))
) PARTITION BY RANGE (day);

CREATE TABLE public.signaling_coverage (
    day date NOT NULL,
    subscriber_ref uuid NOT NULL,
    hours integer NOT NULL CHECK (hours BETWEEN 1 AND 16777215),  -- bit h: seen in local hour h
    PRIMARY KEY (subscriber_ref, day)
) PARTITION BY RANGE (day);

-- What one batch brings. Unlogged: a batch that is lost in a crash is made again.
CREATE UNLOGGED TABLE public.signaling_incoming_scope (
    batch uuid NOT NULL, day date NOT NULL, subscriber_ref uuid NOT NULL
);
CREATE UNLOGGED TABLE public.signaling_incoming_staypoint (
    batch uuid NOT NULL, day date NOT NULL, subscriber_ref uuid NOT NULL, stay_id bigint NOT NULL,
    kind text NOT NULL, city_code text NOT NULL, alt_city_code text,
    started_at timestamptz NOT NULL, ended_at timestamptz NOT NULL
);
CREATE UNLOGGED TABLE public.signaling_incoming_coverage (
    batch uuid NOT NULL, day date NOT NULL, subscriber_ref uuid NOT NULL, hours integer NOT NULL
);
CREATE INDEX ON public.signaling_incoming_scope (batch);
CREATE INDEX ON public.signaling_incoming_staypoint (batch);
CREATE INDEX ON public.signaling_incoming_coverage (batch);

SET LOCAL ROLE {gate};

-- Replace what is stored of the batch's (subscriber, day) pairs by what the batch brings for them,
-- and empty it. Only subscribers who have a tenure get rows: their tenures are locked, so that an
-- erasure either comes first, and nothing is stored, or waits, and then deletes it.
-- Returns the number of stay-points stored.
CREATE FUNCTION signaling.replace(p_batch uuid) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_known uuid[];
    v_stored bigint;
BEGIN
    v_known := ARRAY(
        SELECT t.subscriber_ref FROM public.subscribers_tenure t
        WHERE t.subscriber_ref IN (SELECT s.subscriber_ref FROM public.signaling_incoming_scope s
                                   WHERE s.batch = p_batch)
        ORDER BY t.id
        FOR KEY SHARE
    );
    DELETE FROM public.signaling_staypoint p USING public.signaling_incoming_scope s
    WHERE s.batch = p_batch AND p.day = s.day AND p.subscriber_ref = s.subscriber_ref;
    DELETE FROM public.signaling_coverage c USING public.signaling_incoming_scope s
    WHERE s.batch = p_batch AND c.day = s.day AND c.subscriber_ref = s.subscriber_ref;
    INSERT INTO public.signaling_coverage (day, subscriber_ref, hours)
    SELECT i.day, i.subscriber_ref, i.hours
    FROM public.signaling_incoming_coverage i
    JOIN public.signaling_incoming_scope s
      ON s.batch = i.batch AND s.day = i.day AND s.subscriber_ref = i.subscriber_ref
    WHERE i.batch = p_batch AND i.subscriber_ref = ANY (v_known);
    INSERT INTO public.signaling_staypoint (day, subscriber_ref, stay_id, kind, city_code,
                                            alt_city_code, started_at, ended_at)
    SELECT i.day, i.subscriber_ref, i.stay_id, i.kind, i.city_code, i.alt_city_code,
           i.started_at, i.ended_at
    FROM public.signaling_incoming_staypoint i
    JOIN public.signaling_incoming_scope s
      ON s.batch = i.batch AND s.day = i.day AND s.subscriber_ref = i.subscriber_ref
    WHERE i.batch = p_batch AND i.subscriber_ref = ANY (v_known);
    GET DIAGNOSTICS v_stored = ROW_COUNT;
    DELETE FROM public.signaling_incoming_scope s WHERE s.batch = p_batch;
    DELETE FROM public.signaling_incoming_staypoint i WHERE i.batch = p_batch;
    DELETE FROM public.signaling_incoming_coverage i WHERE i.batch = p_batch;
    RETURN v_stored;
END $$;

RESET ROLE;

-- The two below make and drop tables and therefore belong to the owner of the tables.

-- Make the partitions of the days from p_from to p_to. Attached, not created in place: that lets
-- readers go on. Days that are out of the window, or far ahead, are refused.
CREATE FUNCTION signaling.ensure_days(p_from date, p_to date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '3s'
AS $$
DECLARE
    v_today date := core.service_day(core.now());
    v_day date;
    v_table text;
    v_name text;
    v_made integer := 0;
BEGIN
    IF p_from < v_today - core.window_days() - 7 OR p_to > v_today + 30 THEN
        RAISE EXCEPTION 'stay-points are kept for the window and the days ahead, not from % to %',
            p_from, p_to;
    END IF;
    PERFORM pg_advisory_xact_lock(1936287598);
    FOR v_day IN SELECT generate_series(p_from, p_to, interval '1 day')::date LOOP
        FOREACH v_table IN ARRAY ARRAY['signaling_staypoint', 'signaling_coverage'] LOOP
            v_name := v_table || to_char(v_day, '_YYYYMMDD');
            IF to_regclass('public.' || v_name) IS NULL THEN
                EXECUTE format('CREATE TABLE public.%I (LIKE public.%I INCLUDING ALL)',
                               v_name, v_table);
                EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION public.%I'
                               ' FOR VALUES FROM (%L) TO (%L)', v_table, v_name, v_day, v_day + 1);
                v_made := v_made + 1;
            END IF;
        END LOOP;
    END LOOP;
    RETURN v_made;
END $$;

-- Drop the partitions of the days that have left the window, the oldest first. Returns the days.
-- Waits at most 3 seconds for a lock and then raises: releases must not queue behind it.
CREATE FUNCTION signaling.drop_expired_days() RETURNS SETOF date
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '3s'
AS $$
DECLARE
    v_first date := core.service_day(core.now()) - core.window_days();
    v_one record;
BEGIN
    FOR v_one IN
        -- CASE, because a plan may look at every name there is before it looks at whose child it is.
        SELECT * FROM (
            SELECT p.relname AS parent, c.relname AS child,
                   CASE WHEN c.relname ~ '_[0-9]{8}$'
                        THEN to_date(right(c.relname, 8), 'YYYYMMDD') END AS day
            FROM pg_inherits i
            JOIN pg_class p ON p.oid = i.inhparent
            JOIN pg_class c ON c.oid = i.inhrelid
            WHERE i.inhparent IN ('public.signaling_staypoint'::regclass,
                                  'public.signaling_coverage'::regclass)
        ) partition
        WHERE day < v_first
        ORDER BY day, parent
    LOOP
        EXECUTE format('ALTER TABLE public.%I DETACH PARTITION public.%I', v_one.parent, v_one.child);
        EXECUTE format('DROP TABLE public.%I', v_one.child);
        IF v_one.parent = 'signaling_staypoint' THEN
            RETURN NEXT v_one.day;
        END IF;
    END LOOP;
END $$;

-- The owner's functions live in the gate's schema and are nobody's until privileges are applied.
REVOKE ALL ON FUNCTION signaling.ensure_days(date, date) FROM PUBLIC;
REVOKE ALL ON FUNCTION signaling.drop_expired_days() FROM PUBLIC;
