-- Writing entries. Error texts name the field and never the value, which may be about a person.
SET LOCAL ROLE {gate};

-- One entry, written by the functions of the gate and by audit.record. Returns its id.
--
-- p_fields: fields of audit.fields(), null ones are left out; beside them `by` (who acted: person,
-- organisation, staff, auditor, operator or system, the default), `by_ref` (a random reference of
-- who it was) and `key_id` (the key that p_sealed is sealed under).
-- p_sealed: bytes encrypted by the caller; the log holds no key of a person.
CREATE OR REPLACE FUNCTION audit.append(
  p_event text, p_fields jsonb, p_entry uuid DEFAULT NULL, p_sealed bytea DEFAULT NULL
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  c_reference constant text :=
    '^[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$';
  c_own constant text[] := '{actor,enc,entry_uuid,event,occurred_at,v}';
  v_given constant jsonb := jsonb_strip_nulls(coalesce(p_fields, '{}'));
  v_fields constant jsonb := v_given - '{by,by_ref,key_id}'::text[];
  v_by constant text := coalesce(v_given ->> 'by', 'system');
  v_by_ref constant text := v_given ->> 'by_ref';
  v_key constant text := v_given ->> 'key_id';
  v_now constant timestamptz := core.now();
  v_entry constant uuid := coalesce(p_entry, gen_random_uuid());
  v_event constant jsonb := audit.event(p_event);
  -- A long number beside a person could be theirs.
  v_personal constant boolean := v_fields ?| '{subject_ref,consent_id}';
  v_name text;
  v_field jsonb;
  v_value jsonb;
  v_problem text;
  v_text text := '';
  v_id bigint;
BEGIN
  IF v_event IS NULL THEN
    RAISE EXCEPTION 'audit: no such event' USING ERRCODE = '22023';
  END IF;
  IF NOT v_fields ?& (v_event ->> 'required')::text[] THEN
    RAISE EXCEPTION 'audit: % lacks one of %', p_event,
      array_to_string((v_event ->> 'required')::text[], ', ') USING ERRCODE = '22023';
  END IF;
  -- One pass checks the fields and writes the body: RFC 8785, because names come in the order of
  -- their bytes and a value that fits its shape has one spelling. A loop over plain expressions:
  -- as one query it takes twice as long, most of it to begin and to end the query.
  FOREACH v_name IN ARRAY ARRAY(
    SELECT n FROM unnest(ARRAY(SELECT jsonb_object_keys(v_fields)) || c_own) n ORDER BY n COLLATE "C")
  LOOP
    v_value := v_fields -> v_name;
    IF v_value IS NULL THEN
      v_text := v_text || CASE v_name
        WHEN 'actor' THEN
          ',"actor":{' || coalesce('"ref":"' || v_by_ref || '",', '')
          || '"role":' || to_json(core.role()) || ',"type":"' || v_by || '"}'
        WHEN 'enc' THEN coalesce(
          ',"enc":{"alg":"A256GCM","ct":"' || translate(encode(p_sealed, 'base64'), E'\n', '') || '"'
          || coalesce(',"key_id":"' || v_key || '"', '') || '}', '')
        WHEN 'entry_uuid' THEN ',"entry_uuid":"' || v_entry || '"'
        WHEN 'event' THEN ',"event":"' || p_event || '"'
        WHEN 'occurred_at' THEN to_char(
          v_now AT TIME ZONE 'UTC', '",\"occurred_at\":\""YYYY-MM-DD"T"HH24:MI:SS.US"Z\""')
        WHEN 'v' THEN ',"v":1'
      END;
      CONTINUE;
    END IF;
    v_field := audit.field(v_name);
    IF v_field IS NULL THEN
      RAISE EXCEPTION 'audit: % has a field that is not on the list', p_event USING ERRCODE = '22023';
    ELSIF audit.fits(v_field ->> 'shape', v_field -> 'codes', v_value)
          AND NOT (v_personal AND v_field ->> 'shape' = 'tally') THEN
      v_text := v_text || ',"' || v_name || '":' || replace(v_value::text, ', ', ',');
    ELSE
      v_problem := concat_ws(', ', v_problem, v_name);
    END IF;
  END LOOP;
  v_text := '{' || substr(v_text, 2) || '}';
  IF v_problem IS NOT NULL THEN
    RAISE EXCEPTION 'audit: in % the value does not fit: %', p_event, v_problem
      USING ERRCODE = '22023';
  ELSIF v_by NOT IN ('person', 'organisation', 'staff', 'auditor', 'operator', 'system')
     OR p_entry::text !~ c_reference OR v_by_ref !~ c_reference OR v_key !~ c_reference
     OR v_key IS NOT NULL AND p_sealed IS NULL THEN
    RAISE EXCEPTION 'audit: in % the value does not fit: by, by_ref, key_id or the id', p_event
      USING ERRCODE = '22023';
  ELSIF octet_length(v_text) > 65535 THEN
    RAISE EXCEPTION 'audit: % is over 65535 bytes', p_event USING ERRCODE = '22023';
  END IF;
  INSERT INTO public.audit_entry
         (entry_uuid, recorded_at, event, org_ref, subject_ref, consent_id, body)
  VALUES (v_entry, v_now, p_event, (v_fields ->> 'org_ref')::uuid,
          (v_fields ->> 'subject_ref')::uuid, (v_fields ->> 'consent_id')::uuid,
          convert_to(v_text, 'UTF8'))
  RETURNING id INTO v_id;
  RETURN v_id;
END $$;

-- The same for everybody else, without the events that only the gate may write.
CREATE OR REPLACE FUNCTION audit.record(
  p_event text, p_fields jsonb, p_entry uuid DEFAULT NULL, p_sealed bytea DEFAULT NULL
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF (audit.event(p_event) -> 'restricted')::boolean THEN
    RAISE EXCEPTION 'audit: % is written by the gate alone', p_event USING ERRCODE = '42501';
  END IF;
  RETURN audit.append(p_event, p_fields, p_entry, p_sealed);
END $$;

CREATE OR REPLACE FUNCTION audit.enqueue() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  INSERT INTO public.audit_queue (entry_id) VALUES (NEW.id);
  RETURN NULL;
END $$;

-- Rows are written once. Only audit.prune deletes, after it has noted a year as pruned; what says how
-- that year ended stays.
CREATE OR REPLACE FUNCTION audit.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_old jsonb;
BEGIN
  IF TG_OP = 'DELETE' AND current_user = (
      SELECT pg_get_userbyid(p.proowner) FROM pg_proc p
      WHERE p.oid = 'audit.refuse_change()'::regprocedure)
  THEN
    IF TG_TABLE_NAME = 'audit_entry' THEN
      v_old := jsonb_build_object('log', extract(year FROM OLD.recorded_at AT TIME ZONE 'UTC'));
    ELSIF TG_TABLE_NAME IN ('audit_leaf', 'audit_node') THEN
      v_old := jsonb_build_object('log', OLD.log);
    ELSIF TG_TABLE_NAME IN ('audit_checkpoint', 'audit_cosignature') THEN
      v_old := jsonb_build_object('log', OLD.log, 'size', OLD.size);
    END IF;
    IF EXISTS (SELECT FROM public.audit_pruned p
               WHERE p.log = (v_old ->> 'log')::smallint
                 AND p.size > coalesce((v_old ->> 'size')::bigint, 0)) THEN
      RETURN OLD;
    END IF;
  END IF;
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = '42501';
END $$;

RESET ROLE;
