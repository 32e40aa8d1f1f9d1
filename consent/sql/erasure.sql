-- Erasure: everything that can be read of one holder of a number goes, in one transaction.
SET LOCAL ROLE {gate};

-- On a text of the present holder. Ends their consents, deletes stay-points, coverage, keys and the
-- mapping, and leaves a tombstone so that files loaded again bring nothing back. What was sealed
-- (texts, notices, evidence in the log) cannot be read any more. Returns the entry.
CREATE OR REPLACE FUNCTION gate.erase(p_inbound bigint, p_tenure uuid) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_tenure public.subscribers_tenure;
    v_one record;
BEGIN
    SELECT * INTO v_tenure FROM public.subscribers_tenure t WHERE t.id = p_tenure FOR UPDATE;
    IF v_tenure.id IS NULL
       OR NOT gate.tenure_holds(p_tenure, (gate.text_of(p_inbound)).number)
    THEN
        RAISE EXCEPTION 'the text does not come from the present holder of this tenure''s number';
    END IF;
    -- First: whoever sends a code for one of them makes a key of the number afterwards.
    PERFORM gate.page_erase(v_tenure.msisdn_index);
    FOR v_one IN
        SELECT c.id, c.state FROM public.consent_consent c
        WHERE c.tenure_id = p_tenure ORDER BY c.id FOR UPDATE
    LOOP
        IF v_one.state IN ('requested', 'disclosed', 'granted') THEN
            PERFORM gate.stop(v_one.id, 'erased');
        END IF;
        PERFORM gate.give_up(r.id, 'erased') FROM public.consent_release r
        WHERE r.consent_id = v_one.id AND r.state IN ('claimed', 'fetched');
    END LOOP;
    PERFORM gate.recall(h, 'erased') FROM gate.handed_over(v_tenure.msisdn_index) h;
    PERFORM gate.dispute_erase(p_tenure);
    DELETE FROM public.consent_sharingcode s WHERE s.tenure_id = p_tenure;
    DELETE FROM public.consent_block b WHERE b.tenure_id = p_tenure;
    DELETE FROM public.consent_pause p WHERE p.tenure_id = p_tenure;
    UPDATE public.consent_request r SET number_index = NULL, number_sealed = NULL, target = NULL
    WHERE v_tenure.msisdn_index IN (r.number_index, r.target);
    UPDATE public.consent_consent c SET number_index = NULL, code_digest = NULL
    WHERE c.tenure_id = p_tenure;
    DELETE FROM public.signaling_staypoint s WHERE s.subscriber_ref = v_tenure.subscriber_ref;
    DELETE FROM public.signaling_coverage v WHERE v.subscriber_ref = v_tenure.subscriber_ref;
    -- This holder's keys: the one bound to the tenure, and one that nobody is bound to yet.
    DELETE FROM public.core_personkey k
    WHERE k.number_index = v_tenure.msisdn_index
      AND NOT EXISTS (SELECT FROM public.subscribers_tenure t
                      WHERE t.key_id = k.id AND t.id <> p_tenure);
    IF v_tenure.imsi_index IS NOT NULL THEN
        INSERT INTO public.subscribers_tombstone
            (imsi_index, subscriber_ref, erased_at, files_erased_at)
        VALUES (v_tenure.imsi_index, v_tenure.subscriber_ref, core.now(), NULL);
    END IF;
    DELETE FROM public.subscribers_tenure t WHERE t.id = p_tenure;
    RETURN audit.append('erasure.done', jsonb_build_object(
        'by', 'person', 'channel', 'sms', 'subject_ref', v_tenure.subject_ref));
END $$;

RESET ROLE;
