-- Writing entries. Error texts name the field and never the value, which may be about a person.
SET LOCAL ROLE {gate};

-- One entry, written by the functions of the gate and by audit.record. Returns its id.
--
-- p_fields: fields of audit.fields(), null ones are left out; beside them `by` (who acted: person,
-- organisation, staff, auditor, operator or system, the default), `by_ref` (a random reference of
-- who it was) and `key_id` (the key that p_sealed is sealed under).
-- p_sealed: bytes encrypted by the caller; the log holds no key of a person.
CREATE FUNCTION audit.append(
  p_event text, p_fields jsonb, p_entry uuid DEFAULT NULL, p_sealed bytea DEFAULT NULL
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_given constant jsonb := jsonb_strip_nulls(coalesce(p_fields, '{}'));
  v_fields constant jsonb := v_given - 'by' - 'by_ref' - 'key_id';
  v_by constant text := coalesce(v_given ->> 'by', 'system');
  v_now constant timestamptz := core.now();
  v_entry constant uuid := coalesce(p_entry, gen_random_uuid());
  v_required text[];
  v_unknown boolean;
  v_problem text;
  v_body bytea;
  v_id bigint;
BEGIN
  SELECT e.required INTO v_required FROM audit.events() e WHERE e.name = p_event;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'audit: no such event' USING ERRCODE = '22023';
  END IF;
  IF NOT v_fields ?& v_required THEN
    RAISE EXCEPTION 'audit: % lacks one of %', p_event, array_to_string(v_required, ', ')
      USING ERRCODE = '22023';
  END IF;
  SELECT bool_or(f.name IS NULL),
         string_agg(f.name, ', ') FILTER (
           WHERE NOT audit.fits(f.shape, f.codes, m.value)
           -- A long number beside a person could be theirs.
           OR f.shape = 'tally' AND v_fields ?| '{subject_ref,consent_id}')
    INTO v_unknown, v_problem
    FROM jsonb_each(v_fields) m LEFT JOIN audit.fields() f ON f.name = m.key;
  IF v_unknown THEN
    RAISE EXCEPTION 'audit: % has a field that is not on the list', p_event USING ERRCODE = '22023';
  ELSIF v_problem IS NOT NULL THEN
    RAISE EXCEPTION 'audit: in % the value does not fit: %', p_event, v_problem
      USING ERRCODE = '22023';
  END IF;
  IF v_by NOT IN ('person', 'organisation', 'staff', 'auditor', 'operator', 'system')
     OR NOT audit.fits('reference', NULL, to_jsonb(v_entry))
     OR NOT audit.fits('reference', NULL, coalesce(v_given -> 'by_ref', to_jsonb(v_entry)))
     OR NOT audit.fits('reference', NULL, coalesce(v_given -> 'key_id', to_jsonb(v_entry)))
     OR v_given ? 'key_id' AND p_sealed IS NULL THEN
    RAISE EXCEPTION 'audit: in % the value does not fit: by, by_ref, key_id or the id', p_event
      USING ERRCODE = '22023';
  END IF;

  v_body := convert_to(audit.canonical(v_fields || jsonb_strip_nulls(jsonb_build_object(
    'v', 1,
    'event', p_event,
    'entry_uuid', v_entry,
    'occurred_at', to_char(v_now AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'actor', jsonb_build_object('type', v_by, 'role', core.role(), 'ref', v_given -> 'by_ref'),
    'enc', CASE WHEN p_sealed IS NOT NULL THEN jsonb_build_object(
      'alg', 'A256GCM', 'key_id', v_given -> 'key_id',
      'ct', translate(encode(p_sealed, 'base64'), E'\n', '')) END
  ))), 'UTF8');
  IF octet_length(v_body) > 65535 THEN
    RAISE EXCEPTION 'audit: % is over 65535 bytes', p_event USING ERRCODE = '22023';
  END IF;
  INSERT INTO public.audit_entry
         (entry_uuid, recorded_at, event, org_ref, subject_ref, consent_id, body)
  VALUES (v_entry, v_now, p_event, (v_fields ->> 'org_ref')::uuid,
          (v_fields ->> 'subject_ref')::uuid, (v_fields ->> 'consent_id')::uuid, v_body)
  RETURNING id INTO v_id;
  RETURN v_id;
END $$;

-- The same for everybody else, without the events that only the gate may write.
CREATE FUNCTION audit.record(
  p_event text, p_fields jsonb, p_entry uuid DEFAULT NULL, p_sealed bytea DEFAULT NULL
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF EXISTS (SELECT FROM audit.events() e WHERE e.name = p_event AND e.restricted) THEN
    RAISE EXCEPTION 'audit: % is written by the gate alone', p_event USING ERRCODE = '42501';
  END IF;
  RETURN audit.append(p_event, p_fields, p_entry, p_sealed);
END $$;

CREATE FUNCTION audit.enqueue() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  INSERT INTO public.audit_queue (entry_id) VALUES (NEW.id);
  RETURN NULL;
END $$;

CREATE FUNCTION audit.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$ BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = '42501';
END $$;

RESET ROLE;
