-- The gate, first half: a claim states in the log that somebody is about to look.
SET LOCAL ROLE {gate};

-- A refused claim, in the log. About a consent of the number that texted it is the person's own
-- entry. Otherwise it names the consent, so that an auditor can see what was tried, but nobody as
-- its subject: neither the one who texted nor the one it was aimed at is to see the other.
CREATE OR REPLACE FUNCTION gate.deny(p_consent uuid, p_reason text, p_own boolean, p_release uuid)
RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_fields jsonb := jsonb_build_object('reason', p_reason, 'release_id', p_release);
BEGIN
    IF p_own THEN
        PERFORM gate.note('access.denied', p_consent, v_fields);
    ELSE
        PERFORM audit.append('access.denied', v_fields || jsonb_build_object('consent_id', (
            SELECT c.id FROM public.consent_consent c WHERE c.id = p_consent)));
    END IF;
    RETURN 'denied:' || p_reason;
END $$;

-- Why a consent that is there gives nothing now; null if it does. The caller has locked it.
CREATE OR REPLACE FUNCTION gate.obstacle(p_consent uuid, p_holds boolean) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_consent public.consent_consent;
BEGIN
    PERFORM gate.lapse(p_consent, p_holds);
    SELECT * INTO v_consent FROM public.consent_consent c WHERE c.id = p_consent;
    RETURN CASE
        -- Who holds the phone cannot be told from such a list of numbers.
        WHEN v_consent.state = 'granted' AND gate.contested(v_consent.tenure_id)
            THEN 'stale_subscriptions'
        WHEN v_consent.state = 'granted' THEN NULL
        WHEN v_consent.state = 'withdrawn' THEN 'withdrawn'
        WHEN v_consent.state = 'consumed' THEN 'used_up'
        WHEN v_consent.state = 'invalidated' THEN v_consent.end_reason
        WHEN v_consent.state = 'expired' AND v_consent.granted_at IS NOT NULL THEN 'expired'
        ELSE 'not_granted'
    END;
END $$;

-- One access under a consent, asked for by a text of the person. p_cause: 'inbound:<id>'.
-- outcome: claimed | denied:<reason>. A refusal does not raise: its entry is to be committed.
-- Idempotent per cause: the same text gets the same release, and counts once.
CREATE OR REPLACE FUNCTION gate.claim(
    p_consent uuid, p_cause text, OUT outcome text, OUT release uuid, OUT entry bigint
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_consent public.consent_consent;
    v_text record;
    v_tenure public.subscribers_tenure;
    v_now timestamptz;
    v_holds boolean;
    v_reason text;
    v_to date;
    v_from date;
BEGIN
    SELECT t.* INTO v_text
    FROM gate.text_of(substring(p_cause FROM '^inbound:([0-9]{1,18})$')::bigint) t;
    SELECT c.tenure_id, c.number_index INTO v_consent.tenure_id, v_consent.number_index
    FROM public.consent_consent c WHERE c.id = p_consent;
    v_reason := CASE
        WHEN NOT FOUND THEN 'unknown_consent'
        WHEN v_text.number IS NULL THEN 'no_cause'
        WHEN v_text.number IS DISTINCT FROM v_consent.number_index THEN 'other_person'
    END;
    IF v_reason IS NOT NULL THEN
        outcome := gate.deny(p_consent, v_reason, false, NULL);
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(1952804456, hashtext(p_cause));  -- one claim at a time per cause
    v_holds := gate.tenure_holds(v_consent.tenure_id, v_consent.number_index);
    SELECT * INTO STRICT v_consent FROM public.consent_consent c WHERE c.id = p_consent FOR UPDATE;

    SELECT 'denied:' || r.reason, r.id, r.claim_entry INTO outcome, release, entry
    FROM public.consent_release r WHERE r.cause = p_cause AND r.consent_id = p_consent;
    IF FOUND THEN
        IF outcome = 'denied:' THEN
            outcome := 'claimed';
        END IF;
        RETURN;
    END IF;

    v_now := core.now();
    v_reason := gate.obstacle(p_consent, v_holds);
    IF v_reason IS NULL THEN
        SELECT * INTO v_tenure FROM public.subscribers_tenure t WHERE t.id = v_consent.tenure_id;
        v_to := core.service_day(v_now) - 1;
        v_from := gate.first_day(v_consent.window_days);
        v_reason := CASE
            -- A text opens the gate once, soon after it came, and not for what was asked later.
            WHEN EXISTS (SELECT FROM public.consent_release r WHERE r.cause = p_cause)
                 OR v_text.received_at < v_consent.requested_at
                 OR v_text.received_at <= v_now - gate.patience() THEN 'wrong_cause'
            WHEN v_consent.uses >= v_consent.max_uses THEN 'used_up'
            WHEN v_tenure.imsi_index IS NULL THEN 'no_subscription'
        END;
    END IF;
    IF v_reason IS NOT NULL THEN
        outcome := gate.deny(p_consent, v_reason, true, NULL);
        RETURN;
    END IF;

    release := gen_random_uuid();
    UPDATE public.consent_consent c SET uses = c.uses + 1 WHERE c.id = p_consent;
    entry := gate.note('access.claimed', p_consent, jsonb_build_object(
        'by', CASE WHEN v_consent.org_ref IS NULL THEN 'person' ELSE 'organisation' END,
        'release_id', release, 'window_from', v_from, 'window_to', v_to,
        'uses', v_consent.uses + 1, 'max_uses', v_consent.max_uses));
    INSERT INTO public.consent_release (
        id, consent_id, cause, state, reason, window_from, window_to, claim_entry, claimed_at,
        fetched_in)
    VALUES (release, p_consent, p_cause, 'claimed', '', v_from, v_to, entry, v_now, '');
    outcome := 'claimed';
END $$;

-- The first local day that an access may look at now, under a consent for so many days.
CREATE OR REPLACE FUNCTION gate.first_day(p_days smallint) RETURNS date
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$ SELECT core.service_day(core.now()) - least(p_days, core.window_days()) $$;

-- How long a text, and a claim, may wait for their answer.
CREATE OR REPLACE FUNCTION gate.patience() RETURNS interval
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$ SELECT interval '24 hours' $$;

RESET ROLE;
