-- Legal holds: what two auditors decided to keep cannot be erased, by whomever.
SET LOCAL ROLE {gate};

-- Until when what is recorded about this person must be kept; null when it need not be.
CREATE OR REPLACE FUNCTION gate.held_until(p_subject uuid) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT max(h.until) FROM public.oversight_hold h
            WHERE h.subject_ref = p_subject AND h.is_granted AND h.lifted_at IS NULL
              AND h.until > core.now());
END $$;

CREATE OR REPLACE FUNCTION gate.check_auditor(p_by uuid) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM public.accounts_staffmember s
                   WHERE s.user_id = p_by AND s.role = 'auditor') THEN
        RAISE EXCEPTION 'only auditors decide on holds' USING ERRCODE = 'insufficient_privilege';
    END IF;
END $$;

CREATE OR REPLACE FUNCTION gate.note_hold(
    p_event text, p_hold public.oversight_hold, p_by uuid
) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM audit.append(p_event, jsonb_build_object(
        'by', 'auditor', 'by_ref', p_by, 'subject_ref', p_hold.subject_ref, 'hold_id', p_hold.id,
        'reason', p_hold.reason, 'valid_until',
        to_char(p_hold.until AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')));
END $$;

-- One auditor asks; null when the log knows nobody by this reference.
CREATE OR REPLACE FUNCTION gate.hold_ask(
    p_by uuid, p_subject uuid, p_reason text, p_until timestamptz
) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_hold public.oversight_hold;
BEGIN
    PERFORM gate.check_auditor(p_by);
    IF NOT EXISTS (SELECT FROM public.subscribers_tenure t WHERE t.subject_ref = p_subject) THEN
        RETURN NULL;
    END IF;
    INSERT INTO public.oversight_hold (id, subject_ref, reason, until, asked_by, asked_at)
    VALUES (gen_random_uuid(), p_subject, p_reason, date_trunc('second', p_until), p_by, core.now())
    RETURNING * INTO v_hold;
    PERFORM gate.note_hold('hold.asked', v_hold, p_by);
    RETURN v_hold.id;
END $$;

-- Another one agrees or refuses. False when it is not theirs to decide, when it was decided, or when
-- there is nobody any more to agree about.
CREATE OR REPLACE FUNCTION gate.hold_decide(p_by uuid, p_hold uuid, p_grant boolean)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_hold public.oversight_hold;
BEGIN
    PERFORM gate.check_auditor(p_by);
    SELECT * INTO v_hold FROM public.oversight_hold h WHERE h.id = p_hold FOR UPDATE;
    IF v_hold.id IS NULL OR v_hold.decided_at IS NOT NULL OR v_hold.asked_by = p_by
       OR v_hold.until <= core.now() THEN
        RETURN false;
    END IF;
    -- An erasure locks the tenure first, and then looks for holds: one of the two comes first.
    PERFORM FROM public.subscribers_tenure t WHERE t.subject_ref = v_hold.subject_ref FOR UPDATE;
    IF p_grant AND NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE public.oversight_hold h
    SET decided_by = p_by, decided_at = core.now(), is_granted = p_grant
    WHERE h.id = p_hold;
    PERFORM gate.note_hold(CASE WHEN p_grant THEN 'hold.set' ELSE 'hold.refused' END, v_hold, p_by);
    RETURN true;
END $$;

-- Before its time a hold is lifted by two as well: asked | lifted | no.
CREATE OR REPLACE FUNCTION gate.hold_lift(p_by uuid, p_hold uuid) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_hold public.oversight_hold;
BEGIN
    PERFORM gate.check_auditor(p_by);
    SELECT * INTO v_hold FROM public.oversight_hold h WHERE h.id = p_hold FOR UPDATE;
    IF v_hold.is_granted IS DISTINCT FROM true OR v_hold.lifted_at IS NOT NULL
       OR v_hold.until <= core.now() OR v_hold.lift_asked_by = p_by THEN
        RETURN 'no';
    ELSIF v_hold.lift_asked_by IS NULL THEN
        UPDATE public.oversight_hold h SET lift_asked_by = p_by WHERE h.id = p_hold;
        RETURN 'asked';
    END IF;
    UPDATE public.oversight_hold h SET lifted_by = p_by, lifted_at = core.now() WHERE h.id = p_hold;
    PERFORM gate.note_hold('hold.lifted', v_hold, p_by);
    RETURN 'lifted';
END $$;

-- What was asked, decided and lifted stays so, for the owner too.
CREATE OR REPLACE FUNCTION gate.guard_hold() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF num_nonnulls(NEW.decided_by, NEW.decided_at, NEW.is_granted, NEW.lift_asked_by,
                        NEW.lifted_by, NEW.lifted_at) > 0 THEN
            RAISE EXCEPTION 'a hold begins as a question to a second auditor';
        END IF;
        RETURN NEW;
    ELSIF TG_OP = 'DELETE'
       OR (NEW.id, NEW.subject_ref, NEW.reason, NEW.until, NEW.asked_by, NEW.asked_at)
          IS DISTINCT FROM
          (OLD.id, OLD.subject_ref, OLD.reason, OLD.until, OLD.asked_by, OLD.asked_at)
       OR (OLD.decided_at IS NOT NULL AND (NEW.decided_by, NEW.decided_at, NEW.is_granted)
           IS DISTINCT FROM (OLD.decided_by, OLD.decided_at, OLD.is_granted))
       OR (OLD.lift_asked_by IS NOT NULL AND NEW.lift_asked_by IS DISTINCT FROM OLD.lift_asked_by)
       OR OLD.lifted_at IS NOT NULL
    THEN
        RAISE EXCEPTION 'what was decided about a hold stays so'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;

-- Neither the tenure nor the key of somebody whose records are held can be deleted, by any way.
CREATE OR REPLACE FUNCTION gate.refuse_held_tenure() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF gate.held_until(OLD.subject_ref) IS NOT NULL THEN
        RAISE EXCEPTION 'a legal hold keeps this' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN OLD;
END $$;

CREATE OR REPLACE FUNCTION gate.refuse_held_key() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT FROM public.subscribers_tenure t
               WHERE t.key_id = OLD.id AND gate.held_until(t.subject_ref) IS NOT NULL) THEN
        RAISE EXCEPTION 'a legal hold keeps this' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN OLD;
END $$;

RESET ROLE;

CREATE OR REPLACE TRIGGER hold_is_written_once BEFORE INSERT OR UPDATE OR DELETE
ON public.oversight_hold FOR EACH ROW EXECUTE FUNCTION gate.guard_hold();
ALTER TABLE public.oversight_hold ENABLE ALWAYS TRIGGER hold_is_written_once;
CREATE OR REPLACE TRIGGER held_tenure_stays BEFORE DELETE ON public.subscribers_tenure
FOR EACH ROW EXECUTE FUNCTION gate.refuse_held_tenure();
ALTER TABLE public.subscribers_tenure ENABLE ALWAYS TRIGGER held_tenure_stays;
CREATE OR REPLACE TRIGGER held_key_stays BEFORE DELETE ON public.core_personkey
FOR EACH ROW EXECUTE FUNCTION gate.refuse_held_key();
ALTER TABLE public.core_personkey ENABLE ALWAYS TRIGGER held_key_stays;
