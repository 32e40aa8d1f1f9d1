-- What the web process can see of texts that go out. One that goes out for an organisation would tell
-- that its question reached somebody, or was answered: of these it sees sums alone.
ALTER TABLE public.sms_gateway_outboundmessage ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS of_no_organisation ON public.sms_gateway_outboundmessage;
CREATE POLICY of_no_organisation ON public.sms_gateway_outboundmessage FOR SELECT TO {web}
    USING (org_ref IS NULL);
DROP POLICY IF EXISTS all_texts ON public.sms_gateway_outboundmessage;
CREATE POLICY all_texts ON public.sms_gateway_outboundmessage TO {worker}
    USING (true) WITH CHECK (true);

-- Sums over all texts, for operators. what: 'state' (of the last 24 hours, by state and reason) |
-- 'waiting' (due and not gone) | 'provider' (sent since midnight UTC; cost in thousandths).
CREATE OR REPLACE VIEW public.sms_gateway_tally AS
SELECT 'state' AS what, m.state AS name, m.reason, count(*) AS texts, 0::bigint AS cost
FROM public.sms_gateway_outboundmessage m
WHERE m.created_at >= core.now() - interval '24 hours' GROUP BY m.state, m.reason
UNION ALL
SELECT 'waiting', '', '', count(*), 0
FROM public.sms_gateway_outboundmessage m
WHERE m.state IN ('queued', 'sending') AND m.due_at <= core.now()
UNION ALL
SELECT 'provider', m.provider, '', count(*), sum(m.cost)
FROM public.sms_gateway_outboundmessage m
WHERE m.sending_at >= date_trunc('day', core.now(), 'UTC') GROUP BY m.provider;
