-- A log each year: leaves, nodes and checkpoints say whose they are. What is there belongs to the
-- one log there was, under whatever year it began.
DO $$
DECLARE
  v_log constant smallint := coalesce(
    (SELECT substring(c.origin FROM '[0-9]{4}$')::smallint FROM public.audit_checkpoint c LIMIT 1),
    1970);
BEGIN
  EXECUTE format('ALTER TABLE public.audit_leaf ADD COLUMN log smallint NOT NULL DEFAULT %s', v_log);
  EXECUTE format('ALTER TABLE public.audit_node ADD COLUMN log smallint NOT NULL DEFAULT %s', v_log);
  EXECUTE format('ALTER TABLE public.audit_checkpoint ADD COLUMN log smallint NOT NULL DEFAULT %s', v_log);
END $$;
ALTER TABLE public.audit_leaf ALTER COLUMN log DROP DEFAULT,
  DROP CONSTRAINT audit_leaf_pkey, ADD PRIMARY KEY (log, seq);
ALTER TABLE public.audit_node ALTER COLUMN log DROP DEFAULT,
  DROP CONSTRAINT audit_node_pkey, ADD PRIMARY KEY (log, level, idx);
ALTER TABLE public.audit_checkpoint ALTER COLUMN log DROP DEFAULT,
  DROP CONSTRAINT audit_checkpoint_pkey, ADD PRIMARY KEY (log, size);
