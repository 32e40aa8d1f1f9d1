-- Tenures: who holds a number, and when. Held by the database for every writer.
SET LOCAL ROLE {gate};

-- One lock for each of 256 groups of numbers (or IMSIs): a bulk load locks 512 things at most.
CREATE OR REPLACE FUNCTION gate.lock_holders(p_kind integer, p_index bytea) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$ SELECT pg_advisory_xact_lock(1952804453 + p_kind, get_byte(p_index, 0)) $$;

-- Its plans are made with the first rows of a load. Made for a table that is still small they would
-- go through all of it for each of the million rows that follow.
CREATE OR REPLACE FUNCTION gate.guard_tenure() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.id, NEW.msisdn_index, NEW.subscriber_ref, NEW.subject_ref)
           IS DISTINCT FROM (OLD.id, OLD.msisdn_index, OLD.subscriber_ref, OLD.subject_ref)
           OR (OLD.imsi_index IS NOT NULL AND NEW.imsi_index IS DISTINCT FROM OLD.imsi_index)
        THEN
            RAISE EXCEPTION 'a tenure''s number, IMSI and references never change';
        END IF;
        IF NEW.valid_from <> OLD.valid_from
           AND NOT (OLD.imsi_index IS NULL AND NEW.imsi_index IS NOT NULL
                    AND NEW.valid_from < OLD.valid_from)
        THEN
            RAISE EXCEPTION 'a tenure''s beginning moves only, to an earlier one, with its first IMSI';
        END IF;
        IF OLD.valid_to <= core.now() AND (NEW.valid_to IS NULL OR NEW.valid_to > OLD.valid_to) THEN
            RAISE EXCEPTION 'an ended tenure is never reopened';
        END IF;
        IF (NEW.imsi_index, NEW.valid_from, NEW.valid_to)
           IS NOT DISTINCT FROM (OLD.imsi_index, OLD.valid_from, OLD.valid_to)
        THEN
            RETURN NEW;
        END IF;
    END IF;
    PERFORM gate.lock_holders(1, NEW.msisdn_index);
    IF NEW.imsi_index IS NOT NULL THEN
        PERFORM gate.lock_holders(2, NEW.imsi_index);
    END IF;
    -- Two statements, so that each uses its own index.
    IF EXISTS (
        SELECT FROM public.subscribers_tenure t
        WHERE t.id <> NEW.id AND t.msisdn_index = NEW.msisdn_index
          AND tstzrange(t.valid_from, t.valid_to) && tstzrange(NEW.valid_from, NEW.valid_to)
    ) OR EXISTS (
        SELECT FROM public.subscribers_tenure t
        WHERE t.id <> NEW.id AND t.imsi_index = NEW.imsi_index
          AND tstzrange(t.valid_from, t.valid_to) && tstzrange(NEW.valid_from, NEW.valid_to)
    ) THEN
        RAISE EXCEPTION 'tenures of one number or one IMSI must not overlap'
            USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'tenures_never_overlap';
    END IF;
    RETURN NEW;
END $$;

-- The tenure that holds the number which sent an inbound text, now. A number without subscription
-- gets one without IMSI, until its next known tenure begins: same notice, same code, then no data.
-- Only an inbound text makes one, so that the worker cannot tie a number to somebody's stay-points.
CREATE OR REPLACE FUNCTION gate.identify(p_inbound bigint) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_number bytea;
    v_tenure uuid;
BEGIN
    SELECT i.number_index INTO v_number
    FROM public.sms_gateway_inboundmessage i WHERE i.id = p_inbound;
    IF v_number IS NULL THEN
        RAISE EXCEPTION 'no inbound text % with a sender', p_inbound;
    END IF;
    v_tenure := gate.tenure_of(v_number);
    IF v_tenure IS NULL THEN
        PERFORM gate.lock_holders(1, v_number);
        v_tenure := gate.tenure_of(v_number);
    END IF;
    IF v_tenure IS NULL THEN
        INSERT INTO public.subscribers_tenure
            (id, msisdn_index, subscriber_ref, subject_ref, valid_from, valid_to, language)
        SELECT gen_random_uuid(), v_number, gen_random_uuid(), gen_random_uuid(), n.moment,
               (SELECT min(t.valid_from) FROM public.subscribers_tenure t
                WHERE t.msisdn_index = v_number AND t.valid_from > n.moment), ''
        FROM (SELECT core.now() AS moment) n
        RETURNING id INTO v_tenure;
    END IF;
    RETURN v_tenure;
END $$;

CREATE OR REPLACE FUNCTION gate.tenure_of(p_number bytea) RETURNS uuid
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT t.id
        FROM public.subscribers_tenure t, (SELECT core.now() AS moment) n
        WHERE t.msisdn_index = p_number AND t.valid_from <= n.moment
          AND (t.valid_to IS NULL OR t.valid_to > n.moment)
        ORDER BY t.valid_from DESC LIMIT 1
    );
END $$;

RESET ROLE;

CREATE OR REPLACE TRIGGER tenures_never_overlap BEFORE INSERT OR UPDATE ON public.subscribers_tenure
FOR EACH ROW EXECUTE FUNCTION gate.guard_tenure();
ALTER TABLE public.subscribers_tenure ENABLE ALWAYS TRIGGER tenures_never_overlap;
