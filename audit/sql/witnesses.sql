-- Policies and cosignatures, written once.
ALTER TABLE public.audit_cosignature
  ADD CONSTRAINT audit_cosignature_has_a_checkpoint
    FOREIGN KEY (log, size) REFERENCES public.audit_checkpoint (log, size),
  ADD CONSTRAINT audit_cosignature_is_timestamped_ed25519 CHECK (octet_length(signature) = 72);
ALTER TABLE public.audit_policy
  ADD CONSTRAINT audit_policy_can_be_met CHECK (quorum BETWEEN 0 AND cardinality(witnesses));

DO $$
DECLARE v_table text;
BEGIN
  FOREACH v_table IN ARRAY '{audit_cosignature,audit_policy}'::text[] LOOP
    EXECUTE format('CREATE TRIGGER append_only_rows BEFORE UPDATE OR DELETE ON public.%I
                    FOR EACH ROW EXECUTE FUNCTION audit.refuse_change()', v_table);
    EXECUTE format('CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.%I
                    FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change()', v_table);
    EXECUTE format('ALTER TABLE public.%I ENABLE ALWAYS TRIGGER append_only_rows,
                    ENABLE ALWAYS TRIGGER append_only_table', v_table);
  END LOOP;
END $$;
