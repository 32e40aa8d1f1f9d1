-- What an asker's side can see: answers that were handed over, and no others. The web process has no
-- other way to the table, so no page can show one too early.
ALTER TABLE public.verification_answer ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS handed_over ON public.verification_answer;
CREATE POLICY handed_over ON public.verification_answer TO {web}
    USING (handed_over_at IS NOT NULL);
DROP POLICY IF EXISTS all_answers ON public.verification_answer;
CREATE POLICY all_answers ON public.verification_answer TO {worker} USING (true) WITH CHECK (true);
