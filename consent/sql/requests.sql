-- Asking: the request, and what became of its notice.
SET LOCAL ROLE {gate};

-- A request by the person's own text, with the notice they are about to be shown. Idempotent per
-- text. An earlier open request about themself ends. Raises unique_violation
-- (one_open_code_per_number) when the code is already open at this number.
CREATE OR REPLACE FUNCTION gate.request(
    p_tenure uuid, p_inbound bigint, p_terms jsonb, p_code_digest bytea, p_notice jsonb,
    p_notice_sealed bytea, OUT consent uuid, OUT entry bigint, OUT fresh boolean
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_text record;
    v_earlier uuid;
BEGIN
    SELECT * INTO v_text FROM gate.text_of(p_inbound);
    PERFORM gate.one_at_a_time(p_tenure);
    IF NOT gate.tenure_holds(p_tenure, v_text.number) THEN
        RAISE EXCEPTION 'the text does not come from the present holder of this tenure''s number';
    ELSIF p_terms ? 'org_ref' THEN
        RAISE EXCEPTION 'a person''s text asks about themself; for an organisation see ask_for';
    END IF;
    SELECT c.id, c.last_entry INTO consent, entry
    FROM public.consent_consent c WHERE c.cause = 'inbound:' || p_inbound;
    fresh := consent IS NULL;
    IF NOT fresh THEN
        RETURN;
    END IF;
    FOR v_earlier IN
        SELECT c.id FROM public.consent_consent c
        WHERE c.number_index = v_text.number AND c.state IN ('requested', 'disclosed')
          AND c.org_ref IS NULL
        ORDER BY c.id FOR UPDATE
    LOOP
        PERFORM gate.move(v_earlier, 'expired', 'consent.expired', '{}', 'replaced');
    END LOOP;
    SELECT o.consent, o.entry INTO consent, entry
    FROM gate.open('inbound:' || p_inbound, p_tenure, v_text.number, p_terms, p_code_digest,
                   p_notice, p_notice_sealed) o;
END $$;

-- One request at a time for one tenure. Not by the tenure's own row: a transaction that shares it
-- already, after a claim, would wait for another one that does.
CREATE OR REPLACE FUNCTION gate.one_at_a_time(p_tenure uuid) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(1952804457, hashtext(p_tenure::text));
END $$;

-- The consent itself and its notice, in state `requested`, and the entry. The caller has checked
-- who may be asked.
CREATE OR REPLACE FUNCTION gate.open(
    p_cause text, p_tenure uuid, p_number bytea, p_terms jsonb, p_code_digest bytea,
    p_notice jsonb, p_notice_sealed bytea, OUT consent uuid, OUT entry bigint
)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_org uuid := (p_terms ->> 'org_ref')::uuid;
    v_window smallint := (p_terms ->> 'window_days')::smallint;
    v_moment timestamptz := core.now();
BEGIN
    IF v_window > core.window_days() THEN
        RAISE EXCEPTION 'no consent reaches further back than % days', core.window_days();
    END IF;
    consent := gen_random_uuid();
    INSERT INTO public.consent_consent (
        id, schema_version, cause, org_ref, purpose, question, terms, window_days, valid_days,
        max_uses, tenure_id, subject_ref, number_index, requested_at, code_digest, code_expires_at,
        state, state_seq, end_reason, uses, code_attempts)
    SELECT consent, 1, p_cause, v_org, p_terms ->> 'purpose', p_terms ->> 'question', p_terms,
        v_window, (p_terms ->> 'valid_days')::smallint, (p_terms ->> 'max_uses')::integer,
        p_tenure, t.subject_ref, p_number, v_moment, p_code_digest,
        v_moment + gate.code_life(), 'requested', 1, '', 0, 0
    FROM public.subscribers_tenure t WHERE t.id = p_tenure;
    INSERT INTO public.consent_notice (
        consent_id, template, version, locale, sha256, segments, key_id, sealed, delivered_by)
    VALUES (
        consent, p_notice ->> 'template', p_notice ->> 'version', p_notice ->> 'locale',
        decode(p_notice ->> 'sha256', 'hex'), (p_notice ->> 'segments')::smallint,
        (p_notice ->> 'key_id')::uuid, p_notice_sealed, '');
    entry := gate.note('consent.requested', consent, gate.terms_of(consent) || jsonb_build_object(
        'by', CASE WHEN v_org IS NULL THEN 'person' ELSE 'organisation' END, 'channel', 'sms',
        'request_id', substring(p_cause FROM '^request:(.*)$'),
        'notice_sha256', p_notice -> 'sha256', 'notice_version', p_notice -> 'version',
        'language', p_notice -> 'locale', 'segments', p_notice -> 'segments'));
    UPDATE public.consent_consent c SET last_entry = entry WHERE c.id = consent;
END $$;

-- What was agreed, or is asked, as the log states it.
CREATE OR REPLACE FUNCTION gate.terms_of(p_consent uuid) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object(
        'window_days', c.window_days, 'max_uses', c.max_uses,
        'categories', c.terms -> 'categories', 'granularity', c.terms -> 'granularity',
        'terms_sha256', encode(sha256(convert_to(audit.canonical(c.terms), 'UTF8')), 'hex'))
    FROM public.consent_consent c WHERE c.id = p_consent
$$;

-- How long a code lives: up to, not including, this moment after the request.
CREATE OR REPLACE FUNCTION gate.code_life() RETURNS interval
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$ SELECT interval '30 minutes' $$;

-- The provider took the notice. Said twice, it changes nothing.
CREATE OR REPLACE FUNCTION gate.notice_sent(p_consent uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_state text;
BEGIN
    SELECT c.state INTO v_state FROM public.consent_consent c WHERE c.id = p_consent FOR UPDATE;
    UPDATE public.consent_notice n SET sent_at = core.now()
    WHERE n.consent_id = p_consent AND n.sent_at IS NULL;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF v_state = 'requested' THEN
        PERFORM gate.move(p_consent, 'disclosed', 'consent.notice_sent', '{"delivery": "sent"}');
    ELSE
        PERFORM gate.note('consent.notice_sent', p_consent, '{"delivery": "sent"}');
    END IF;
    RETURN true;
END $$;

-- The notice arrived: says the provider's receipt, or the right code, which only it carried.
CREATE OR REPLACE FUNCTION gate.arrived(p_consent uuid, p_by text) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_state text;
    v_fields jsonb := jsonb_build_object('delivery', 'delivered', 'by',
        CASE WHEN p_by = 'code' THEN 'person' ELSE 'operator' END);
    v_new boolean;
BEGIN
    SELECT c.state INTO v_state FROM public.consent_consent c WHERE c.id = p_consent FOR UPDATE;
    UPDATE public.consent_notice n SET delivered_at = core.now(), delivered_by = p_by
    WHERE n.consent_id = p_consent AND n.delivered_at IS NULL;
    v_new := FOUND;
    IF v_state = 'requested' THEN
        PERFORM gate.move(p_consent, 'disclosed', 'consent.notice_delivered', v_fields);
    ELSIF v_new THEN
        PERFORM gate.note('consent.notice_delivered', p_consent, v_fields);
    END IF;
    RETURN v_new;
END $$;

CREATE OR REPLACE FUNCTION gate.notice_delivered(p_consent uuid) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT gate.arrived(p_consent, 'receipt') $$;

RESET ROLE;
