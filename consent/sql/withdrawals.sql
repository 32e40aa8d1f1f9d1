-- Withdrawing, which needs no code and is never refused to the number itself; and running out.
-- Nothing here waits for a tenure, the sequencer or a feed.
SET LOCAL ROLE {gate};

-- With one argument less they were for texts alone.
DROP FUNCTION IF EXISTS gate.stop(uuid, text);
DROP FUNCTION IF EXISTS gate.recall(uuid, text);

-- Who withdraws when a text of the number does.
CREATE OR REPLACE FUNCTION gate.by_text() RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$ SELECT '{"by": "person", "channel": "sms"}'::jsonb $$;

-- End one live consent. The caller has locked the row. p_by: who does it, by which channel.
CREATE OR REPLACE FUNCTION gate.stop(p_consent uuid, p_reason text, p_by jsonb DEFAULT gate.by_text())
RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_state text;
BEGIN
    SELECT c.state INTO v_state FROM public.consent_consent c WHERE c.id = p_consent;
    IF v_state = 'granted' THEN
        PERFORM gate.move(p_consent, 'withdrawn', 'consent.withdrawn', p_by, p_reason);
    ELSIF v_state = 'disclosed' THEN
        PERFORM gate.move(p_consent, 'refused', 'consent.refused', p_by, p_reason);
    ELSIF v_state = 'requested' THEN
        PERFORM gate.move(p_consent, 'expired', 'consent.expired', p_by, p_reason);
    END IF;
    RETURN v_state = 'granted';
END $$;

-- An answer that was handed over is taken back: the asker is told to delete it. Its consent is used
-- up and stays so. False when it was taken back before, or was nobody's but the person's own.
CREATE OR REPLACE FUNCTION gate.recall(
    p_consent uuid, p_reason text, p_by jsonb DEFAULT gate.by_text()
) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE public.consent_consent c SET recalled_at = core.now(), recall_reason = p_reason
    WHERE c.id = p_consent AND c.state = 'consumed' AND c.org_ref IS NOT NULL
      AND c.recalled_at IS NULL;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE public.consent_consent c
    SET last_entry = gate.note('consent.recalled', p_consent,
                               p_by || jsonb_build_object('reason', p_reason))
    WHERE c.id = p_consent;
    RETURN true;
END $$;

-- Answers of a number that an asker may still hold, as far as the terms let them keep it.
CREATE OR REPLACE FUNCTION gate.handed_over(p_number bytea) RETURNS SETOF uuid
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY SELECT c.id FROM public.consent_consent c
        WHERE c.number_index = p_number AND c.state = 'consumed' AND c.recalled_at IS NULL
          AND c.ended_at + make_interval(days => (c.terms ->> 'kept_days')::integer) > core.now()
        ORDER BY c.id FOR UPDATE;
END $$;

-- `DROP <n>`: withdrawn | ended (an open request) | recalled (an answer that was handed over) |
-- already | unknown (not of this number).
CREATE OR REPLACE FUNCTION gate.withdraw(p_inbound bigint, p_consent uuid) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_number bytea := (gate.text_of(p_inbound)).number;
    v_state text;
BEGIN
    SELECT c.state INTO v_state FROM public.consent_consent c
    WHERE c.id = p_consent AND c.number_index = v_number FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 'unknown';
    ELSIF v_state NOT IN ('requested', 'disclosed', 'granted') THEN
        RETURN CASE WHEN gate.recall(p_consent, 'drop') THEN 'recalled' ELSE 'already' END;
    ELSIF gate.stop(p_consent, 'drop') THEN
        RETURN 'withdrawn';
    END IF;
    RETURN 'ended';
END $$;

-- `STOP`: ends everything of the number. Returns how many granted consents it withdrew.
CREATE OR REPLACE FUNCTION gate.withdraw_all(p_inbound bigint) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN gate.end_all((gate.text_of(p_inbound)).number, 'stop', gate.by_text());
END $$;

-- Everything of a number that can be ended or taken back; how many granted consents there were.
CREATE OR REPLACE FUNCTION gate.end_all(p_number bytea, p_reason text, p_by jsonb) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_one uuid;
    v_count integer := 0;
BEGIN
    -- Both kinds at once, in the order of their ids, as an erasure locks them.
    PERFORM FROM public.consent_consent c
    WHERE c.number_index = p_number
      AND c.state IN ('requested', 'disclosed', 'granted', 'consumed')
    ORDER BY c.id FOR UPDATE;
    FOR v_one IN
        SELECT c.id FROM public.consent_consent c
        WHERE c.number_index = p_number AND c.state IN ('requested', 'disclosed', 'granted')
        ORDER BY c.id
    LOOP
        v_count := v_count + gate.stop(v_one, p_reason, p_by)::integer;
    END LOOP;
    PERFORM gate.recall(h, p_reason, p_by) FROM gate.handed_over(p_number) h;
    PERFORM gate.page_end_all(p_number);
    RETURN v_count;
END $$;

-- The same on the word of a member of staff whom the person called. Only the web process can store
-- such a word, and only an operator who has just logged in: it ends things, and shows nothing. False
-- when it was done before.
CREATE OR REPLACE FUNCTION gate.withdraw_by_operator(p_wish uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_wish record;
BEGIN
    SELECT * INTO v_wish FROM public.consent_withdrawalbyphone w WHERE w.id = p_wish FOR UPDATE;
    IF v_wish.id IS NULL OR v_wish.done_at IS NOT NULL THEN
        RETURN false;
    END IF;
    PERFORM gate.end_all(v_wish.number_index, v_wish.reason, jsonb_build_object(
        'by', 'operator', 'by_ref', v_wish.by_ref, 'channel', 'phone'));
    UPDATE public.consent_withdrawalbyphone w SET done_at = core.now() WHERE w.id = p_wish;
    RETURN true;
END $$;

-- End what has run out, some at a time; what somebody is working on is left for the next call.
-- A code is dead at 30 minutes, whether or not this ran; the request is closed twice as late,
-- because a text that came in time may still wait to be handled. Returns how many have ended.
CREATE OR REPLACE FUNCTION gate.expire_due(p_limit integer DEFAULT 100) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_one record;
    v_now timestamptz := core.now();
    v_count integer := 0;
BEGIN
    FOR v_one IN
        SELECT c.id, c.state, c.valid_until, t.id IS NOT NULL AS holds
        FROM public.consent_consent c
        LEFT JOIN public.subscribers_tenure t
            ON t.id = c.tenure_id AND (t.valid_to IS NULL OR t.valid_to > v_now)
        WHERE c.state IN ('requested', 'disclosed', 'granted')
          AND (c.valid_until <= v_now OR t.id IS NULL
               OR (c.org_ref IS NOT NULL AND gate.asker_gone(c.cause) IS NOT NULL)
               OR (c.state <> 'granted' AND c.code_expires_at + gate.code_life() <= v_now))
        ORDER BY c.id LIMIT p_limit
        FOR UPDATE OF c SKIP LOCKED
    LOOP
        IF NOT gate.lapse(v_one.id, v_one.holds) THEN
            PERFORM gate.move(v_one.id, 'expired', 'consent.expired', '{}', 'time_up');
        END IF;
        v_count := v_count + 1;
    END LOOP;
    RETURN v_count;
END $$;

RESET ROLE;
