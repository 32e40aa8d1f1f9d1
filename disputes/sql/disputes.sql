-- A person says that a visit is wrong. Which visit, what an operator sees of it and what comes of it
-- is held here; docs/disputes.md draws the states.
SET LOCAL ROLE {gate};

-- Ask, by a text of the person, whether one visit of theirs may be looked at. p_visit: city, alt,
-- from, to, due_on. outcome: asked | too_old (it has left the window) | already (it is being looked
-- at) | decided (it was looked at, and found right) | too_many (open cases). Nothing changes unless
-- it is asked. Idempotent per text; raises unique_violation as `request` does.
CREATE OR REPLACE FUNCTION gate.dispute_ask(
    p_tenure uuid, p_inbound bigint, p_terms jsonb, p_code_digest bytea, p_notice jsonb,
    p_notice_sealed bytea, p_visit jsonb,
    OUT outcome text, OUT consent uuid, OUT entry bigint, OUT fresh boolean
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_city text := p_visit ->> 'city';
    v_alt text := p_visit ->> 'alt';
    v_from timestamptz := (p_visit ->> 'from')::timestamptz;
    v_to timestamptz := (p_visit ->> 'to')::timestamptz;
    v_first date := core.service_day(v_from);
    v_last date := core.service_day(v_to - interval '1 microsecond');
    v_today date := core.service_day(core.now());
    v_due date := (p_visit ->> 'due_on')::date;
BEGIN
    PERFORM gate.one_at_a_time(p_tenure);
    IF (p_terms ->> 'question', p_terms ->> 'purpose', p_terms ->> 'max_uses')
       IS DISTINCT FROM ('visit', 'visit_review', '1')
    THEN
        RAISE EXCEPTION 'the terms are not those of one look at one visit';
    ELSIF v_city IS NULL OR v_to <= v_from OR v_last >= v_today
       OR v_due > v_last + core.window_days()
    THEN
        RAISE EXCEPTION 'no visit of full days, or looked at when it is in no answer any more';
    END IF;
    SELECT 'asked', c.id, c.last_entry INTO outcome, consent, entry
    FROM public.consent_consent c JOIN public.disputes_dispute d ON d.consent_id = c.id
    WHERE c.cause = 'inbound:' || p_inbound;
    fresh := consent IS NULL;
    IF NOT fresh THEN
        RETURN;
    END IF;
    SELECT CASE
        WHEN v_last < gate.first_day(core.window_days()) OR v_due < v_today THEN 'too_old'
        WHEN bool_or(d.state = 'open' AND d.is_it) THEN 'already'
        WHEN bool_or(d.state = 'rejected' AND d.is_it) THEN 'decided'
        WHEN count(*) FILTER (WHERE d.state = 'open') >= gate.most_disputes() THEN 'too_many'
        ELSE 'asked'
    END INTO outcome
    FROM (
        SELECT o.state, o.started_at < v_to AND o.ended_at > v_from
            AND gate.same_place(o.city_code, o.alt_city_code, v_city, v_alt) AS is_it
        FROM public.disputes_dispute o WHERE o.tenure_id = p_tenure) d;
    IF outcome <> 'asked' THEN
        RETURN;
    END IF;
    SELECT r.consent, r.entry INTO consent, entry
    FROM gate.request(p_tenure, p_inbound, p_terms, p_code_digest, p_notice, p_notice_sealed) r;
    INSERT INTO public.disputes_dispute (
        id, consent_id, tenure_id, city_code, alt_city_code, started_at, ended_at, first_day,
        last_day, state, due_on, reason, is_replaced)
    VALUES (
        gen_random_uuid(), consent, p_tenure, v_city, v_alt, v_from, v_to, v_first, v_last,
        'asked', v_due, '', false);
END $$;

-- Cases of one person that may be open at a time.
CREATE OR REPLACE FUNCTION gate.most_disputes() RETURNS integer
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$ SELECT 3 $$;

-- Two cities that the evidence fits are one place, whichever comes first.
CREATE OR REPLACE FUNCTION gate.same_place(p_city text, p_alt text, p_other text, p_other_alt text)
RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT p_city = p_other AND p_alt IS NOT DISTINCT FROM p_other_alt
        OR coalesce(p_city = p_other_alt AND p_alt = p_other, false)
$$;

-- What a fetch gives under the consent to look at one visit: its own stay-points, cut to its hours,
-- and on those days the hours of it in which the phone was seen. Nothing before, after or beside it.
CREATE OR REPLACE FUNCTION gate.visit_rows(
    p_consent uuid, p_subscriber uuid, p_from date, p_to date
)
RETURNS TABLE (
    day date, kind text, stay_id text, city_code text, alt_city_code text,
    started_at timestamptz, ended_at timestamptz, observed_hours integer
)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_dispute public.disputes_dispute;
BEGIN
    SELECT * INTO v_dispute FROM public.disputes_dispute d WHERE d.consent_id = p_consent;
    RETURN QUERY
        WITH pieces AS (
            SELECT s.day, s.kind::text, NULL::text, s.city_code::text, s.alt_city_code::text,
                   greatest(s.started_at, v_dispute.started_at),
                   least(s.ended_at, v_dispute.ended_at), NULL::integer
            FROM public.signaling_staypoint s
            WHERE s.subscriber_ref = p_subscriber AND s.day BETWEEN p_from AND p_to
              AND s.started_at < v_dispute.ended_at AND s.ended_at > v_dispute.started_at
              AND gate.same_place(s.city_code, s.alt_city_code, v_dispute.city_code,
                                  v_dispute.alt_city_code)
        )
        SELECT * FROM pieces
        UNION ALL
        SELECT v.day, 'coverage', NULL, NULL, NULL, NULL, NULL,
               v.hours & gate.hours_between(v.day, v_dispute.started_at, v_dispute.ended_at)
        FROM public.signaling_coverage v
        WHERE v.subscriber_ref = p_subscriber AND v.day IN (SELECT p.day FROM pieces p)
        ORDER BY 1, 6;
END $$;

-- The bits of the hours of a local day that a span touches; bit n: the n-th hour since midnight.
CREATE OR REPLACE FUNCTION gate.hours_between(p_day date, p_from timestamptz, p_to timestamptz)
RETURNS integer
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_midnight timestamptz := (
        SELECT p_day::timestamp AT TIME ZONE i.time_zone FROM public.core_installation i);
    v_first integer := greatest(0, floor(extract(epoch FROM p_from - v_midnight) / 3600));
    v_end integer := least(25, ceil(extract(epoch FROM p_to - v_midnight) / 3600));
BEGIN
    RETURN CASE WHEN v_end > v_first THEN (1 << v_end) - (1 << v_first) ELSE 0 END;
END $$;

-- The evidence is there for operators: in the transaction that fetched and released it. One sealed
-- text for each day, under the person's key. outcome: open | gone (nothing was found to look at).
CREATE OR REPLACE FUNCTION gate.dispute_open(
    p_release uuid, p_days date[], p_sealed bytea[], p_key uuid,
    OUT outcome text, OUT dispute uuid, OUT entry bigint
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_release public.consent_release;
    v_dispute public.disputes_dispute;
BEGIN
    SELECT * INTO v_release FROM public.consent_release r WHERE r.id = p_release;
    SELECT * INTO v_dispute FROM public.disputes_dispute d
    WHERE d.consent_id = v_release.consent_id FOR UPDATE;
    IF v_release.state IS DISTINCT FROM 'released' OR v_dispute.state IS DISTINCT FROM 'asked'
       OR v_release.fetched_in <> pg_current_xact_id()::text
    THEN
        RAISE EXCEPTION 'evidence follows its release in the same transaction';
    ELSIF EXISTS (SELECT FROM unnest(p_days) d (day)
                  WHERE d.day NOT BETWEEN v_dispute.first_day AND v_dispute.last_day)
    THEN
        RAISE EXCEPTION 'evidence is of the days of the visit';
    END IF;
    dispute := v_dispute.id;
    IF cardinality(p_days) = 0 THEN
        outcome := 'gone';
        entry := gate.move(v_dispute.consent_id, 'consumed', 'consent.consumed', '{}', 'no_data');
        RETURN;
    END IF;
    outcome := 'open';
    UPDATE public.disputes_dispute d
    SET state = 'open', opened_at = core.now(), release_entry = v_release.release_entry
    WHERE d.id = dispute;
    INSERT INTO public.disputes_evidence (id, dispute_id, day, sealed, key_id)
    SELECT gen_random_uuid(), v_dispute.id, e.day, e.sealed, p_key
    FROM unnest(p_days, p_sealed) e (day, sealed);
    entry := gate.note('dispute.opened', v_dispute.consent_id, jsonb_build_object(
        'by', 'person', 'channel', 'sms', 'dispute_id', v_dispute.id));
END $$;

-- Is there anything to look at or to decide? Locks the consent and the case if so.
CREATE OR REPLACE FUNCTION gate.dispute_held(p_dispute uuid) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_consent public.consent_consent;
    v_holds boolean;
BEGIN
    SELECT c.* INTO v_consent FROM public.consent_consent c
    JOIN public.disputes_dispute d ON d.consent_id = c.id WHERE d.id = p_dispute;
    v_holds := gate.tenure_holds(v_consent.tenure_id, v_consent.number_index)
        AND NOT gate.contested(v_consent.tenure_id);
    SELECT c.* INTO v_consent FROM public.consent_consent c WHERE c.id = v_consent.id FOR UPDATE;
    PERFORM FROM public.disputes_dispute d
    WHERE d.id = p_dispute AND d.state = 'open'
      AND d.last_day >= gate.first_day(core.window_days()) FOR UPDATE;
    RETURN coalesce(
        FOUND AND v_holds AND v_consent.state = 'granted' AND v_consent.valid_until > core.now(),
        false);
END $$;

-- Only those who operate the service look and decide.
CREATE OR REPLACE FUNCTION gate.check_operator(p_operator uuid) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM public.accounts_staffmember s
                   WHERE s.user_id = p_operator AND s.role = 'operator') THEN
        RAISE EXCEPTION 'no operator' USING ERRCODE = 'insufficient_privilege';
    END IF;
END $$;

-- An operator looks. Says so in the person's log; commit, and when the entry is under a checkpoint
-- `dispute_evidence` shows what there is. Null when there is nothing to look at.
CREATE OR REPLACE FUNCTION gate.dispute_look(p_dispute uuid, p_operator uuid) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_entry bigint;
BEGIN
    PERFORM gate.check_operator(p_operator);
    IF NOT gate.dispute_held(p_dispute) THEN
        RETURN NULL;
    END IF;
    v_entry := gate.note('dispute.viewed', d.consent_id, jsonb_build_object(
        'by', 'operator', 'by_ref', p_operator, 'channel', 'web', 'dispute_id', d.id))
    FROM public.disputes_dispute d WHERE d.id = p_dispute;
    INSERT INTO public.disputes_look (id, dispute_id, operator_ref, entry, looked_at)
    VALUES (gen_random_uuid(), p_dispute, p_operator, v_entry, core.now());
    RETURN v_entry;
END $$;

-- How long one look lasts; after that it is another, and another entry.
CREATE OR REPLACE FUNCTION gate.look_lasts() RETURNS interval
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$ SELECT interval '10 minutes' $$;

-- What this operator may see now: the days of the visit that are still in the window. No rows without
-- a look of theirs that is under a checkpoint, nor after a withdrawal.
CREATE OR REPLACE FUNCTION gate.dispute_evidence(p_dispute uuid, p_operator uuid)
RETURNS TABLE (day date, sealed bytea, key_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM gate.check_operator(p_operator);
    IF NOT gate.dispute_held(p_dispute) OR NOT EXISTS (
        SELECT FROM public.disputes_look l
        JOIN public.disputes_dispute d ON d.id = l.dispute_id
        WHERE l.dispute_id = p_dispute AND l.operator_ref = p_operator
          AND l.looked_at > core.now() - gate.look_lasts()
          AND audit.checkpointed(l.entry) AND audit.checkpointed(d.release_entry))
    THEN
        RETURN;
    END IF;
    RETURN QUERY SELECT e.day, e.sealed, e.key_id FROM public.disputes_evidence e
        WHERE e.dispute_id = p_dispute AND e.day >= gate.first_day(core.window_days())
        ORDER BY e.day;
END $$;

-- Why something was an error, or none: closed lists, and words of the log.
CREATE OR REPLACE FUNCTION gate.dispute_reasons(p_outcome text) RETURNS text[]
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE p_outcome
        WHEN 'confirmed' THEN ARRAY['cell_misplaced', 'far_jump', 'border_undecided']
        WHEN 'rejected' THEN ARRAY['seen_throughout', 'no_other_city', 'phone_alone']
    END
$$;

-- Decide a case: confirmed, then p_instead is dropped | first | second (which of its two cities it
-- was), or rejected. done | over (withdrawn, decided, too old) | unseen (this operator has not looked).
-- What was there to see is deleted.
CREATE OR REPLACE FUNCTION gate.dispute_decide(
    p_dispute uuid, p_operator uuid, p_outcome text, p_reason text, p_instead text DEFAULT NULL
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_dispute public.disputes_dispute;
BEGIN
    PERFORM gate.check_operator(p_operator);
    IF NOT gate.dispute_held(p_dispute) THEN
        RETURN 'over';
    ELSIF NOT EXISTS (SELECT FROM public.disputes_look l
                      WHERE l.dispute_id = p_dispute AND l.operator_ref = p_operator) THEN
        RETURN 'unseen';
    END IF;
    SELECT * INTO v_dispute FROM public.disputes_dispute d WHERE d.id = p_dispute;
    IF (p_reason = ANY (gate.dispute_reasons(p_outcome))) IS NOT TRUE THEN
        RAISE EXCEPTION 'no reason for this outcome';
    ELSIF (p_outcome = 'confirmed') IS DISTINCT FROM (p_instead IS NOT NULL)
       OR p_instead NOT IN ('dropped', 'first', 'second')
       OR (p_instead <> 'dropped' AND v_dispute.alt_city_code IS NULL)
    THEN
        RAISE EXCEPTION 'an error is dropped, or was one of its two cities';
    END IF;
    IF p_outcome = 'confirmed' THEN
        INSERT INTO public.disputes_override (
            id, dispute_id, tenure_id, city_code, alt_city_code, started_at, ended_at,
            instead_code, last_day, made_at)
        VALUES (
            gen_random_uuid(), p_dispute, v_dispute.tenure_id, v_dispute.city_code,
            v_dispute.alt_city_code, v_dispute.started_at, v_dispute.ended_at,
            CASE p_instead WHEN 'first' THEN v_dispute.city_code
                           WHEN 'second' THEN v_dispute.alt_city_code END,
            v_dispute.last_day, core.now());
    END IF;
    UPDATE public.disputes_dispute d
    SET state = p_outcome, decided_at = core.now(), reason = p_reason,
        is_replaced = coalesce(p_instead <> 'dropped', false)
    WHERE d.id = p_dispute;
    PERFORM gate.dispute_clear(p_dispute);
    PERFORM gate.note('dispute.' || p_outcome, v_dispute.consent_id, jsonb_build_object(
        'by', 'operator', 'by_ref', p_operator, 'channel', 'web', 'dispute_id', p_dispute,
        'reason', p_reason));
    PERFORM gate.move(v_dispute.consent_id, 'consumed', 'consent.consumed');
    RETURN 'done';
END $$;

CREATE OR REPLACE FUNCTION gate.dispute_clear(p_dispute uuid) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM public.disputes_evidence e WHERE e.dispute_id = p_dispute;
    DELETE FROM public.disputes_look l WHERE l.dispute_id = p_dispute;
END $$;

-- A consent has ended (`gate.move`), and with it the case that stood on it, if one did: withdrawal
-- ends it like everything else.
CREATE OR REPLACE FUNCTION gate.dispute_over(p_consent uuid, p_reason text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_dispute public.disputes_dispute;
BEGIN
    SELECT * INTO v_dispute FROM public.disputes_dispute d
    WHERE d.consent_id = p_consent AND d.state IN ('asked', 'open') FOR UPDATE;
    IF v_dispute.state = 'asked' THEN
        DELETE FROM public.disputes_dispute d WHERE d.id = v_dispute.id;
    ELSIF v_dispute.state = 'open' THEN
        UPDATE public.disputes_dispute d
        SET state = 'ended', decided_at = core.now(), reason = p_reason
        WHERE d.id = v_dispute.id;
        PERFORM gate.dispute_clear(v_dispute.id);
        PERFORM gate.note('dispute.ended', p_consent, jsonb_build_object(
            'by', CASE WHEN p_reason IN ('stop', 'drop', 'no', 'erased') THEN 'person' END,
            'dispute_id', v_dispute.id, 'reason', p_reason));
    END IF;
END $$;

-- What was found wrong in the journey that this transaction has fetched, the earliest finding first.
CREATE OR REPLACE FUNCTION gate.overrides(p_release uuid)
RETURNS TABLE (
    city_code text, alt_city_code text, started_at timestamptz, ended_at timestamptz,
    instead_code text
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY SELECT o.city_code, o.alt_city_code, o.started_at, o.ended_at, o.instead_code
        FROM public.consent_release r
        JOIN public.consent_consent c ON c.id = r.consent_id
        JOIN public.disputes_override o ON o.tenure_id = c.tenure_id
        WHERE r.id = p_release AND r.state = 'fetched'
          AND r.fetched_in = pg_current_xact_id()::text AND o.last_day >= r.window_from
        ORDER BY o.made_at, o.id;
END $$;

-- What has left the window goes: days of evidence, overrides, cases. An open case whose visit is gone
-- ends; how many have. What somebody is working on is left for the next call.
CREATE OR REPLACE FUNCTION gate.dispute_purge() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_first date := gate.first_day(core.window_days());
    v_one uuid;
    v_count integer := 0;
BEGIN
    FOR v_one IN
        SELECT c.id FROM public.consent_consent c
        JOIN public.disputes_dispute d ON d.consent_id = c.id
        WHERE d.state = 'open' AND d.last_day < v_first AND c.state = 'granted'
        ORDER BY c.id FOR UPDATE OF c SKIP LOCKED
    LOOP
        PERFORM gate.move(v_one, 'expired', 'consent.expired', '{}', 'time_up');
        v_count := v_count + 1;
    END LOOP;
    DELETE FROM public.disputes_evidence e WHERE e.day < v_first;
    DELETE FROM public.disputes_override o WHERE o.last_day < v_first;
    DELETE FROM public.disputes_dispute d
    WHERE d.decided_at IS NOT NULL AND d.last_day < v_first
      AND (d.told_at IS NOT NULL OR d.decided_at < core.now() - interval '1 day');
    RETURN v_count;
END $$;

-- Erasure (`gate.erase`): nothing of a holder's cases stays.
CREATE OR REPLACE FUNCTION gate.dispute_erase(p_tenure uuid) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM gate.dispute_clear(d.id) FROM public.disputes_dispute d WHERE d.tenure_id = p_tenure;
    DELETE FROM public.disputes_override o WHERE o.tenure_id = p_tenure;
    DELETE FROM public.disputes_dispute d WHERE d.tenure_id = p_tenure;
    DELETE FROM public.disputes_lastvisits v WHERE v.tenure_id = p_tenure;
END $$;

RESET ROLE;
