-- An organisation's question: whether its person is asked. What comes of it the asker cannot see.
SET LOCAL ROLE {gate};

-- Ask the person of a request, by the notice they are about to be shown. The request is what the web
-- process stored: the worker can ask nothing else in an organisation's name, and nobody else.
-- Idempotent per request. outcome: asked, or why nobody may be asked, which changes nothing:
-- `turn_down` then closes it. Raises unique_violation as `request` does.
CREATE OR REPLACE FUNCTION gate.ask_for(
    p_request uuid, p_tenure uuid, p_terms jsonb, p_code_digest bytea, p_notice jsonb,
    p_notice_sealed bytea, OUT outcome text, OUT consent uuid, OUT entry bigint, OUT fresh boolean
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_request record;
    v_number bytea;
    v_asked jsonb := gate.asked_terms(p_request);
BEGIN
    PERFORM gate.one_at_a_time(p_tenure);
    v_number := gate.number_of(p_request);  -- now: the code may just have been used
    fresh := false;
    IF v_number IS NULL OR NOT gate.tenure_holds(p_tenure, v_number) THEN
        RAISE EXCEPTION 'the request is not about the present holder of this tenure''s number';
    ELSIF v_asked IS DISTINCT FROM (
        SELECT jsonb_object_agg(k, p_terms -> k) FROM jsonb_object_keys(v_asked) k)
    THEN
        RAISE EXCEPTION 'the terms are not those of the request';
    END IF;
    SELECT * INTO v_request FROM public.consent_request r WHERE r.id = p_request FOR UPDATE;
    SELECT 'asked', c.id, c.last_entry INTO outcome, consent, entry
    FROM public.consent_consent c WHERE c.cause = 'request:' || p_request;
    IF consent IS NOT NULL THEN
        RETURN;
    END IF;
    outcome := CASE
        WHEN v_request.outcome <> '' THEN v_request.outcome
        WHEN EXISTS (SELECT FROM public.consent_block b
                     WHERE b.tenure_id = p_tenure AND b.org_ref = v_request.org_ref) THEN 'blocked'
        WHEN EXISTS (SELECT FROM public.consent_pause p
                     WHERE p.tenure_id = p_tenure AND p.until > core.now()) THEN 'paused'
        WHEN EXISTS (SELECT FROM public.consent_consent c
                     WHERE c.number_index = v_number AND c.org_ref = v_request.org_ref
                       AND c.state IN ('requested', 'disclosed')) THEN 'over_cap'
        ELSE coalesce(gate.asker_gone('request:' || p_request), 'asked')
    END;
    IF outcome <> 'asked' THEN
        RETURN;
    END IF;
    fresh := true;
    PERFORM gate.considered(p_request, v_number, 'asked');
    UPDATE public.consent_sharingcode s SET used_by = p_request
    WHERE s.digest = v_request.code_digest AND s.used_by IS NULL;
    SELECT o.consent, o.entry INTO consent, entry
    FROM gate.open('request:' || p_request, p_tenure, v_number, p_terms, p_code_digest,
                   p_notice, p_notice_sealed) o;
END $$;

-- Nobody is asked. In the log of the person, if there is one, so that `LOG` shows the attempt.
-- Returns the entry; null if it was considered before.
CREATE OR REPLACE FUNCTION gate.turn_down(p_request uuid, p_reason text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_request record;
    v_number bytea := gate.number_of(p_request);
    v_subject uuid;
BEGIN
    SELECT * INTO v_request FROM public.consent_request r WHERE r.id = p_request FOR UPDATE;
    IF NOT FOUND OR v_request.outcome <> '' THEN
        RETURN NULL;
    END IF;
    SELECT t.subject_ref INTO v_subject FROM public.subscribers_tenure t
    WHERE t.msisdn_index = v_number AND t.valid_from <= core.now()
      AND (t.valid_to IS NULL OR t.valid_to > core.now());
    PERFORM gate.considered(p_request, v_number, p_reason);
    RETURN audit.append('access.denied', jsonb_build_object(
        'by', 'organisation', 'reason', p_reason, 'request_id', p_request,
        'org_ref', v_request.org_ref, 'purpose_code', v_request.purpose,
        'question', v_request.question, 'asked_by', v_request.asked_by,
        'subject_ref', v_subject));
END $$;

-- What became of a request. The number itself was for the notice's address: nobody needs it any more,
-- but for a test, whose last digits say when it is taken back.
CREATE OR REPLACE FUNCTION gate.considered(p_request uuid, p_number bytea, p_outcome text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE public.consent_request r
    SET target = p_number, considered_at = core.now(), outcome = p_outcome,
        number_sealed = CASE WHEN r.is_test THEN r.number_sealed END
    WHERE r.id = p_request;
END $$;

-- The number that a request is about: the one that was named, or that of the holder of the code, if
-- that can still be used, by this request. Null when there is none, and for a test: it reaches
-- nobody, whoever's number was written into it.
CREATE OR REPLACE FUNCTION gate.number_of(p_request uuid) RETURNS bytea
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT coalesce(r.number_index, (
            SELECT s.number_index FROM public.consent_sharingcode s
            WHERE s.digest = r.code_digest AND s.made_at <= r.asked_at
              AND s.expires_at > r.asked_at AND (s.used_by IS NULL OR s.used_by = r.id)))
        FROM public.consent_request r WHERE r.id = p_request AND NOT r.is_test);
END $$;

-- Whom a request is about: the number, who holds it now, and why nobody can be asked whatever was
-- asked before: unknown_number | unknown_code | no_subscription | stale_subscriptions (the feed names
-- two holders).
CREATE OR REPLACE FUNCTION gate.whom(
    p_request uuid, OUT number bytea, OUT tenure uuid, OUT obstacle text
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_tenure public.subscribers_tenure;
BEGIN
    number := gate.number_of(p_request);
    SELECT * INTO v_tenure FROM public.subscribers_tenure t
    WHERE t.msisdn_index = number AND t.valid_from <= core.now()
      AND (t.valid_to IS NULL OR t.valid_to > core.now());
    tenure := v_tenure.id;
    obstacle := CASE
        WHEN number IS NULL AND EXISTS (SELECT FROM public.consent_request r
                                        WHERE r.id = p_request AND r.asked_by = 'code')
            THEN 'unknown_code'
        WHEN tenure IS NULL THEN 'unknown_number'
        WHEN v_tenure.imsi_index IS NULL THEN 'no_subscription'
        WHEN gate.contested(tenure) THEN 'stale_subscriptions'
    END;
END $$;

-- What the terms of a consent must say, since the request says it.
CREATE OR REPLACE FUNCTION gate.asked_terms(p_request uuid) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT jsonb_build_object(
        'org_ref', r.org_ref, 'asker', o.name, 'purpose', r.purpose, 'question', r.question,
        'places', r.places, 'window_days', r.days, 'kept_days', r.kept_days, 'max_uses', 1)
        FROM public.consent_request r
        JOIN public.organisations_organisation o ON o.id = r.org_ref WHERE r.id = p_request);
END $$;

-- Nobody waits for the answer any more: it was cancelled, or has closed.
CREATE OR REPLACE FUNCTION gate.end_request(p_request uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_consent public.consent_consent;
    v_holds boolean;
BEGIN
    SELECT * INTO v_consent FROM public.consent_consent c WHERE c.cause = 'request:' || p_request;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    v_holds := gate.tenure_holds(v_consent.tenure_id, v_consent.number_index);
    PERFORM FROM public.consent_consent c WHERE c.id = v_consent.id FOR UPDATE;
    RETURN gate.lapse(v_consent.id, v_holds);
END $$;

-- Questions that no rule looks back to any more: what one organisation may ask about one person is
-- counted over ninety-one days. Returns how many there were.
CREATE OR REPLACE FUNCTION gate.forget_requests() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_gone integer;
BEGIN
    DELETE FROM public.consent_request r
    WHERE r.asked_at < core.now() - interval '92 days' AND r.closes_at < core.now();
    GET DIAGNOSTICS v_gone = ROW_COUNT;
    RETURN v_gone;
END $$;

RESET ROLE;
