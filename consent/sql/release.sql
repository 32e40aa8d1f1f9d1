-- The gate, second half: what was claimed comes out once the claim is under a signed checkpoint.
SET LOCAL ROLE {gate};

-- Where a release stands: waiting (its entry has no checkpoint yet) | stale (subscriptions are older
-- than 24 hours) | ready | released | denied:<reason>. A denial gives the use back.
-- Locks the consent, so that `ready` stays true until the transaction ends.
CREATE OR REPLACE FUNCTION gate.settle(p_release uuid) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_release public.consent_release;
    v_consent public.consent_consent;
    v_holds boolean;
    v_reason text;
BEGIN
    SELECT c.* INTO v_consent FROM public.consent_consent c
    JOIN public.consent_release r ON r.consent_id = c.id WHERE r.id = p_release;
    IF NOT FOUND THEN
        RETURN 'denied:unknown_release';
    END IF;
    v_holds := gate.tenure_holds(v_consent.tenure_id, v_consent.number_index);
    PERFORM FROM public.consent_consent c WHERE c.id = v_consent.id FOR UPDATE;
    SELECT * INTO v_release FROM public.consent_release r WHERE r.id = p_release FOR UPDATE;
    IF v_release.state = 'released' THEN
        RETURN 'released';
    ELSIF v_release.state = 'denied' THEN
        RETURN 'denied:' || v_release.reason;
    END IF;
    v_reason := gate.obstacle(v_consent.id, v_holds);
    IF v_reason IS NULL AND (
        v_release.claimed_at <= core.now() - gate.patience()
        OR v_release.window_to < gate.first_day(v_consent.window_days)
    ) THEN
        v_reason := 'time_up';
    END IF;
    IF v_reason IS NOT NULL THEN
        RETURN gate.give_up(p_release, v_reason);
    END IF;
    IF NOT audit.checkpointed(v_release.claim_entry) THEN
        RETURN 'waiting';
    END IF;
    IF NOT EXISTS (SELECT FROM public.core_feed f
                   WHERE f.name = 'subscriptions'
                     AND f.refreshed_at >= core.now() - interval '24 hours') THEN
        RETURN 'stale';
    END IF;
    RETURN 'ready';
END $$;

