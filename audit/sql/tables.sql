-- 65,535 bytes is what an entry may have in a tile of the log (C2SP tlog-tiles).
ALTER TABLE public.audit_entry
  ADD CONSTRAINT audit_entry_body_is_bounded CHECK (octet_length(body) BETWEEN 1 AND 65535);
ALTER TABLE public.audit_leaf ADD CONSTRAINT audit_leaf_is_sha256 CHECK (octet_length(leaf_hash) = 32);
ALTER TABLE public.audit_node ADD CONSTRAINT audit_node_is_sha256 CHECK (octet_length(hash) = 32);

-- Rows of the log are written once. ENABLE ALWAYS holds in replica mode, too. A superuser can
-- still switch triggers off: what catches that is the tree, once a checkpoint is known outside.
DO $$
DECLARE v_table text;
BEGIN
  FOREACH v_table IN ARRAY '{audit_entry,audit_leaf,audit_node,audit_checkpoint}'::text[] LOOP
    EXECUTE format('CREATE TRIGGER append_only_rows BEFORE UPDATE OR DELETE ON public.%I
                    FOR EACH ROW EXECUTE FUNCTION audit.refuse_change()', v_table);
    EXECUTE format('CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.%I
                    FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change()', v_table);
    EXECUTE format('ALTER TABLE public.%I ENABLE ALWAYS TRIGGER append_only_rows,
                    ENABLE ALWAYS TRIGGER append_only_table', v_table);
  END LOOP;
END $$;

CREATE TRIGGER enqueue AFTER INSERT ON public.audit_entry
FOR EACH ROW EXECUTE FUNCTION audit.enqueue();
ALTER TABLE public.audit_entry ENABLE ALWAYS TRIGGER enqueue;

-- Rows come and go by thousands in a table that is nearly always empty.
ALTER TABLE public.audit_queue
  SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
