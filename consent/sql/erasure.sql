-- Erasure: everything that can be read of one holder of a number goes, in one transaction.
SET LOCAL ROLE {gate};

-- With two arguments it could not wait for a legal hold to end.
DROP FUNCTION IF EXISTS gate.erase(bigint, uuid);

-- On a text of the present holder. Ends their consents at once. What is under no legal hold goes now:
-- `kept_until` is null. Otherwise the wish is kept, and done when the hold ends (gate.erase_kept);
-- p_address: the number sealed under the person's key, for the text that says so then. Returns the
-- entry.
CREATE OR REPLACE FUNCTION gate.erase(
    p_inbound bigint, p_tenure uuid, p_address bytea,
    OUT entry bigint, OUT kept_until timestamptz
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_tenure public.subscribers_tenure;
BEGIN
    SELECT * INTO v_tenure FROM public.subscribers_tenure t WHERE t.id = p_tenure FOR UPDATE;
    IF v_tenure.id IS NULL
       OR NOT gate.tenure_holds(p_tenure, (gate.text_of(p_inbound)).number)
    THEN
        RAISE EXCEPTION 'the text does not come from the present holder of this tenure''s number';
    END IF;
    kept_until := gate.held_until(v_tenure.subject_ref);
    IF kept_until IS NULL THEN
        entry := gate.erase_tenure(p_tenure, gate.by_text());
        RETURN;
    END IF;
    PERFORM gate.end_all(v_tenure.msisdn_index, 'erased', gate.by_text());
    DELETE FROM public.consent_sharingcode s WHERE s.tenure_id = p_tenure;
    SELECT w.entry_id INTO entry FROM public.consent_erasurewish w WHERE w.tenure_id = p_tenure;
    IF NOT FOUND THEN
        entry := audit.append('erasure.asked', gate.by_text() || jsonb_build_object(
            'subject_ref', v_tenure.subject_ref, 'valid_until',
            to_char(kept_until AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')));
        INSERT INTO public.consent_erasurewish (tenure_id, number_sealed, asked_at, entry_id)
        VALUES (p_tenure, p_address, core.now(), entry);
    END IF;
END $$;

-- A wish whose hold has ended is carried out; null when there is none, or it still holds.
CREATE OR REPLACE FUNCTION gate.erase_kept(p_tenure uuid) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_subject uuid;
BEGIN
    SELECT t.subject_ref INTO v_subject FROM public.subscribers_tenure t
    WHERE t.id = p_tenure FOR UPDATE;
    DELETE FROM public.consent_erasurewish w
    WHERE w.tenure_id = p_tenure AND gate.held_until(v_subject) IS NULL;
    IF NOT FOUND OR v_subject IS NULL THEN
        RETURN NULL;
    END IF;
    RETURN gate.erase_tenure(p_tenure, '{"by": "person", "channel": "timer"}');
END $$;

-- Wishes whose hold has ended.
CREATE OR REPLACE FUNCTION gate.erasures_due() RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY SELECT w.tenure_id FROM public.consent_erasurewish w
        JOIN public.subscribers_tenure t ON t.id = w.tenure_id
        WHERE gate.held_until(t.subject_ref) IS NULL;
END $$;

-- Deletes stay-points, coverage, keys and the mapping, and leaves a tombstone so that files loaded
-- again bring nothing back. What was sealed (texts, notices, evidence in the log) cannot be read any
-- more. The caller has locked the tenure. Returns the entry.
CREATE OR REPLACE FUNCTION gate.erase_tenure(p_tenure uuid, p_by jsonb) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_tenure public.subscribers_tenure;
    v_holds boolean;
    v_one record;
BEGIN
    SELECT * INTO v_tenure FROM public.subscribers_tenure t WHERE t.id = p_tenure;
    -- When an erasure had to wait, the number may be somebody else's by now.
    v_holds := gate.tenure_holds(p_tenure, v_tenure.msisdn_index);
    FOR v_one IN
        SELECT c.id, c.state FROM public.consent_consent c
        WHERE c.tenure_id = p_tenure ORDER BY c.id FOR UPDATE
    LOOP
        IF v_one.state IN ('requested', 'disclosed', 'granted') THEN
            PERFORM gate.stop(v_one.id, 'erased', p_by);
        END IF;
        PERFORM gate.give_up(r.id, 'erased') FROM public.consent_release r
        WHERE r.consent_id = v_one.id AND r.state IN ('claimed', 'fetched');
    END LOOP;
    -- Before the keys go: whoever sends a code for one of them makes a key of the number afterwards.
    PERFORM gate.page_erase(p_tenure, CASE WHEN v_holds THEN v_tenure.msisdn_index END);
    IF v_holds THEN
        PERFORM gate.recall(h, 'erased', p_by) FROM gate.handed_over(v_tenure.msisdn_index) h;
        UPDATE public.consent_request r
        SET number_index = NULL, number_sealed = NULL, target = NULL
        WHERE v_tenure.msisdn_index IN (r.number_index, r.target);
    END IF;
    PERFORM gate.dispute_erase(p_tenure);
    DELETE FROM public.consent_sharingcode s WHERE s.tenure_id = p_tenure;
    DELETE FROM public.consent_block b WHERE b.tenure_id = p_tenure;
    DELETE FROM public.consent_pause p WHERE p.tenure_id = p_tenure;
    UPDATE public.consent_consent c SET number_index = NULL, code_digest = NULL
    WHERE c.tenure_id = p_tenure;
    DELETE FROM public.signaling_staypoint s WHERE s.subscriber_ref = v_tenure.subscriber_ref;
    DELETE FROM public.signaling_coverage v WHERE v.subscriber_ref = v_tenure.subscriber_ref;
    -- This holder's keys: the one bound to the tenure, and one that nobody is bound to yet.
    DELETE FROM public.core_personkey k
    WHERE k.number_index = v_tenure.msisdn_index
      AND (v_holds OR k.id = v_tenure.key_id)
      AND NOT EXISTS (SELECT FROM public.subscribers_tenure t
                      WHERE t.key_id = k.id AND t.id <> p_tenure);
    DELETE FROM public.consent_erasurewish w WHERE w.tenure_id = p_tenure;
    IF v_tenure.imsi_index IS NOT NULL THEN
        INSERT INTO public.subscribers_tombstone
            (imsi_index, subscriber_ref, erased_at, files_erased_at)
        VALUES (v_tenure.imsi_index, v_tenure.subscriber_ref, core.now(), NULL);
    END IF;
    DELETE FROM public.subscribers_tenure t WHERE t.id = p_tenure;
    RETURN audit.append('erasure.done', p_by || jsonb_build_object(
        'subject_ref', v_tenure.subject_ref));
END $$;

RESET ROLE;
