-- The store of stay-points. Nobody may select from it but the owner and the gate's functions; what
-- ingestion has made goes in through signaling.replace (publication.sql).
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
    -- bit n: seen in the n-th hour since the local midnight; a day may have 23 or 25 of them
    hours integer NOT NULL CHECK (hours BETWEEN 1 AND 33554431),
    PRIMARY KEY (subscriber_ref, day)
) PARTITION BY RANGE (day);

-- Making tables is the owner's: the function below belongs to the owner of the tables.

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

-- The owner's function lives in the gate's schema and is nobody's until privileges are applied.
REVOKE ALL ON FUNCTION signaling.ensure_days(date, date) FROM PUBLIC;
