-- Answering: what a text with a code does to the open requests of the number that sent it.
SET LOCAL ROLE {gate};

-- The open requests of a number, locked; those whose code was too old for this text are ended.
CREATE OR REPLACE FUNCTION gate.open_requests(p_number bytea, p_received timestamptz) RETURNS SETOF uuid
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_consent public.consent_consent;
BEGIN
    PERFORM FROM public.subscribers_tenure t
    WHERE t.id IN (SELECT c.tenure_id FROM public.consent_consent c
                   WHERE c.number_index = p_number AND c.state IN ('requested', 'disclosed'))
    ORDER BY t.id FOR SHARE;
    FOR v_consent IN
        SELECT * FROM public.consent_consent c
        WHERE c.number_index = p_number AND c.state IN ('requested', 'disclosed', 'granted')
        ORDER BY c.id FOR UPDATE
    LOOP
        IF v_consent.state = 'granted' THEN
            CONTINUE;  -- locked, because a new grant may supersede it
        ELSIF p_received >= v_consent.code_expires_at
              OR core.now() - p_received >= gate.code_life()
        THEN
            PERFORM gate.move(v_consent.id, 'expired', 'consent.expired', '{}', 'time_up');
        ELSIF NOT gate.lapse(
            v_consent.id, gate.tenure_holds(v_consent.tenure_id, v_consent.number_index))
              AND p_received >= v_consent.requested_at
        THEN
            RETURN NEXT v_consent.id;
        END IF;
    END LOOP;
END $$;

-- Which request a text with a code answers: outcome 'found' and the consent, or why there is none:
-- already (it was granted by this text or code) | expired | wrong_code | too_many | none_open.
-- The third wrong code ends every open request of the number. A text counts once.
CREATE OR REPLACE FUNCTION gate.answered(
    p_inbound bigint, p_code_digest bytea, OUT outcome text, OUT consent uuid
)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_text record;
    v_open uuid[];
    v_most smallint;
    v_one uuid;
BEGIN
    SELECT * INTO v_text FROM gate.text_of(p_inbound);
    IF v_text.number IS NULL THEN
        outcome := 'none_open';
        RETURN;
    ELSIF p_code_digest IS NULL THEN
        outcome := 'wrong_code';  -- it said no code, which is not a try at one
        RETURN;
    END IF;
    v_open := ARRAY(SELECT gate.open_requests(v_text.number, v_text.received_at));
    SELECT c.id INTO consent FROM public.consent_consent c
    WHERE c.number_index = v_text.number AND c.state = 'granted'
      AND (c.grant_inbound = p_inbound
           OR (c.code_digest = p_code_digest AND v_text.received_at < c.code_expires_at))
    LIMIT 1;
    IF consent IS NOT NULL THEN
        outcome := 'already';
        RETURN;
    END IF;
    IF EXISTS (SELECT FROM public.consent_consent c WHERE c.grant_inbound = p_inbound) THEN
        outcome := 'expired';  -- this text agreed once, and that has ended: it cannot agree again
        RETURN;
    END IF;
    SELECT c.id INTO consent FROM public.consent_consent c
    WHERE c.id = ANY (v_open) AND c.code_digest = p_code_digest;
    IF consent IS NOT NULL THEN
        outcome := 'found';
        RETURN;
    END IF;
    IF EXISTS (SELECT FROM public.consent_consent c
               WHERE c.number_index = v_text.number AND c.code_digest = p_code_digest) THEN
        outcome := 'expired';
        RETURN;
    END IF;
    IF cardinality(v_open) = 0 THEN
        outcome := 'none_open';
        RETURN;
    END IF;
    UPDATE public.consent_consent c
    SET code_attempts = c.code_attempts + 1, last_attempt = p_inbound
    WHERE c.id = ANY (v_open) AND c.last_attempt IS DISTINCT FROM p_inbound;
    SELECT max(c.code_attempts) INTO v_most
    FROM public.consent_consent c WHERE c.id = ANY (v_open);
    outcome := 'wrong_code';
    IF v_most >= 3 THEN
        outcome := 'too_many';
        FOREACH v_one IN ARRAY v_open LOOP
            PERFORM gate.move(v_one, 'expired', 'consent.expired', '{}', 'too_many_codes');
        END LOOP;
    END IF;
