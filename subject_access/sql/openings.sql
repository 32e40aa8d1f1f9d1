-- The person's own page. What the web process may do with it is here, all of it: it stores a number,
-- tries a code, and hands out what the worker sealed for the browser that asked. Which number an
-- opening is about, and whether anybody was sent a code, it cannot see. docs/adr/0025 says why so.
SET LOCAL ROLE {gate};

-- How long a code is taken, from the moment the number was typed.
CREATE OR REPLACE FUNCTION gate.page_code_life() RETURNS interval
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$ SELECT interval '10 minutes' $$;

-- How long a page is open, from the right code on; using it does not prolong it.
CREATE OR REPLACE FUNCTION gate.page_life() RETURNS interval
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$ SELECT interval '15 minutes' $$;

-- Somebody typed a number. The same for every number: nobody is looked up.
CREATE OR REPLACE FUNCTION gate.page_ask(
    p_id uuid, p_public_key bytea, p_number bytea, p_number_sealed bytea, p_language text
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_now timestamptz := core.now();
BEGIN
    IF octet_length(p_public_key) <> 32 THEN
        RAISE EXCEPTION 'no X25519 key';
    END IF;
    INSERT INTO public.subject_access_opening
        (id, public_key, number_index, number_sealed, language, asked_at, code_until, attempts)
    VALUES (p_id, p_public_key, p_number, p_number_sealed, p_language, v_now,
            v_now + gate.page_code_life(), 0);
END $$;

-- Does the number still belong to whom the code was sent to, and to nobody else?
CREATE OR REPLACE FUNCTION gate.page_holds(p_tenure uuid, p_number bytea) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_now timestamptz := core.now();
BEGIN
    RETURN EXISTS (
        SELECT FROM public.subscribers_tenure t
        WHERE t.id = p_tenure AND t.msisdn_index = p_number AND t.valid_from <= v_now
          AND (t.valid_to IS NULL OR t.valid_to > v_now)
          AND (t.contested_from IS NULL OR t.contested_from > v_now));
END $$;

-- Whether this code opens the page of this browser. Each of three tries counts, right or wrong, in
-- time or not. The right one leaves the entry that the page waits for.
CREATE OR REPLACE FUNCTION gate.page_try(p_public_key bytea, p_code_digest bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_opening public.subject_access_opening;
    v_entry bigint;
BEGIN
    SELECT * INTO v_opening FROM public.subject_access_opening o
    WHERE o.public_key = p_public_key FOR UPDATE;
    IF NOT gate.page_takes_codes(v_opening) THEN
        RETURN false;
    END IF;
    UPDATE public.subject_access_opening o SET attempts = o.attempts + 1 WHERE o.id = v_opening.id;
    IF v_opening.code_digest IS DISTINCT FROM p_code_digest OR v_opening.code_digest IS NULL
       OR NOT gate.page_holds(v_opening.tenure_id, v_opening.number_index)
    THEN
        RETURN false;
    END IF;
    v_entry := audit.append('subject.opened_page', jsonb_build_object(
        'by', 'person', 'channel', 'web', 'subject_ref',
        (SELECT t.subject_ref FROM public.subscribers_tenure t WHERE t.id = v_opening.tenure_id)));
    UPDATE public.subject_access_opening o
    SET opened_at = core.now(), entry_id = v_entry, code_digest = NULL
    WHERE o.id = v_opening.id;
    RETURN true;
END $$;

-- Known from what the browser did alone, so that it is the same for every number.
CREATE OR REPLACE FUNCTION gate.page_takes_codes(p_opening public.subject_access_opening)
RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN coalesce(
        p_opening.ended_at IS NULL AND p_opening.opened_at IS NULL AND p_opening.attempts < 3
        AND p_opening.code_until > core.now(), false);
END $$;

-- The open page of a browser, or nothing.
CREATE OR REPLACE FUNCTION gate.page_opened(p_public_key bytea)
RETURNS SETOF public.subject_access_opening
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY SELECT o.* FROM public.subject_access_opening o
        WHERE o.public_key = p_public_key AND o.ended_at IS NULL
          AND o.opened_at + gate.page_life() > core.now()
          AND gate.page_holds(o.tenure_id, o.number_index);
END $$;

-- state: none | asked (a code is taken) | preparing | open. What was sealed for the browser is handed
-- out while the page is open, and not before the entry that says so is under a checkpoint.
CREATE OR REPLACE FUNCTION gate.page_read(
    p_public_key bytea, OUT state text, OUT opening uuid, OUT closes_at timestamptz,
    OUT sealed bytea
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_opening public.subject_access_opening;
BEGIN
    SELECT * INTO v_opening FROM gate.page_opened(p_public_key);
    IF v_opening.id IS NOT NULL THEN
        opening := v_opening.id;
        closes_at := v_opening.opened_at + gate.page_life();
        IF audit.checkpointed(v_opening.entry_id) THEN
            sealed := v_opening.sealed;
        END IF;
        state := CASE WHEN sealed IS NULL THEN 'preparing' ELSE 'open' END;
        RETURN;
    END IF;
    SELECT * INTO v_opening FROM public.subject_access_opening o
    WHERE o.public_key = p_public_key;
    state := CASE WHEN gate.page_takes_codes(v_opening) THEN 'asked' ELSE 'none' END;
    opening := CASE WHEN state = 'asked' THEN v_opening.id END;
END $$;

-- The person takes a copy away: an entry, before it leaves. False when there is no open page.
CREATE OR REPLACE FUNCTION gate.page_export(p_public_key bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_tenure uuid;
BEGIN
    SELECT o.tenure_id INTO v_tenure FROM gate.page_opened(p_public_key) o
    WHERE o.sealed IS NOT NULL;
    IF v_tenure IS NULL THEN
        RETURN false;
    END IF;
    PERFORM audit.append('subject.exported', jsonb_build_object(
        'by', 'person', 'channel', 'web', 'subject_ref',
        (SELECT t.subject_ref FROM public.subscribers_tenure t WHERE t.id = v_tenure)));
    RETURN true;
END $$;

-- The person closes it.
CREATE OR REPLACE FUNCTION gate.page_close(p_public_key bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM gate.page_end(o.id) FROM public.subject_access_opening o
    WHERE o.public_key = p_public_key;
END $$;

CREATE OR REPLACE FUNCTION gate.page_end(p_opening uuid) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE public.subject_access_opening o
    SET ended_at = core.now(), sealed = NULL, number_sealed = NULL, code_digest = NULL
    WHERE o.id = p_opening AND o.ended_at IS NULL;
END $$;

-- STOP (`gate.end_all`): every page of the number closes, every code is dead. The rows stay for their
-- day, because how many codes a number gets is counted in them. A page that still waits for its code
-- goes on asking for one: whoever typed the number must not see what its holder does.
CREATE OR REPLACE FUNCTION gate.page_end_all(p_number bytea) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM gate.page_end(o.id) FROM (
        SELECT n.id FROM public.subject_access_opening n
        WHERE n.number_index = p_number AND n.opened_at IS NOT NULL AND n.ended_at IS NULL
        ORDER BY n.id) o;
    UPDATE public.subject_access_opening o
    SET code_digest = NULL, tenure_id = NULL, number_sealed = NULL,
        considered_at = coalesce(o.considered_at, core.now())
    WHERE o.number_index = p_number AND o.opened_at IS NULL;
END $$;

DROP FUNCTION IF EXISTS gate.page_erase(bytea);

-- Erasure (`gate.erase_tenure`): nothing stays that leads to the person. p_number: null when it is
-- somebody else's by now. Pages that wait for a code ask for one until their time is over, as above.
CREATE OR REPLACE FUNCTION gate.page_erase(p_tenure uuid, p_number bytea) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM public.subject_access_opening o
    WHERE (o.tenure_id = p_tenure OR o.number_index = p_number) AND o.opened_at IS NOT NULL;
    UPDATE public.subject_access_opening o
    SET number_index = sha256(uuid_send(gen_random_uuid())), code_digest = NULL, tenure_id = NULL,
        number_sealed = NULL, considered_at = coalesce(o.considered_at, core.now())
    WHERE o.tenure_id = p_tenure OR o.number_index = p_number;
END $$;

RESET ROLE;
