-- From a number that two auditors agreed on to its pseudonyms in the log.
SET LOCAL ROLE {gate};

-- The pseudonyms, present one first, of the number of a resolution that was granted. Each is an
-- entry about that person, who sees it with LOG; it names who looks, who is one of the two. Nothing
-- for anybody else, for one that was not granted, or is older than a day.
DROP FUNCTION IF EXISTS gate.pseudonyms(uuid);
CREATE OR REPLACE FUNCTION gate.pseudonyms(p_resolution uuid, p_viewer uuid)
RETURNS TABLE (subject_ref uuid, held_from timestamptz, held_to timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_resolution record;
BEGIN
    SELECT * INTO v_resolution FROM public.oversight_resolution r
    WHERE r.id = p_resolution AND r.is_granted AND r.decided_by <> r.asked_by
      AND p_viewer IN (r.asked_by, r.decided_by)
      AND r.decided_at > core.now() - interval '1 day';
    IF NOT FOUND THEN
        RETURN;
    END IF;
    FOR subject_ref, held_from, held_to IN
        SELECT t.subject_ref, t.valid_from, t.valid_to FROM public.subscribers_tenure t
        WHERE t.msisdn_index = v_resolution.number_index ORDER BY t.valid_from DESC
    LOOP
        PERFORM audit.append('auditor.resolved', jsonb_build_object(
            'by', 'auditor', 'by_ref', p_viewer, 'subject_ref', subject_ref,
            'resolution_id', p_resolution, 'reason', v_resolution.reason));
        RETURN NEXT;
    END LOOP;
END $$;

RESET ROLE;
