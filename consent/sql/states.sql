-- The state machine of consents, held for every writer, owner included.
SET LOCAL ROLE {gate};

CREATE OR REPLACE FUNCTION gate.guard_consent() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    -- Everything else is what was asked: it never changes.
    c_progress CONSTANT text[] := ARRAY[
        'state', 'state_seq', 'disclosed_at', 'granted_at', 'grant_inbound', 'valid_until',
        'ended_at', 'end_reason', 'superseded_by', 'uses', 'code_attempts', 'last_attempt',
        'last_entry', 'number_index', 'code_digest', 'recalled_at', 'recall_reason'];
    -- What may still change once it has ended: uses given back, what an erasure clears, and that an
    -- answer that was handed over was taken back.
    c_afterwards CONSTANT text[] := ARRAY[
        'uses', 'last_entry', 'number_index', 'code_digest', 'recalled_at', 'recall_reason'];
BEGIN
    -- The owner of this function is the role that owns the gate.
    IF current_user <> (SELECT pg_get_userbyid(p.proowner) FROM pg_proc p
                        WHERE p.oid = 'gate.guard_consent()'::regprocedure)
       OR TG_OP IN ('DELETE', 'TRUNCATE')
    THEN
        RAISE EXCEPTION 'consents change only through the functions of the gate'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'requested' OR NEW.state_seq <> 1 OR NEW.uses <> 0 OR NEW.code_attempts <> 0
           OR NEW.number_index IS NULL OR octet_length(NEW.number_index) <> 32
           OR num_nonnulls(NEW.disclosed_at, NEW.granted_at, NEW.grant_inbound, NEW.valid_until,
                           NEW.superseded_by) > 0
        THEN
            RAISE EXCEPTION 'a consent begins as a request';
        END IF;
        RETURN NEW;
    END IF;
    IF to_jsonb(NEW) - c_progress IS DISTINCT FROM to_jsonb(OLD) - c_progress THEN
        RAISE EXCEPTION 'what was asked never changes: another scope is another consent';
    END IF;
    IF OLD.recalled_at IS NOT NULL AND (NEW.recalled_at, NEW.recall_reason)
       IS DISTINCT FROM (OLD.recalled_at, OLD.recall_reason)
    THEN
        RAISE EXCEPTION 'what was taken back stays so';
    END IF;
    IF (NEW.number_index IS DISTINCT FROM OLD.number_index AND NEW.number_index IS NOT NULL)
       OR (NEW.code_digest IS DISTINCT FROM OLD.code_digest AND NEW.code_digest IS NOT NULL)
    THEN
        RAISE EXCEPTION 'the number and the code of a consent are cleared or stay';
    END IF;
    IF NEW.state = OLD.state THEN
        IF NEW.state_seq <> OLD.state_seq
           OR (NEW.disclosed_at, NEW.granted_at, NEW.grant_inbound, NEW.valid_until, NEW.ended_at,
               NEW.end_reason, NEW.superseded_by)
              IS DISTINCT FROM
              (OLD.disclosed_at, OLD.granted_at, OLD.grant_inbound, OLD.valid_until, OLD.ended_at,
               OLD.end_reason, OLD.superseded_by)
           OR (OLD.ended_at IS NOT NULL
               AND to_jsonb(NEW) - c_afterwards IS DISTINCT FROM to_jsonb(OLD) - c_afterwards)
        THEN
            RAISE EXCEPTION 'a consent changes with its state only';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.state_seq <> OLD.state_seq + 1 OR NOT gate.may_follow(OLD.state, NEW.state) THEN
        RAISE EXCEPTION 'no transition from % to %', OLD.state, NEW.state;
    END IF;
    IF OLD.state = 'granted'
       AND (NEW.granted_at, NEW.grant_inbound, NEW.valid_until)
           IS DISTINCT FROM (OLD.granted_at, OLD.grant_inbound, OLD.valid_until)
    THEN
        RAISE EXCEPTION 'a grant never changes';
    END IF;
    RETURN NEW;
END $$;

-- Every transition there is; docs/consent.md draws it. Terminal states have none.
CREATE OR REPLACE FUNCTION gate.may_follow(p_from text, p_to text) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT (p_from, p_to) IN (
        ('requested', 'disclosed'), ('requested', 'expired'),
        ('disclosed', 'granted'), ('disclosed', 'refused'), ('disclosed', 'expired'),
        ('granted', 'consumed'), ('granted', 'expired'), ('granted', 'withdrawn'),
        ('granted', 'invalidated'), ('granted', 'superseded'))
$$;

-- An entry about a consent: who it is about, who asked, which state. Returns the entry's id.
CREATE OR REPLACE FUNCTION gate.note(
    p_event text, p_consent uuid, p_fields jsonb, p_sealed bytea DEFAULT NULL,
    p_entry uuid DEFAULT NULL
) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_fields jsonb;
BEGIN
    SELECT jsonb_strip_nulls(jsonb_build_object(
        'consent_id', c.id, 'consent_state_seq', c.state_seq, 'subject_ref', c.subject_ref,
        'org_ref', c.org_ref, 'purpose_code', c.purpose, 'question', c.question) || p_fields)
    INTO STRICT v_fields
    FROM public.consent_consent c WHERE c.id = p_consent;
    RETURN audit.append(p_event, v_fields, coalesce(p_entry, gen_random_uuid()), p_sealed);
END $$;

-- Move a consent, whose row the caller has locked, to a state, and write the entry.
CREATE OR REPLACE FUNCTION gate.move(
    p_consent uuid, p_state text, p_event text, p_fields jsonb DEFAULT '{}',
    p_reason text DEFAULT '', p_sealed bytea DEFAULT NULL, p_entry uuid DEFAULT NULL
) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_now timestamptz := core.now();
    v_ends boolean := p_state NOT IN ('requested', 'disclosed', 'granted');
    v_entry bigint;