-- A claim that comes to nothing: says so in the log and gives the use back.
CREATE OR REPLACE FUNCTION gate.give_up(p_release uuid, p_reason text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_consent uuid;
BEGIN
    UPDATE public.consent_release r SET state = 'denied', reason = p_reason
    WHERE r.id = p_release RETURNING r.consent_id INTO v_consent;
    UPDATE public.consent_consent c SET uses = c.uses - 1 WHERE c.id = v_consent;
    RETURN gate.deny(v_consent, p_reason, true, p_release);
END $$;

-- The journey of a release that is ready: its stay-points and, as kind 'coverage', the hours of each
-- day in which the phone was seen. No rows otherwise. May be repeated until it is released.
-- A day that has left the window since the claim has left this release's window too.
-- Under the consent to look at one visit (`visit_review`) that visit alone.
CREATE OR REPLACE FUNCTION gate.fetch(p_release uuid)
RETURNS TABLE (
    day date, kind text, stay_id text, city_code text, alt_city_code text,
    started_at timestamptz, ended_at timestamptz, observed_hours integer
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_release public.consent_release;
    v_subscriber uuid;
    v_days smallint;
    v_question text;
    v_entry bigint;
BEGIN
    IF gate.settle(p_release) <> 'ready' THEN
        RETURN;
    END IF;
    SELECT * INTO STRICT v_release FROM public.consent_release r WHERE r.id = p_release;
    SELECT t.subscriber_ref, c.window_days, c.question INTO STRICT v_subscriber, v_days, v_question
    FROM public.consent_consent c JOIN public.subscribers_tenure t ON t.id = c.tenure_id
    WHERE c.id = v_release.consent_id;
    v_release.window_from := greatest(v_release.window_from, gate.first_day(v_days));
    v_entry := gate.note('access.fetched', v_release.consent_id, jsonb_build_object(
        'release_id', p_release, 'window_from', v_release.window_from,
        'window_to', v_release.window_to));
    UPDATE public.consent_release r
    SET state = 'fetched', window_from = v_release.window_from, fetch_entry = v_entry,
        fetched_in = pg_current_xact_id()::text
    WHERE r.id = p_release;
    IF v_question = 'visit' THEN
        RETURN QUERY SELECT * FROM gate.visit_rows(
            v_release.consent_id, v_subscriber, v_release.window_from, v_release.window_to);
        RETURN;
    END IF;
    RETURN QUERY
        SELECT s.day, s.kind::text, s.stay_id::text, s.city_code::text, s.alt_city_code::text,
               s.started_at, s.ended_at, NULL::integer
        FROM public.signaling_staypoint s
        WHERE s.subscriber_ref = v_subscriber
          AND s.day BETWEEN v_release.window_from AND v_release.window_to
        UNION ALL
        SELECT v.day, 'coverage', NULL, NULL, NULL, NULL, NULL, v.hours::integer
        FROM public.signaling_coverage v
        WHERE v.subscriber_ref = v_subscriber
          AND v.day BETWEEN v_release.window_from AND v_release.window_to
        ORDER BY 1, 6;
END $$;

-- The answer is compiled and leaves with this transaction, in which it was also fetched.
-- p_commitment: keyed hash (32 bytes) of exactly what leaves; p_sealed, under the person's key p_key,
-- is for the entry p_entry. Raises if it was not fetched here.
CREATE OR REPLACE FUNCTION gate.release(
    p_release uuid, p_commitment bytea, p_sealed bytea DEFAULT NULL, p_entry uuid DEFAULT NULL,
    p_key uuid DEFAULT NULL
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_release public.consent_release;
    v_entry bigint;
BEGIN
    SELECT * INTO v_release FROM public.consent_release r WHERE r.id = p_release FOR UPDATE;
    IF v_release.state IS DISTINCT FROM 'fetched'
       OR v_release.fetched_in <> pg_current_xact_id()::text
    THEN
        RAISE EXCEPTION 'a release follows its fetch in the same transaction';
    END IF;
    v_entry := gate.note('access.released', v_release.consent_id, jsonb_build_object(
        'release_id', p_release, 'window_from', v_release.window_from,
        'window_to', v_release.window_to, 'payload_commitment', encode(p_commitment, 'hex'),
        'key_id', CASE WHEN p_sealed IS NOT NULL THEN p_key END), p_sealed, p_entry);
    UPDATE public.consent_release r
    SET state = 'released', release_entry = v_entry, released_at = core.now(),
        commitment = p_commitment
    WHERE r.id = p_release;
    RETURN v_entry;
END $$;

-- What was fetched in this transaction shows nothing at all, so that there is nothing to tell the one
-- who asked. Gives the use back, and ends the consent: it was for one answer, and that was it.
CREATE OR REPLACE FUNCTION gate.found_nothing(p_release uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_release public.consent_release;
BEGIN
    SELECT * INTO v_release FROM public.consent_release r WHERE r.id = p_release FOR UPDATE;
    IF v_release.state IS DISTINCT FROM 'fetched'
       OR v_release.fetched_in <> pg_current_xact_id()::text
    THEN
        RAISE EXCEPTION 'what shows nothing was fetched in the same transaction';
    END IF;
    PERFORM gate.move(v_release.consent_id, 'expired', 'consent.expired', '{}', 'no_data');
    PERFORM gate.give_up(p_release, 'no_data');
END $$;

-- The answer arrived. A consent whose uses are all answered is then consumed: until now it had to
-- stay granted, so that a withdrawal could still stop the answer. Said twice, it changes nothing.
CREATE OR REPLACE FUNCTION gate.delivered(p_release uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_consent public.consent_consent;
BEGIN
    SELECT c.* INTO v_consent FROM public.consent_consent c
    WHERE c.id = (SELECT r.consent_id FROM public.consent_release r WHERE r.id = p_release)
    FOR UPDATE;
    UPDATE public.consent_release r SET delivered_at = core.now()
    WHERE r.id = p_release AND r.state = 'released' AND r.delivered_at IS NULL;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM gate.note('access.delivered', v_consent.id,
                      jsonb_build_object('release_id', p_release, 'delivery', 'delivered'));
    IF v_consent.state = 'granted' AND v_consent.max_uses = (
        SELECT count(*) FROM public.consent_release r
        WHERE r.consent_id = v_consent.id AND r.delivered_at IS NOT NULL)
    THEN
        PERFORM gate.move(v_consent.id, 'consumed', 'consent.consumed');
    END IF;
    RETURN true;
END $$;

-- May what hangs on a consent leave now: an answer while it is granted, its notice while the code
-- lives (a consent that is still open has no answers). Locks it against withdrawal until the
-- transaction ends: what commits after this said yes has left before any withdrawal.
-- Other replies hang on the tenure itself: they go to no later holder of the number.
CREATE OR REPLACE FUNCTION gate.hold(p_ref uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_consent public.consent_consent;
    v_holds boolean;
BEGIN
    SELECT c.* INTO v_consent FROM public.consent_consent c WHERE c.id = p_ref;
    IF NOT FOUND THEN
        SELECT t.id, t.msisdn_index INTO v_consent.tenure_id, v_consent.number_index
        FROM public.subscribers_tenure t WHERE t.id = p_ref;
    END IF;
    v_holds := gate.tenure_holds(v_consent.tenure_id, v_consent.number_index)
        AND NOT gate.contested(v_consent.tenure_id);
    IF v_consent.id IS NULL THEN
        RETURN v_holds;
    END IF;
    SELECT c.* INTO v_consent FROM public.consent_consent c WHERE c.id = p_ref FOR SHARE;
    RETURN coalesce(v_holds AND CASE
        WHEN v_consent.state = 'granted' THEN v_consent.valid_until > core.now()
        WHEN v_consent.state IN ('requested', 'disclosed') THEN v_consent.code_expires_at > core.now()
    END AND gate.asker_gone(v_consent.cause) IS NULL, false);
END $$;

RESET ROLE;
