-- The bytes that are hashed: JSON in the one spelling of RFC 8785 (JSON Canonicalization Scheme).
SET LOCAL ROLE {gate};

-- Objects, arrays, strings, integers to 2^53 - 1, booleans and null. What has no place in the log
-- is refused rather than guessed at: fractions, and names of members beyond printable ASCII (for
-- these the standard's order by UTF-16 units is the order by bytes).
CREATE FUNCTION audit.canonical(p_value jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_out text;
  v_plain boolean;
BEGIN
  CASE jsonb_typeof(p_value)
    WHEN 'object' THEN
      SELECT '{' || coalesce(string_agg(
               to_json(m.key)::text || ':' || CASE
                 WHEN jsonb_typeof(m.value) IN ('object', 'array', 'number')
                 THEN audit.canonical(m.value) ELSE m.value::text END,
               ',' ORDER BY m.key COLLATE "C"), '') || '}',
             bool_and(m.key ~ '^[ -~]*$')
        INTO v_out, v_plain FROM jsonb_each(p_value) m;
      IF NOT v_plain THEN
        RAISE EXCEPTION 'a name of a member is not printable ASCII' USING ERRCODE = '22023';
      END IF;
    WHEN 'array' THEN
      SELECT '[' || coalesce(string_agg(audit.canonical(e.value), ',' ORDER BY e.place), '') || ']'
        INTO v_out FROM jsonb_array_elements(p_value) WITH ORDINALITY e (value, place);
    WHEN 'number' THEN
      v_out := p_value::text;
      IF v_out !~ '^-?[0-9]{1,16}$' OR abs(v_out::numeric) > 9007199254740991 THEN
        RAISE EXCEPTION 'a number is not an integer to 2^53 - 1' USING ERRCODE = '22023';
      END IF;
    ELSE
      v_out := p_value::text;
  END CASE;
  RETURN v_out;
END $$;

RESET ROLE;