BEGIN
    UPDATE public.consent_consent c
    SET state = p_state, state_seq = c.state_seq + 1,
        disclosed_at = CASE WHEN p_state = 'disclosed' THEN v_now ELSE c.disclosed_at END,
        ended_at = CASE WHEN v_ends THEN v_now END,
        end_reason = CASE WHEN v_ends THEN p_reason ELSE '' END
    WHERE c.id = p_consent;
    v_entry := gate.note(
        p_event, p_consent,
        p_fields || jsonb_build_object('reason', nullif(p_reason, '')), p_sealed, p_entry);
    UPDATE public.consent_consent c SET last_entry = v_entry WHERE c.id = p_consent;
    IF v_ends THEN
        PERFORM gate.dispute_over(p_consent, p_reason);
    END IF;
    RETURN v_entry;
END $$;

-- The number that sent an inbound text, when, and the digest of the code that it said OK to, if it
-- did; nothing if there is no such text. Only the web process can store one, so a cause is proof
-- that this number texted, and `agrees_to` that it agreed.
CREATE OR REPLACE FUNCTION gate.text_of(
    p_inbound bigint, OUT number bytea, OUT received_at timestamptz, OUT agrees_to bytea
)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    SELECT i.number_index, i.received_at, i.agrees_to INTO number, received_at, agrees_to
    FROM public.sms_gateway_inboundmessage i WHERE i.id = p_inbound;
END $$;

-- Does the tenure of a consent hold its number now? Locks it, so that it cannot end meanwhile.
-- Everywhere a tenure is locked before its consents, and consents in the order of their ids.
CREATE OR REPLACE FUNCTION gate.tenure_holds(p_tenure uuid, p_number bytea) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_tenure public.subscribers_tenure;
    v_now timestamptz := core.now();
BEGIN
    SELECT * INTO v_tenure FROM public.subscribers_tenure t WHERE t.id = p_tenure FOR SHARE;
    RETURN coalesce(
        v_tenure.msisdn_index = p_number AND v_tenure.valid_from <= v_now
        AND (v_tenure.valid_to IS NULL OR v_tenure.valid_to > v_now), false);
END $$;

-- Does the feed name somebody else for the number, or the IMSI, of a tenure as well?
CREATE OR REPLACE FUNCTION gate.contested(p_tenure uuid) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN EXISTS (SELECT FROM public.subscribers_tenure t
                   WHERE t.id = p_tenure AND t.contested_from <= core.now());
END $$;

-- Why nobody waits any more for what an organisation asked; null while somebody does, and for a
-- person's question about themself.
CREATE OR REPLACE FUNCTION gate.asker_gone(p_cause text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_request record;
BEGIN
    IF p_cause NOT LIKE 'request:%' THEN
        RETURN NULL;
    END IF;
    SELECT * INTO v_request FROM public.consent_request r
    WHERE r.id = substring(p_cause FROM '^request:(.*)$')::uuid;
    RETURN CASE
        WHEN v_request.id IS NULL OR v_request.closes_at <= core.now() THEN 'time_up'
        WHEN v_request.cancelled_at IS NOT NULL THEN 'cancelled'
        WHEN NOT gate.may_ask(v_request.id) THEN 'organisation_suspended'
    END;
END $$;

-- May the organisation ask this, now? `organisations` keeps what an operator allows.
CREATE OR REPLACE FUNCTION gate.may_ask(p_request uuid) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM public.consent_request r
        JOIN public.organisations_organisation o ON o.id = r.org_ref
        WHERE r.id = p_request AND o.status = 'approved' AND r.purpose = ANY (o.purposes)
          AND (r.question <> 'itinerary' OR r.purpose = ANY (o.itinerary_purposes))
          AND (r.asked_by <> 'number' OR o.may_ask_by_number));
END $$;

-- End a live consent that has no ground any more: its time is up, its tenure has ended, or nobody
-- waits for the answer.
CREATE OR REPLACE FUNCTION gate.lapse(p_consent uuid, p_holds boolean) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_consent public.consent_consent;
    v_reason text;
BEGIN
    SELECT * INTO v_consent FROM public.consent_consent c WHERE c.id = p_consent;
    IF v_consent.state NOT IN ('requested', 'disclosed', 'granted') THEN
        RETURN false;
    END IF;
    v_reason := CASE
        WHEN NOT p_holds THEN 'tenure_ended'
        WHEN v_consent.valid_until <= core.now() THEN 'time_up'
        ELSE gate.asker_gone(v_consent.cause)
    END;
    IF v_reason IS NULL THEN
        RETURN false;
    ELSIF v_consent.state = 'granted' AND v_reason <> 'time_up' THEN
        PERFORM gate.move(p_consent, 'invalidated', 'consent.invalidated', '{}', v_reason);
    ELSE
        PERFORM gate.move(p_consent, 'expired', 'consent.expired', '{}', v_reason);
    END IF;
    RETURN true;
END $$;

RESET ROLE;

CREATE OR REPLACE TRIGGER consents_change_by_the_gate
BEFORE INSERT OR UPDATE OR DELETE ON public.consent_consent
FOR EACH ROW EXECUTE FUNCTION gate.guard_consent();
CREATE OR REPLACE TRIGGER consents_stay BEFORE TRUNCATE ON public.consent_consent
FOR EACH STATEMENT EXECUTE FUNCTION gate.guard_consent();
ALTER TABLE public.consent_consent ENABLE ALWAYS TRIGGER consents_change_by_the_gate;
ALTER TABLE public.consent_consent ENABLE ALWAYS TRIGGER consents_stay;