END $$;

-- `OK <code>`: outcome granted, or as above. Nothing but a text of the number that was asked, with
-- the live code, grants; that it said OK with this code is what was noted when it was stored, not
-- what the caller says of it. p_sealed is the evidence, under the person's key p_key, for entry p_entry.
CREATE OR REPLACE FUNCTION gate.grant(
    p_inbound bigint, p_sealed bytea DEFAULT NULL, p_entry uuid DEFAULT NULL,
    p_key uuid DEFAULT NULL, OUT outcome text, OUT consent uuid, OUT entry bigint
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_new public.consent_consent;
    v_now timestamptz;
    v_old uuid;
BEGIN
    SELECT a.outcome, a.consent INTO outcome, consent
    FROM gate.answered(p_inbound, (gate.text_of(p_inbound)).agrees_to) a;
    IF outcome <> 'found' THEN
        SELECT c.last_entry INTO entry FROM public.consent_consent c WHERE c.id = consent;
        RETURN;
    END IF;
    outcome := 'granted';
    PERFORM gate.arrived(consent, 'code');
    v_now := core.now();
    UPDATE public.consent_consent c
    SET state = 'granted', state_seq = c.state_seq + 1, granted_at = v_now,
        grant_inbound = p_inbound, valid_until = v_now + make_interval(days => c.valid_days)
    WHERE c.id = consent
    RETURNING c.* INTO v_new;
    entry := gate.note(
        'consent.granted', consent,
        gate.terms_of(consent) || jsonb_build_object(
            'by', 'person', 'channel', 'sms', 'valid_until', gate.rfc3339(v_new.valid_until),
            'key_id', CASE WHEN p_sealed IS NOT NULL THEN p_key END),
        p_sealed, p_entry);
    UPDATE public.consent_consent c SET last_entry = entry WHERE c.id = consent;
    FOR v_old IN
        SELECT c.id FROM public.consent_consent c
        WHERE c.tenure_id = v_new.tenure_id AND c.state = 'granted' AND c.id <> consent
          AND c.org_ref IS NOT DISTINCT FROM v_new.org_ref AND c.question = v_new.question
          AND c.question <> 'visit'  -- each of these is about another visit
        ORDER BY c.id FOR UPDATE
    LOOP
        UPDATE public.consent_consent c
        SET state = 'superseded', state_seq = c.state_seq + 1, superseded_by = consent,
            ended_at = v_now, end_reason = 'renewed'
        WHERE c.id = v_old;
        UPDATE public.consent_consent c
        SET last_entry = gate.note('consent.superseded', v_old,
                                   jsonb_build_object('superseded_by', consent))
        WHERE c.id = v_old;
    END LOOP;
END $$;

-- `NO <code>`: outcome refused, or as above (already: it had been granted; withdraw it instead).
CREATE OR REPLACE FUNCTION gate.refuse(
    p_inbound bigint, p_code_digest bytea, OUT outcome text, OUT consent uuid
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    SELECT a.outcome, a.consent INTO outcome, consent
    FROM gate.answered(p_inbound, p_code_digest) a;
    IF outcome = 'found' THEN
        PERFORM gate.arrived(consent, 'code');
        PERFORM gate.move(consent, 'refused', 'consent.refused',
                          '{"by": "person", "channel": "sms"}', 'no');
        outcome := 'refused';
    END IF;
END $$;

-- A moment as the log writes it: RFC 3339, UTC, microseconds.
CREATE OR REPLACE FUNCTION gate.rfc3339(p_moment timestamptz) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$ SELECT to_char(p_moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') $$;

RESET ROLE;
